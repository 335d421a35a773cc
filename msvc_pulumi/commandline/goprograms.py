"""Endpoint pickers and routing sidecar: which release an image is, and which flags it takes.

The table is data (``goflags.json``), made by ``tools/flags`` from every tag of the programs. It is
loaded when the first container with one of their images is looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msvc_pulumi.commandline.image import Image
from msvc_pulumi.pattern import pattern

__all__ = ["Candidates", "GoProgram", "Number", "ProgramName", "Row", "candidates", "letters"]

Number = tuple[int, int, int, int]
ProgramName = Literal["extension", "llm-d", "sidecar"]

FINAL = 1000  # a release comes after all its candidates
# The images of each program, and the first release that has one of that name.
IMAGES: dict[str, tuple[ProgramName, Number]] = {
    "epp": ("extension", (0, 0, 0, 0)),
    "llm-d-inference-scheduler": ("llm-d", (0, 0, 0, 0)),
    "llm-d-router-endpoint-picker": ("llm-d", (0, 9, 0, 0)),
    "llm-d-routing-sidecar": ("sidecar", (0, 0, 0, 0)),
    "llm-d-router-disagg-sidecar": ("sidecar", (0, 9, 0, 0)),
}
NAMES = {
    "llm-d": ("llm-d-inference-scheduler", "llm-d-router"),
    "sidecar": ("llm-d-routing-sidecar", "llm-d-router-disagg-sidecar"),
}
RENAMED: Number = (0, 9, 0, 0)  # from here on images have the names of the llm-d router
_TAG = pattern(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?![\d.])(.*)", re.DOTALL)
_CANDIDATE = pattern(r"[-.]?(rc|alpha|beta|pre|dev)[-.]?(\d{0,3})", re.IGNORECASE)
_BEHIND = pattern(r"-\d+-g[0-9a-f]+")  # what git says of a commit after a tag


class Row(NamedTuple):
    """A stretch of releases, counted as the program's are, that takes a flag."""

    name: str
    kind: Literal["switch", "value"]
    first: int
    last: int
    deprecated: int  # one more than there are releases, where it is not
    refused: int

    def covers(self, number: int) -> bool:
        return self.first <= number <= self.last


class GoProgram:
    """One program and all that is known of its releases, from old to new."""

    def __init__(self, name: ProgramName, table: Mapping[str, Any]) -> None:
        self.name = name
        self.numbers: list[Number] = [_number(entry["release"]) for entry in table["releases"]]
        self.parsers: list[str] = [entry["parser"] for entry in table["releases"]]
        self._place = {entry["release"]: n for n, entry in enumerate(table["releases"])}
        self._table = table

    @classmethod
    @cache
    def of(cls, name: ProgramName) -> GoProgram:
        """The program, read once."""
        return cls(name, _table()[name])

    @cached_property
    def rows(self) -> Mapping[str, list[Row]]:
        """The stretches in which each flag is taken, by its name."""
        place, last, never = self._place, len(self.numbers) - 1, len(self.numbers)
        result: dict[str, list[Row]] = {}
        for row in self._table["flags"]:
            entry = Row(
                row["name"],
                row["kind"],
                place[row["from"]],
                place[row["until"]] if "until" in row else last,
                place[row["deprecated"]] if "deprecated" in row else never,
                place[row["refused"]] if "refused" in row else never,
            )
            result.setdefault(entry.name, []).append(entry)
        return result

    @cached_property
    def by_letters(self) -> Mapping[str, list[str]]:
        """The spellings of each flag, by its letters: ``poolName`` and ``pool-name`` are one."""
        result: dict[str, list[str]] = {}
        for name in self.rows:
            result.setdefault(letters(name), []).append(name)
        return result

    def values(self, flag: str) -> Sequence[tuple[str, int, int]]:
        """The values that some release takes for an option, each with the stretch that does."""
        return self._values.get(flag, ())

    @cached_property
    def _values(self) -> Mapping[str, list[tuple[str, int, int]]]:
        result: dict[str, list[tuple[str, int, int]]] = {}
        for row in self._table["values"]:
            last = self._place[row["until"]] if "until" in row else len(self.numbers) - 1
            entry = (row["value"], self._place[row["from"]], last)
            result.setdefault(row["flag"], []).append(entry)
        return result

    def title(self, number: int, *, exact: bool = False) -> str:
        """A release as people call it; ``exact`` tells its candidates from it."""
        version = self.numbers[number]
        text = ".".join(str(part) for part in (version[:3] if version[2] else version[:2]))
        if exact and version[3] != FINAL:
            text = f"{'.'.join(str(part) for part in version[:3])}-rc.{version[3]}"
        if self.name == "extension":
            return f"v{text} of the Inference Extension"
        return f"{NAMES[self.name][version >= RENAMED]} v{text}"


