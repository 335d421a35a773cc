"""The options of a program and since and until which release each spelling of them is taken.

The tables are data (``vllm.json``, ``sglang.json``), made by ``tools/options`` from the released
wheels: the newest release by running its parser, older ones by reading their source. A table is
loaded when the first container that runs its program is looked at.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache, cached_property
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Literal, NamedTuple

__all__ = ["Option", "Options", "Release"]

Kind = Literal["switch", "one", "many", "optional", "append"]
Release = tuple[int, ...]


class Option(NamedTuple):
    """One option: ``inverses`` are the spellings that say the opposite.

    ``spellings`` and ``inverses`` map to the stretches of known releases that take them.
    """

    name: str
    kind: Kind
    is_json: bool
    spellings: Mapping[str, str]
    inverses: Mapping[str, str]


class Options:
    """A program's options; ``releases`` are the known ones, from old to new."""

    def __init__(self, releases: tuple[Release, ...], by_name: Mapping[str, Option]) -> None:
        self.releases = releases
        self.by_name = by_name

    @classmethod
    @cache
    def of(cls, program: Literal["vllm", "sglang"]) -> Options:
        """The options of a program, read once."""
        table = json.loads(Path(__file__).with_name(f"{program}.json").read_bytes())
        releases = tuple(
            tuple(int(part) for part in release.split(".")) for release in table["releases"]
        )
        rows: dict[str, dict[str, Any]] = table["options"]
        return cls(
            releases,
            {
                name: Option(
                    name,
                    row["kind"],
                    row.get("json", False),
                    row["spellings"],
                    row.get("inverses", {}),
                )
                for name, row in rows.items()
            },
        )

    @cached_property
    def by_spelling(self) -> Mapping[str, Option]:
        """Every spelling that any known release takes."""
        return {
            spelling: option
            for option in self.by_name.values()
            for group in (option.spellings, option.inverses)
            for spelling in group
        }

    @cached_property
    def newest(self) -> Mapping[str, Option]:
        """The spellings that the newest known release takes."""
        last = len(self.releases) - 1
        return {
            spelling: option
            for spelling, option in self.by_spelling.items()
            if self._taken(spelling, option)[-1][1] == last
        }

    def beginning(self, text: str, *, newest: bool) -> list[str]:
        """The spellings that begin with ``text``, of the newest known release or of any."""
        ordered = self._newest_ordered if newest else self._ordered
        first = bisect_left(ordered, text)
        rest = islice(ordered, first, None)
        return [*takewhile(lambda spelling: spelling.startswith(text), rest)]

    @cached_property
    def _ordered(self) -> list[str]:
        return sorted(self.by_spelling)

    @cached_property
    def _newest_ordered(self) -> list[str]:
        return sorted(self.newest)

    def taken(self, spelling: str) -> list[tuple[Release, Release]]:
        """The stretches of known releases, from old to new, that take ``spelling``."""
        option = self.by_spelling.get(spelling)
        if option is None:
            return []
        return [
            (self.releases[first], self.releases[last])
            for first, last in self._taken(spelling, option)
        ]

    def refuses(self, spelling: str, release: Release | None) -> bool:
        """Whether ``release`` is known not to take ``spelling``; without one, whether all do not.

        Between two known releases what both refuse is refused, and after the newest nothing is.
        """
        option = self.by_spelling.get(spelling)
        if release is None:  # one release alone does not speak for all
            return option is None and len(self.releases) > 1
        if not self.releases or release > self.releases[-1] or release < self.releases[0]:
            return False
        if option is None:
            return True
        after = next(n for n, known in enumerate(self.releases) if known >= release)
        around = {after} if self.releases[after] == release else {after - 1, after}
        return not any(
            first <= number <= last
            for first, last in self._taken(spelling, option)
            for number in around
        )

    @staticmethod
    def _taken(spelling: str, option: Option) -> list[tuple[int, int]]:
        text = option.spellings.get(spelling) or option.inverses[spelling]
        return [
            (int(first), int(last))
            for first, _, last in (part.partition("-") for part in text.split(","))
        ]
