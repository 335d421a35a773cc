"""What a section is read as, whatever words a ModelService prints into it.

The ModelServices of one BaseConfig print other words at the same places of the same section. A word
that can only be part of a text (`document/stretches.py`) leaves all else as it is, so such sections
are parsed and decoded once, with blanks in the place of the words.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from msvc_pulumi.interpolation.structure import SectionText

__all__ = ["Shape", "Skeleton"]

LONGEST = 16 << 10  # characters of a section that is worth remembering
_BLANK = re.compile("zq_([0-9]+)_qz")  # a word, too, and neither a number, base64 nor a quantity
_BEGINNING = "zq_"
_NAMED = ("apiVersion", "kind")  # decide what the rest is read as

Piece = str | int  # a text, or the number of a word


class Skeleton(NamedTuple):
    """A section with blanks, and the words that belong there."""

    text: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, section: SectionText) -> Skeleton | None:
        """None for a section with more than words in it, and one that is too long to keep."""
        text = section.rendered.text
        if len(text) > LONGEST or not section.is_settled:
            return None
        if _BEGINNING in text or text.startswith("\ufeff"):  # which is none of the document
            return None
        pieces: list[str] = []
        words: list[str] = []
        behind = 0
        for start, end in section.words():
            pieces += (text[behind:start], f"zq_{len(words)}_qz")
            words.append(text[start:end])
            behind = end
        return cls("".join((*pieces, text[behind:])), tuple(words))


class Shape(NamedTuple):
    """A decoded section with blanks: ``blanks`` are the way to each text that has some."""

    type_name: str
    written: bytes
    blanks: tuple[tuple[tuple[str | int, ...], str | int, tuple[Piece, ...]], ...]

    @classmethod
    def of(cls, type_name: str, value: Any) -> Shape | None:
        """None where a blank is a key, or part of what tells the type."""
        blanks = []
        for way, text in _texts(value, ()):
            if text is None or (len(way) == 1 and way[0] in _NAMED) or not way:
                return None
            pieces = _BLANK.split(text)
            numbered = [int(p) if number % 2 else p for number, p in enumerate(pieces) if p]
            blanks.append((way[:-1], way[-1], tuple(numbered)))
        return cls(type_name, marshal.dumps(value), tuple(blanks))

    def filled(self, words: tuple[str, ...]) -> Any:
        """The section with ``words`` in its blanks, made anew."""
        value = marshal.loads(self.written)  # noqa: S302 - written above
        for way, last, pieces in self.blanks:
            holder = value
            for step in way:
                holder = holder[step]
            holder[last] = "".join([words[p] if type(p) is int else p for p in pieces])  # type: ignore[misc]
        return value


def _texts(
    value: Any, way: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str | None]]:
    """The texts with blanks in ``value``, and None for each key with one."""
    if isinstance(value, str):
        if _BEGINNING in value:
            yield way, value
    elif isinstance(value, dict):
        for key, member in value.items():
            if _BEGINNING in key:
                yield way, None
            yield from _texts(member, (*way, key))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _texts(member, (*way, number))
