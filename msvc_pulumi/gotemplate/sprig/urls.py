"""Returns sprig's functions on URLs, by the rules of Go's net/url.

The standard library escapes and unescapes; it takes URLs apart by rules that differ from Go's in
what is a scheme, an authority or an error.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import quote as escaped
from urllib.parse import unquote_to_bytes

from msvc_pulumi.pattern import pattern

from ..errors import FunctionError
from ..reflect.calls import declare
from ..reflect.values import Value, kind_or_panic
from ..strconv.literals import decode, encode, quote

__all__ = ["FUNCTIONS"]

_SCHEME = pattern(r"([A-Za-z][A-Za-z0-9+.-]*):|:")
_CONTROL = pattern(r"[\x00-\x1f\x7f]")
_ESCAPE = pattern(r"%(?:[0-9A-Fa-f]{2})?")
_PORT = pattern(r"(?::[0-9]*)?")
_NOT_IN_HOST = pattern(r"[ #%/?@\\^`{|}]")
_NOT_IN_ZONE = pattern(r"[#%/?@\\^`{|}\x00-\x1f\x7f-\xff]")
_NOT_IN_USER = pattern(r"[^A-Za-z0-9\-._:~!$&'()*+,;=%@]")
_FIRST_NOT_ASCII = "8"  # the digit of an escape from which on it is no ASCII
# What is not escaped, beside letters, digits and `-._~`.
_IN_HOST = "!$&'()*+,;=:[]<>\""
_IN_PATH = "$&+,/:;=@"
_IN_FRAGMENT = "$&+,/:;=?@!()*"
_IN_USER = "$&+,;="


class _UrlError(Exception):
    """A text that is no URL; the message is Go's."""


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    for found in _ESCAPE.finditer(text):
        if len(found[0]) == 1:
            raise _UrlError(f"invalid URL escape {quote(_escape(text, found.start()))}")
    return decode(unquote_to_bytes(encode(text)))


def _escape(text: str, position: int) -> str:
    """The three bytes at ``position``, an escape or what is in its place."""
    return decode(encode(text[position : position + 3])[:3])


def _unescaped_host(text: str, *, zone: bool = False) -> str:
    """A host may escape what is not ASCII, and a percent; a zone what a host may hold."""
    for found in _NOT_IN_HOST.finditer(text):
        if found[0] != "%":
            raise _UrlError(f"invalid character {quote(found[0])} in host name")
        escape = _escape(text, found.start())
        if not _ESCAPE.fullmatch(escape) or len(escape) == 1:
            raise _UrlError(f"invalid URL escape {quote(escape)}")
        meant = chr(int(escape[1:], 16))
        refused = _NOT_IN_ZONE.match(meant) if zone else escape[1] < _FIRST_NOT_ASCII
        if escape != "%25" and refused:
            raise _UrlError(f"invalid URL escape {quote(escape)}")
    return _unescaped(text)


def _host(text: str) -> str:
    opening, closing = text.rfind("["), text.rfind("]")
    if opening > 0:
        raise _UrlError("invalid IP-literal")
    if opening < 0:
        _port(text[text.rfind(":") :] if ":" in text else "")
        return _unescaped_host(text)
    if closing < 0:
        raise _UrlError("missing ']' in host")
    _port(text[closing + 1 :])
    port = _unescaped_host(text[closing + 1 :])
    address, percent, zone = text[1:closing].partition("%25")
    address = _unescaped_host(address) + _unescaped_host(percent + zone, zone=True)
    number, percent, zone = address.partition("%")
    try:
        version = ip_address(number if zone or not percent else "").version
    except ValueError:
        problem = f"ParseAddr({quote(address)}): unable to parse IP"
        raise _UrlError(f"invalid host: {problem}") from None
    if version == 4:
        raise _UrlError("invalid IP-literal")
    return f"[{address}]{port}"


def _port(text: str) -> None:
    if not _PORT.fullmatch(text):
        raise _UrlError(f"invalid port {quote(text)} after host")


