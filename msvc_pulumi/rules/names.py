"""The spellings that Kubernetes allows for names, as functions that say what is wrong with one.

Each returns "" for a good name. Rules and words: apimachinery ``pkg/util/validation/validation.go``
and ``pkg/api/validation/path/name.go``.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = [
    "config_map_key",
    "dns_label",
    "dns_subdomain",
    "environment_name",
    "label_value",
    "path_segment",
    "port_name",
    "port_number",
    "qualified_name",
    "service_name",
]

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_SERVICE = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PORT = re.compile(r"[-a-z0-9]+")
_MEMO = 4096

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character"
)
SERVICE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character"
)
QUALIFIED = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character"
)


def _bytes(limit: int) -> str:
    return f"must be no more than {limit} bytes"


@lru_cache(_MEMO)
def dns_label(name: str) -> str:
    if len(name) > 63:
        return _bytes(63)
    return "" if _LABEL.fullmatch(name) else LABEL


@lru_cache(_MEMO)
def dns_subdomain(name: str) -> str:
    if len(name) > 253:
        return _bytes(253)
    return "" if _SUBDOMAIN.fullmatch(name) else SUBDOMAIN


@lru_cache(_MEMO)
def service_name(name: str) -> str:
    """DNS-1035: also no digit in front."""
    if len(name) > 63:
        return _bytes(63)
    return "" if _SERVICE.fullmatch(name) else SERVICE


@lru_cache(_MEMO)
def qualified_name(name: str) -> str:
    """A key of a label, or of an annotation in lower case."""
    prefix, slash, rest = name.rpartition("/")
    if slash:
        if not prefix:
            return "prefix part must be non-empty"
        if problem := "a qualified name has one slash" if "/" in prefix else dns_subdomain(prefix):
            return f"prefix part {problem}"
    if not rest:
        return "name part must be non-empty"
    if len(rest) > 63:
        return f"name part {_bytes(63)}"
    return "" if _QUALIFIED.fullmatch(rest) else f"name part {QUALIFIED}"


@lru_cache(_MEMO)
def label_value(value: str) -> str:
    if len(value) > 63:
        return _bytes(63)
    if not value or _QUALIFIED.fullmatch(value):
        return ""
    return f"a valid label must be an empty string or {QUALIFIED.removeprefix('must ')}"


@lru_cache(_MEMO)
def port_name(name: str) -> str:
    """IANA_SVC_NAME."""
    if len(name) > 15:
        return "must be no more than 15 characters"
    if not _PORT.fullmatch(name):
        return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if not any("a" <= character <= "z" for character in name):
        return "must contain at least one letter (a-z)"
    if "--" in name:
        return "must not contain consecutive hyphens"
    if name[0] == "-" or name[-1] == "-":
        return "must not begin or end with a hyphen"
    return ""


def port_number(number: int) -> str:
    return "" if 1 <= number <= 65535 else "must be between 1 and 65535, inclusive"


@lru_cache(_MEMO)
def config_map_key(key: str) -> str:
    if len(key) > 253:
        return _bytes(253)
    if not _KEY.fullmatch(key):
        return "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    if key in (".", "..") or key.startswith(".."):
        return "must not be '.' or begin with '..'"
    return ""


def environment_name(name: str) -> str:
    """As API servers since 1.32 take it: any printable ASCII but '='."""
    if all(" " <= character <= "~" and character != "=" for character in name):
        return ""
    return "a valid environment variable name must consist only of printable ASCII characters other than '='"  # noqa: E501


def path_segment(name: str) -> str:
    """What the names of RBAC's objects may be."""
    if name in (".", ".."):
        return f"may not be '{name}'"
    found = next((character for character in "/%" if character in name), "")
    return f"may not contain '{found}'" if found else ""
