"""Returns sprig's encodings and digests, and its one deterministic password scheme."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import zlib

from ..limits.budget import meter
from ..reflect.calls import declare
from ..strconv.literals import decode, encode

__all__ = ["FUNCTIONS"]

_LINE_ENDS = b"\r\n"
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/\r\n]")
_NOT_BASE32 = re.compile(rb"[^A-Z2-7]")

# The Master Password algorithm's seed, templates and their letters.
_SEED = b"com.lyndir.masterpassword"
_TEMPLATES = {
    "maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
    "long": (
        "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv"
        " CvccCvcvCvcvno CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc"
        " CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno"
        " CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc"
        " CvccCvcvCvccno"
    ),
    "medium": "CvcnoCvc CvcCvcno",
    "short": "Cvcn",
    "basic": "aaanaaan aannaaan aaannaaa",
    "pin": "nnnn",
}
_LETTERS = {
    "V": "AEIOU",
    "C": "BCDFGHJKLMNPQRSTVWXYZ",
    "v": "aeiou",
    "c": "bcdfghjklmnpqrstvwxyz",
    "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
    "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
}


def _base64(text: str) -> str:
    meter().size(len(text) * 2)
    return base64.b64encode(encode(text)).decode("ascii")


def _from_base64(text: str) -> str:
    """The decoded text, or Go's error message as text, as sprig gives it."""
    data = encode(text)
    bad = _bad_base64(data)
    if bad >= 0:
        return f"illegal base64 data at input byte {bad}"
    return decode(base64.b64decode(data))


def _base32(text: str) -> str:
    meter().size(len(text) * 2)
    return base64.b32encode(encode(text)).decode("ascii")


def _from_base32(text: str) -> str:
    data = encode(text).translate(None, _LINE_ENDS)
    bad = _bad_base32(data)
    if bad >= 0:
        return f"illegal base32 data at input byte {bad}"
    digits = _NOT_BASE32.split(data, 1)[0]
    return decode(base64.b32decode(digits + b"=" * (-len(digits) % 8)))


def _bad_base64(data: bytes) -> int:
    """The offset Go's decoder complains about, or -1."""
    body = data.rstrip(b"=" + _LINE_ENDS)
    found = _NOT_BASE64.search(body)
    if found:
        # a padding character inside counts where it stands or, after two digits, one further on
        at = found.start()
        digits = len(body[:at].translate(None, _LINE_ENDS)) % 4
        return at + (data[at : at + 1] == b"=" and digits == 3)
    digits = len(body.translate(None, _LINE_ENDS)) % 4
    paddings = [offset for offset in range(len(body), len(data)) if data[offset] == 61]
    allowed = {0: 0, 1: 0, 2: 2, 3: 1}[digits]
    if len(paddings) > allowed:
        return paddings[allowed]
    if len(paddings) < allowed:
        return len(data) if paddings else len(data) - digits
    return len(data) - 1 if digits == 1 else -1


def _bad_base32(data: bytes) -> int:
    """The offset Go's decoder complains about in data without line ends, or -1."""
    found = _NOT_BASE32.search(data)
    at = found.start() if found else len(data)
    digits = at % 8
    if found is None:
        return at - digits if digits else -1
    rest = len(data) - at - 1
    if data[at] != 61 or digits < 2 or rest >= 8:
        return at
    if rest + digits < 7:
        return len(data)
    for offset in range(7 - digits):
        if rest > offset and data[at + 1 + offset] != 61:
            return at + offset
    return at if digits in (3, 6) else -1


def _digest(name: str, text: str) -> str:
    return hashlib.new(name, encode(text), usedforsecurity=False).hexdigest()


def _derive_password(counter: int, kind: str, password: str, user: str, site: str) -> str:
    """The Master Password of a site; the key derivation takes a tenth of a second and 32 MiB."""
    if kind not in _TEMPLATES:
        return f"cannot find password template {kind}"
    meter().derive()
    name, place = encode(user), encode(site)
    key = hashlib.scrypt(
        encode(password),
        salt=_SEED + len(name).to_bytes(4, "big") + name,
        n=32768,
        r=8,
        p=2,
        maxmem=64 << 20,
        dklen=64,
    )
    message = _SEED + len(place).to_bytes(4, "big") + place + counter.to_bytes(4, "big")
    seed = hmac.new(key, message, "sha256").digest()
    templates = _TEMPLATES[kind].split(" ")
    template = templates[seed[0] % len(templates)]
    letters = (_LETTERS[letter] for letter in template)
    return "".join(
        choice[byte % len(choice)] for choice, byte in zip(letters, seed[1:], strict=False)
    )


FUNCTIONS = declare(
    {
        "adler32sum": (lambda text: str(zlib.adler32(encode(text))), "string"),
        "b32dec": (_from_base32, "string"),
        "b32enc": (_base32, "string"),
        "b64dec": (_from_base64, "string"),
        "b64enc": (_base64, "string"),
        "derivePassword": (_derive_password, "uint32 string string string string"),
        "sha1sum": (lambda text: _digest("sha1", text), "string"),
        "sha256sum": (lambda text: _digest("sha256", text), "string"),
        "sha512sum": (lambda text: _digest("sha512", text), "string"),
    }
)
