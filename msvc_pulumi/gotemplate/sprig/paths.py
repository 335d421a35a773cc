"""Returns sprig's functions on paths (Go's path and filepath on Linux)."""

from __future__ import annotations

import posixpath

from ..reflect.calls import declare

__all__ = ["FUNCTIONS"]


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
    }
)