class Candidates(NamedTuple):
    """The known releases, from ``first`` to ``last``, one of which an image is.

    ``is_later`` is set where it may be a release after all known ones; ``is_stated`` where the
    image's tag says a version.
    """

    program: GoProgram
    first: int
    last: int
    is_later: bool
    is_stated: bool

    @property
    def is_picker(self) -> bool:
        return self.program.name != "sidecar"

    @property
    def is_known(self) -> bool:
        """Whether the tag says a version that is not after all known ones."""
        return self.is_stated and not self.is_later

    def all(self, holds: Callable[[int], bool]) -> bool:
        """Whether it holds of every release that it may be."""
        return all(holds(number) for number in range(self.first, self.last + 1))

    def are_since(self, version: tuple[int, ...]) -> bool:
        """Whether it is sure to be ``version``, or a later one."""
        return self.program.numbers[self.first] >= (*version, 0, 0, 0)[:4]

    def are_before(self, version: tuple[int, ...]) -> bool:
        """Whether it is sure to be older than ``version`` and all candidates for it."""
        return not self.is_later and self.program.numbers[self.last] < (*version, 0, 0, 0)[:4]

    def rows(self, flag: str) -> Sequence[Row]:
        return self.program.rows.get(flag, ())

    def takes(self, flag: str) -> bool:
        """Whether it is sure to take the flag."""
        rows = self.rows(flag)
        return self.all(lambda number: any(row.covers(number) for row in rows))

    def refuses(self, flag: str) -> bool:
        """Whether it is sure not to know the flag.

        Of a release after all known ones nothing is sure but what the newest known has lost.
        """
        rows = self.rows(flag)
        if self.is_later and not any(row.last < self.first for row in rows):
            return False
        return self.all(lambda number: not any(row.covers(number) for row in rows))

    def kind(self, flag: str) -> Literal["switch", "value"] | None:
        """How it reads the flag; where it does not know it, how others do."""
        rows = self.rows(flag)
        here = [row for row in rows if any(map(row.covers, range(self.first, self.last + 1)))]
        return next((row.kind for row in (*here, *rows)), None)

    def is_strict(self) -> bool:
        """Whether it is sure to want two dashes before the names of flags."""
        return self.all(lambda number: self.program.parsers[number] == "pflag")

    def title(self) -> str:
        """How people call the program in this release, or what is known of it."""
        if self.first == self.last:
            return self.program.title(self.first, exact=True)
        return "the endpoint picker" if self.is_picker else "the routing sidecar"


@lru_cache(maxsize=256)
def candidates(reference: str) -> Candidates | None:
    """The releases that an image may be; None where its name is not known, or it is too old."""
    name, tag = Image.of(reference)
    if name not in IMAGES:
        return None
    of, since = IMAGES[name]
    program = GoProgram.of(of)
    stated = _TAG.match(tag)
    if stated is None:
        return _of_name(program, name, since)
    found = _stretch(program.numbers, stated)
    if found is None:
        return None
    newest = len(program.numbers) - 1
    first, last = (min(number, newest) for number in found)
    return Candidates(program, first, last, is_later=found[1] > newest, is_stated=True)


def _of_name(program: GoProgram, name: str, since: Number) -> Candidates:
    """What is known of an image without a version: its name changed with one."""
    numbers = program.numbers
    first = next(n for n, number in enumerate(numbers) if number >= since)
    is_old = name in ("llm-d-inference-scheduler", "llm-d-routing-sidecar")
    last = len(numbers) - 1
    if is_old:
        last = next(n for n, number in enumerate(numbers) if number >= RENAMED) - 1
    return Candidates(program, first, last, is_later=not is_old, is_stated=False)


def _stretch(numbers: Sequence[Number], stated: re.Match[str]) -> tuple[int, int] | None:
    """The first and last of the releases that a tag may mean; one past the last for later ones."""
    major, minor, suffix = int(stated[1]), int(stated[2]), stated[4]
    candidate = _CANDIDATE.match(suffix) if suffix else None
    if stated[3] is None and candidate is None:  # v0.4 is moved from patch to patch
        same = [
            place
            for place, number in enumerate(numbers)
            if number[:2] == (major, minor) and number[3] == FINAL
        ]
        return (same[0], same[-1]) if same else _around(numbers, (major, minor, 0, FINAL))
    version = (major, minor, int(stated[3] or 0))
    if candidate is not None:
        is_known = candidate[1].lower() == "rc" and candidate[2]
        return _around(numbers, (*version, int(candidate[2]) if is_known else 0))
    return _around(numbers, (*version, FINAL + 1 if suffix and _BEHIND.match(suffix) else FINAL))


def _around(numbers: Sequence[Number], number: Number) -> tuple[int, int] | None:
    """Where a release is among the known ones, else the two that it is between."""
    if number < numbers[0]:
        return None
    after = next((n for n, known in enumerate(numbers) if known >= number), len(numbers))
    exact = after < len(numbers) and numbers[after] == number
    return (after, after) if exact else (after - 1, after)


def letters(name: str) -> str:
    """A flag's name without what releases spell differently."""
    return name.replace("-", "").replace("_", "").lower()


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("goflags.json").read_bytes())
    return table


def _number(text: str) -> Number:
    release, _, candidate = text.partition("-rc.")
    major, minor, patch = (int(part) for part in release.split("."))
    return major, minor, patch, int(candidate) if candidate else FINAL