def _userinfo(text: str) -> str:
    """As it is shown: escaped where it has to be, and no more."""
    if _NOT_IN_USER.search(text):
        raise _UrlError("net/url: invalid userinfo")
    name, colon, password = (_unescaped(part) for part in text.partition(":"))
    return escaped(encode(name), _IN_USER) + colon + escaped(encode(password), _IN_USER)


def _parts(text: str) -> dict[str, str]:
    """The parts of a URL without its fragment, the `@` with the userinfo. Raises _UrlError."""
    if _CONTROL.search(text):
        raise _UrlError("net/url: invalid control character in URL")
    scheme = _SCHEME.match(text)
    if scheme and not scheme[1]:
        raise _UrlError("missing protocol scheme")
    rest, _, query = text[scheme.end() if scheme else 0 :].partition("?")
    parts = dict.fromkeys(("host", "hostname", "path", "opaque", "fragment", "userinfo"), "")
    parts |= {"scheme": scheme[1].lower() if scheme else "", "query": query}
    if scheme and not rest.startswith("/"):
        return parts | {"opaque": rest}
    if ":" in rest.partition("/")[0]:
        raise _UrlError("first path segment in URL cannot contain colon")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, rest = rest[2:].partition("/")
        user, at, host = authority.rpartition("@")
        parts["host"] = _host(host)
        parts["userinfo"] = _userinfo(user) + at
        parts["hostname"] = _hostname(parts["host"])
        rest = slash + rest
    return parts | {"path": _unescaped(rest)}


def _hostname(host: str) -> str:
    name, colon, port = host.rpartition(":")
    host = name if colon and _PORT.fullmatch(colon + port) else host
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _parse(text: str) -> dict[str, Value]:
    url, _, fragment = text.partition("#")
    try:
        parts = _parts(url)
    except _UrlError as problem:
        raise FunctionError(f"unable to parse url: parse {quote(url)}: {problem}") from None
    try:
        user = parts["userinfo"].removesuffix("@")
        return {**parts, "userinfo": user, "fragment": _unescaped(fragment)}
    except _UrlError as problem:
        raise FunctionError(f"unable to parse url: parse {quote(text)}: {problem}") from None


def _part(parts: dict[str, Value], key: str) -> str:
    value = parts.get(key, "")
    if not isinstance(value, str):
        kind = kind_or_panic(value)
        problem = f"unable to parse {key} key, must be of type string, but {kind} found"
        raise FunctionError(problem)
    return value


def _join(parts: dict[str, Value]) -> str:
    keys = ("scheme", "host", "path", "query", "opaque", "fragment")
    scheme, host, path, query, opaque, fragment = (_part(parts, key) for key in keys)
    userinfo = _part(parts, "userinfo")
    user = ""
    if userinfo:
        url, _, rest = f"proto://{userinfo}@host".partition("#")
        try:
            user = _parts(url)["userinfo"]
            url = f"{url}#{rest}" if rest else url
            _unescaped(rest)
        except _UrlError as problem:
            words = f"unable to parse userinfo in dict: parse {quote(url)}: {problem}"
            raise FunctionError(words) from None
    beginning = f"{scheme}:" if scheme else ""
    if opaque:
        beginning += opaque
    else:
        if host or user or (scheme and path):
            beginning += f"//{user}{escaped(encode(host), _IN_HOST)}"
        shown = path if path == "*" else escaped(encode(path), _IN_PATH)
        if shown and shown[0] != "/" and host:
            beginning += "/"
        if not beginning and ":" in shown.partition("/")[0]:
            beginning = "./"
        beginning += shown
    ending = f"?{query}" if query else ""
    ending += f"#{escaped(encode(fragment), _IN_FRAGMENT)}" if fragment else ""
    return beginning + ending


FUNCTIONS = declare({"urlJoin": (_join, "map"), "urlParse": (_parse, "string")})
