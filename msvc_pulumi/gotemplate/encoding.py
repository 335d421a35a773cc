"""Returns sprig's encodings and digests, and its one deterministic password scheme."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import zlib

from .budget import meter
from .calls import declare
from .literals import decode, encode

__all__ = ["FUNCTIONS"]

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
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
    plain = data.replace(b"\r", b"").replace(b"\n", b"")
    bad = _bad_offset(data, plain, _NOT_BASE64, group=4, paddings=(0, 1, 2))
    if bad is not None:
        return f"illegal base64 data at input byte {bad}"
    return decode(base64.b64decode(plain))


def _base32(text: str) -> str:
    meter().size(len(text) * 2)
    return base64.b32encode(encode(text)).decode("ascii")


def _from_base32(text: str) -> str:
    data = encode(text)
    plain = data.replace(b"\r", b"").replace(b"\n", b"")
    bad = _bad_offset(data, plain, _NOT_BASE32, group=8, paddings=(0, 1, 3, 4, 6))
    if bad is not None:
        return f"illegal base32 data at input byte {bad}"
    return decode(base64.b32decode(plain))


def _bad_offset(
    data: bytes, plain: bytes, illegal: re.Pattern[bytes], *, group: int, paddings: tuple[int, ...]
) -> int | None:
    """Where Go's decoder stops in ``data``, of which ``plain`` is all but line ends."""
    body = plain.rstrip(b"=")
    padding = len(plain) - len(body)
    found = illegal.search(body)
    if found is None:
        if len(plain) % group == 0 and padding in paddings:
            return None
        at = len(plain) if len(plain) % group and not padding else len(body)
        if padding and padding not in paddings:
            at = len(body) + min(padding, 1) if padding < group else len(body)
    else:
        at = found.start()
    seen = -1
    for offset, byte in enumerate(data):
        seen += byte not in b"\r\n"
        if seen == at:
            return offset
    return len(data)


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
