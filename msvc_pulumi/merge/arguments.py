"""Command-line arguments as options: in the ``byFlag`` merge a stated option replaces the base's.

What is one option is for the program to say: `msvc_pulumi.commandline` reads words as it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msvc_pulumi.commandline.invocation import Invocation, invocation
from msvc_pulumi.commandline.jsonoption import Words, merged_entries
from msvc_pulumi.commandline.reader import PLAIN, POSITIONAL, REST, Statement, read
from msvc_pulumi.merge.strategies import Piece, SideName

__all__ = ["by_flag"]

MODEL = "model"
MODEL_OPTIONS = {MODEL, "model-path"}


def by_flag(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> list[Piece]:
    """The merged order of two containers' args: base options in place, each replaced if stated.

    Positional words come first, the overlay's if it has any; there is one model, positional or by
    option. Options that only the overlay has come last, in its order, before a ``--``. Entries of a
    JSON option change the base's JSON, a whole one replaces it; where neither side has the words
    for that, they are made.
    """
    left, right = _Side.of("base", base, overlay), _Side.of("overlay", overlay, overlay, base)
    if left.program.dialect is PLAIN:
        left = left.read_as(right.program)
    right = right.read_as(left.program)
    left_slots, right_slots = left.slots(), right.slots()
    first = MODEL if left.program.takes_model else POSITIONAL
    end = right.pieces(right_slots.pop(REST, []))
    end = end or left.pieces(left_slots.pop(REST, []))
    result = (right if right.skip else left).head()
    if first in right_slots:
        left_slots.pop(first, None)
        result += right.pieces(right_slots.pop(first))
    elif first == MODEL:
        result += left.pieces(left_slots.pop(first, []))
    for slot, statements in left_slots.items():
        stated = right_slots.pop(slot, None)
        if stated is None:
            result += left.pieces(statements)
        elif left.is_json(slot) and any(statement.key for statement in stated):
            result += _entries(left, statements, right, stated)
        else:
            result += right.pieces(stated)
    for statements in right_slots.values():
        result += right.pieces(statements)
    return [*result, *end]


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's args as options; ``skip`` words of them name the program."""

    name: SideName
    args: Sequence[str]
    program: Invocation
    skip: int

    @classmethod
    def of(cls, name: SideName, of: Mapping[str, Any], *others: Mapping[str, Any]) -> _Side:
        """The args of ``of``; the first of ``others`` and it that has one says the command."""
        container = {
            key: next((side[key] for side in (*others, of) if side.get(key)), None)
            for key in ("command", "image")
        }
        args = of.get("args") or []
        program = invocation({**container, "args": args})
        return cls(name, args, program, program.skip)

    def read_as(self, program: Invocation) -> _Side:
        """The same args read as ``program``'s where they name none themselves."""
        if self.program.dialect is not PLAIN:
            return self
        return replace(self, program=program, skip=0)

    def head(self) -> list[Piece]:
        return [Piece(self.name, number) for number in range(self.skip)]

    def slots(self) -> dict[str, list[Statement]]:
        """The statements by what they are about, in order of the first of each."""
        result: dict[str, list[Statement]] = {}
        for statement in read(self.args[self.skip :], self.program.dialect):
            slot, found = statement.option, statement
            if self.program.takes_model and slot == REST:
                if not statement.values:
                    continue
                # In front it says the same, and vLLM can put what it gathers of dotted keys behind.
                slot = POSITIONAL
                found = statement._replace(option=POSITIONAL, start=statement.start + 1)
            if self.program.takes_model and (slot == POSITIONAL or slot in MODEL_OPTIONS):
                slot = MODEL
            result.setdefault(slot, []).append(found)
        return result

    def is_json(self, slot: str) -> bool:
        option = self.program.dialect.options.by_name.get(slot)
        return option is not None and option.is_json

    def pieces(self, statements: Sequence[Statement]) -> list[Piece]:
        return [
            Piece(self.name, self.skip + number)
            for statement in statements
            for number in range(statement.start, statement.stop)
        ]

    def words(self, statements: Sequence[Statement]) -> Words:
        return Words(self.args[self.skip :], statements)


def _entries(
    base: _Side, statements: list[Statement], overlay: _Side, stated: list[Statement]
) -> list[Piece]:
    """The base's JSON option with the overlay's entries: their words, or one option made of all."""
    found = merged_entries(base.words(statements), overlay.words(stated))
    if not isinstance(found, str):
        kept, added = found
        return [*base.pieces(kept), *overlay.pieces(added)]
    last = stated[-1]
    return [
        Piece(overlay.name, overlay.skip + last.start, last.spelling),
        Piece(overlay.name, overlay.skip + last.stop - 1, found),
    ]
