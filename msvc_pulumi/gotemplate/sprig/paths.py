"""Returns sprig's functions on paths (Go's path and filepath on Linux) and URLs."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from importlib import import_module
from typing import Any

from ..errors import FunctionError
from ..reflect.calls import declare
from ..reflect.values import Value
from ..strconv.literals import quote

__all__ = ["FUNCTIONS"]

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FIRST_SEGMENT = re.compile(r"[/?#]")
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/?#]*)")
_PORT = re.compile(r":([^:\]]*)\Z")
_BAD_HOST = re.compile(r"[ <>\"\\^`{|}]")


def _clean(path: str) -> str:
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def _base(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _directory(path: str) -> str:
    return _clean(path[: path.rfind("/") + 1])


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


@cache
def _gotpl() -> Any:
    return import_module("gotpl.funcs.sprig.url")


def _parse_url(text: str) -> dict[str, Value]:
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise _url_error(text, f'invalid URL escape "{text[bad.start() : bad.start() + 3]}"')
    if not _SCHEME.match(text) and ":" in _FIRST_SEGMENT.split(text)[0]:
        problem = "first path segment in URL cannot contain colon"
        raise _url_error(text, "missing protocol scheme" if text[0] == ":" else problem)
    authority = _AUTHORITY.match(text)
    space = authority and _BAD_HOST.search(authority[1])
    if space:
        raise _url_error(text, f'invalid character "{space[0]}" in host name')
    port = authority and _PORT.search(authority[1].rpartition("@")[2])
    if port and not port[1].isdigit() and port[1]:
        raise _url_error(text, f'invalid port "{port[0]}" after host')
    try:
        return dict(_gotpl().url_parse(text))
    except ValueError as problem:
        raise _url_error(text, str(problem).removeprefix("unable to parse url: ")) from None


def _url_error(text: str, problem: str) -> FunctionError:
    return FunctionError(f"unable to parse url: parse {quote(text)}: {problem}")


def _join_url(parts: dict[str, Value]) -> str:
    try:
        return str(_gotpl().url_join(parts))
    except (TypeError, ValueError) as problem:
        raise FunctionError(str(problem)) from None


FUNCTIONS = declare(
    {
        "base": (_base, "string"),
        "clean": (_clean, "string"),
        "dir": (_directory, "string"),
        "ext": (_extension, "string"),
        "isAbs": (lambda path: path.startswith("/"), "string"),
        "osBase": (_base, "string"),
        "osClean": (_clean, "string"),
        "osDir": (_directory, "string"),
        "osExt": (_extension, "string"),
        "osIsAbs": (lambda path: path.startswith("/"), "string"),
        "urlJoin": (_join_url, "map"),
        "urlParse": (_parse_url, "string"),
    }
)
