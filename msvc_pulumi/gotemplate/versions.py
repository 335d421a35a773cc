"""Returns sprig's semantic version functions, on gotpl's semver."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from .budget import meter
from .calls import declare
from .errors import FunctionError
from .values import Opaque, Uint64

__all__ = ["FUNCTIONS"]

_LONGEST = 1_000


@cache
def _gotpl() -> Any:
    return import_module("gotpl.funcs.sprig.semver")


def _parsed(text: str) -> Any:
    if len(text) > _LONGEST:
        meter().size(meter().profile.value + 1)
    try:
        return _gotpl().semver(text)
    except ValueError as problem:
        raise FunctionError(str(problem)) from None


def _version(text: str) -> Opaque:
    return _wrapped(_parsed(text))


def _wrapped(version: Any) -> Opaque:
    def compare(other: Opaque | None) -> int:
        if other is None:
            raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
        return int(version.Compare(other.payload))

    methods = {
        "Major": ((), lambda: Uint64(version.Major)),
        "Minor": ((), lambda: Uint64(version.Minor)),
        "Patch": ((), lambda: Uint64(version.Patch)),
        "Prerelease": ((), version.Prerelease),
        "Metadata": ((), version.Metadata),
        "Original": ((), version.Original),
        "String": ((), lambda: str(version)),
        "Compare": (("version",), compare),
        "Equal": (("version",), lambda other: compare(other) == 0),
        "LessThan": (("version",), lambda other: compare(other) < 0),
        "GreaterThan": (("version",), lambda other: compare(other) > 0),
        "LessThanEqual": (("version",), lambda other: compare(other) <= 0),
        "GreaterThanEqual": (("version",), lambda other: compare(other) >= 0),
    }
    return Opaque("*semver.Version", "ptr", version, lambda: str(version), methods)


def _compare(constraint: str, version: str) -> bool:
    if len(constraint) > _LONGEST:
        meter().size(meter().profile.value + 1)
    try:
        return bool(_gotpl().semver_compare(constraint, version))
    except ValueError as problem:
        text = str(problem)
        if text.startswith("improper constraint"):
            text = f"improper constraint: {constraint}"
        raise FunctionError(text) from None


FUNCTIONS = declare(
    {
        "semver": (_version, "string"),
        "semverCompare": (_compare, "string string"),
    }
)
