"""Returns sprig's semantic version functions, by the rules of Masterminds/semver 3.3.

No library has them: docs/decisions/0027-libraries.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import FunctionError, LimitExceededError
from ..reflect.calls import declare
from ..reflect.values import Methods, Opaque, Uint64
from ..strconv.literals import parse_int

__all__ = ["FUNCTIONS"]

_LONGEST = 500
_TAIL = r"(-[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?(\+[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?"
_VERSION = re.compile(r"v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?" + _TAIL)
_PARTIAL = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?" + _TAIL
_ANY_PARTIAL = re.sub(r"\((?!\?)", "(?:", _PARTIAL)
_OPERATOR = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^"
_RANGE = re.compile(rf" ?({_ANY_PARTIAL}) - ({_ANY_PARTIAL}) ?")
_CONSTRAINT = re.compile(rf"(?:{_OPERATOR}) ?(?:{_ANY_PARTIAL})")
_PARTS = re.compile(rf" ?({_OPERATOR}) ?{_PARTIAL} ?")
# Of blanks in a row there is one at most, so this has one way to match only: the original's
# `P ?(?:(?: |, ?)P ?)*` has two a comma, which is four billion for thirty-two.
_VALID = re.compile(
    rf" ?(?:{_OPERATOR}) ?{_ANY_PARTIAL}(?:(?: ?, ?+| )(?:{_OPERATOR}) ?{_ANY_PARTIAL})* ?"
)
_BLANKS = re.compile(r"[\t\n\f\r ]+")


@dataclass(frozen=True, slots=True)
class _Version:
    major: int
    minor: int
    patch: int
    prerelease: str
    metadata: str
    original: str

    def __str__(self) -> str:
        prerelease = f"-{self.prerelease}" if self.prerelease else ""
        metadata = f"+{self.metadata}" if self.metadata else ""
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{metadata}"

    def compare(self, other: _Version) -> int:
        """Below, at or above ``other``: -1, 0 or 1; metadata do not count."""
        own = (self.major, self.minor, self.patch)
        others = (other.major, other.minor, other.patch)
        if own != others:
            return -1 if own < others else 1
        if not self.prerelease or not other.prerelease:
            return bool(other.prerelease) - bool(self.prerelease)
        return _compare_prereleases(self.prerelease.split("."), other.prerelease.split("."))


def _compare_prereleases(own: list[str], others: list[str]) -> int:
    length = max(len(own), len(others))
    own += [""] * (length - len(own))
    others += [""] * (length - len(others))
    for part, other in zip(own, others, strict=True):
        if part != other:
            return -1 if _prerelease_key(part) < _prerelease_key(other) else 1
    return 0


def _prerelease_key(part: str) -> tuple[int, int, str]:
    """Absent before numbers before words."""
    if not part:
        return 0, 0, ""
    return (1, int(part), "") if part.isdigit() else (2, 0, part)


def _parse(text: str) -> _Version:
    if len(text) > _LONGEST:
        raise LimitExceededError(f"a version has more than {_LONGEST} characters")
    found = _VERSION.fullmatch(text)
    if not found:
        raise FunctionError("Invalid Semantic Version")
    segments = []
    for group in (found[1], found[2], found[3]):
        digits = (group or "0").removeprefix(".")
        try:
            segments.append(parse_int(digits, signed=False))
        except ValueError:
            problem = f'strconv.ParseUint: parsing "{digits}": value out of range'
            raise FunctionError(f"Error parsing version segment: {problem}") from None
    prerelease = (found[4] or "")[1:]
    for part in prerelease.split("."):
        if part.isdigit() and len(part) > 1 and part[0] == "0":
            raise FunctionError("Version segment starts with 0")
    major, minor, patch = segments
    return _Version(major, minor, patch, prerelease, (found[5] or "")[1:], text)


@dataclass(frozen=True, slots=True)
class _Constraint:
    """An operator and a version; what was not stated or ``x`` is loose."""

    operator: str
    version: _Version
    loose_minor: bool
    loose_patch: bool
    loose: bool

    def allows(self, version: _Version) -> bool:
        wanted = self.version
        if self.operator == "!=" and not self.loose:
            return version.compare(wanted) != 0
        if version.prerelease and not wanted.prerelease:
            return False
        return _CHECKS[self.operator](self, version)


def _equal(constraint: _Constraint, version: _Version) -> bool:
    if constraint.loose:
        return _tilde(constraint, version)
    return version.compare(constraint.version) == 0


def _not_equal(constraint: _Constraint, version: _Version) -> bool:
    wanted = constraint.version
    if wanted.major != version.major:
        return True
    if constraint.loose_minor:
        return False
    if wanted.minor != version.minor:
        return True
    if constraint.loose_patch:
        both = version.prerelease or wanted.prerelease
        return bool(both) and version.prerelease != wanted.prerelease
    return version.compare(wanted) != 0


def _above(constraint: _Constraint, version: _Version) -> bool:
    wanted = constraint.version
    if not constraint.loose or version.major != wanted.major:
        return version.compare(wanted) > 0
    if constraint.loose_minor:
        return False
    if constraint.loose_patch:
        return version.minor > wanted.minor
    return version.compare(wanted) > 0


def _at_most(constraint: _Constraint, version: _Version) -> bool:
    wanted = constraint.version
    if not constraint.loose:
        return version.compare(wanted) <= 0
    if version.major != wanted.major:
        return version.major < wanted.major
    return constraint.loose_minor or version.minor <= wanted.minor


def _tilde(constraint: _Constraint, version: _Version) -> bool:
    wanted = constraint.version
    if version.compare(wanted) < 0:
        return False
    loose = constraint.loose_minor or constraint.loose_patch
    if (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0) and not loose:
        return True
    same_minor = constraint.loose_minor or version.minor == wanted.minor
    return version.major == wanted.major and same_minor


def _caret(constraint: _Constraint, version: _Version) -> bool:
    wanted = constraint.version
    if version.compare(wanted) < 0 or version.major != wanted.major:
        return False
    if wanted.major > 0 or constraint.loose_minor:
        return True
    if version.minor != wanted.minor:
        return False
    return wanted.minor > 0 or constraint.loose_patch or version.patch == wanted.patch


_CHECKS: dict[str, Callable[[_Constraint, _Version], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _above,
    "<": lambda constraint, version: version.compare(constraint.version) < 0,
    ">=": lambda constraint, version: version.compare(constraint.version) >= 0,
    "=>": lambda constraint, version: version.compare(constraint.version) >= 0,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}


def _constraint(text: str) -> _Constraint:
    found = _PARTS.fullmatch(text)
    if not found:
        raise FunctionError(f"improper constraint: {text}")
    operator, major, minor, patch, prerelease, _ = found.groups()
    loose_minor = loose_patch = False
    loose = True
    version = f"{major}{minor}{patch}{prerelease or ''}{found[6] or ''}"
    if _is_any(major):
        version = f"0.0.0{prerelease or ''}"
    elif _is_any(minor):
        loose_minor = True
        version = f"{major}.0.0{prerelease or ''}"
    elif _is_any(patch):
        loose_patch = True
        version = f"{major}{minor}.0{prerelease or ''}"
    else:
        loose = False
    try:
        parsed = _parse(version)
    except FunctionError:
        raise FunctionError("constraint Parser Error") from None
    return _Constraint(operator, parsed, loose_minor, loose_patch, loose)


def _is_any(segment: str | None) -> bool:
    return segment is None or segment.removeprefix(".") in ("x", "X", "*")


def _alternatives(text: str) -> list[list[_Constraint]]:
    """The constraints of ``text``: any of the lists, all in it."""
    if len(text) > _LONGEST:
        raise LimitExceededError(f"a version has more than {_LONGEST} characters")
    # one blank for many changes nothing and keeps the expressions from backtracking
    text = _RANGE.sub(r">= \1, <= \2 ", _BLANKS.sub(" ", text))
    alternatives = []
    for part in text.split("||"):
        if not _VALID.fullmatch(part):
            raise FunctionError(f"improper constraint: {part}")
        alternatives.append([_constraint(piece) for piece in _CONSTRAINT.findall(part)])
    return alternatives


def _compare(constraint: str, version: str) -> bool:
    alternatives = _alternatives(constraint)
    parsed = _parse(version)
    return any(all(item.allows(parsed) for item in every) for every in alternatives)


def _version(text: str) -> Opaque:
    version = _parse(text)

    def compare(other: Opaque | None) -> int:
        if other is None:
            problem = "runtime error: invalid memory address or nil pointer dereference"
            raise FunctionError(problem)
        return version.compare(other.payload)

    methods: Methods = {
        "Major": ((), lambda: Uint64(version.major)),
        "Minor": ((), lambda: Uint64(version.minor)),
        "Patch": ((), lambda: Uint64(version.patch)),
        "Prerelease": ((), lambda: version.prerelease),
        "Metadata": ((), lambda: version.metadata),
        "Original": ((), lambda: version.original),
        "String": ((), lambda: str(version)),
        "Compare": (("version",), compare),
        "Equal": (("version",), lambda other: compare(other) == 0),
        "LessThan": (("version",), lambda other: compare(other) < 0),
        "LessThanEqual": (("version",), lambda other: compare(other) <= 0),
        "GreaterThan": (("version",), lambda other: compare(other) > 0),
        "GreaterThanEqual": (("version",), lambda other: compare(other) >= 0),
    }
    return Opaque("*semver.Version", "ptr", version, lambda: str(version), methods)


FUNCTIONS = declare(
    {
        "semver": (_version, "string"),
        "semverCompare": (_compare, "string string"),
    }
)
