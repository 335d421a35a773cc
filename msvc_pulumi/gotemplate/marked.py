"""Texts that know which stretches of them come from the caller's data.

A `Marked` text is the text itself to everybody: it is equal to it, hashes like it and prints like
it. What makes one text of several keeps the stretches (`joined`), and what changes characters one
by one does (`changed`). Everything else in Python gives plain texts, so nothing but what knows of
stretches may be given marked ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, SupportsIndex

__all__ = ["Marked", "Stretch", "changed", "joined"]


class Stretch(NamedTuple):
    """Characters from ``start`` to ``end`` that come from ``variable``; "" when it has no name."""

    start: int
    end: int
    variable: str


class Marked(str):
    """A text with stretches, ascending and apart from each other."""

    __slots__ = ("stretches",)
    stretches: tuple[Stretch, ...]

    @classmethod
    def of(cls, text: str, stretches: Iterable[Stretch]) -> str:
        """``text`` with ``stretches``; without any, the plain text."""
        kept = tuple(stretch for stretch in stretches if stretch.end > stretch.start)
        if not kept:
            return str.__str__(text)
        marked = cls(text)
        marked.stretches = kept
        return marked

    @classmethod
    def whole(cls, text: str, variable: str) -> str:
        if not text:
            return ""
        marked = cls(text)
        marked.stretches = (Stretch(0, len(text), variable),)
        return marked

    def __str__(self) -> str:
        return self

    def plain(self) -> str:
        """The text without stretches."""
        return str.__str__(self)

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        text = str.__getitem__(self, key)
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step != 1:
                return Marked.whole(text, self.stretches[0].variable)
        else:
            start = key.__index__()
            start += len(self) if start < 0 else 0
            stop = start + 1
        return Marked.of(
            text,
            (
                Stretch(max(first, start) - start, min(last, stop) - start, variable)
                for first, last, variable in self.stretches
            ),
        )

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    def segments(self) -> Iterator[tuple[str, str | None]]:
        """The text in pieces, each with its variable, None for what is no stretch."""
        text = str.__str__(self)
        position = 0
        for start, end, variable in self.stretches:
            if start > position:
                yield text[position:start], None
            yield text[start:end], variable
            position = end
        if position < len(text):
            yield text[position:], None


def joined(parts: Iterable[str], separator: str = "") -> str:
    """``separator.join(parts)`` with the stretches of all of them."""
    listed = list(parts)
    text = str.__str__(separator).join(listed)
    if not isinstance(separator, Marked) and not any(isinstance(p, Marked) for p in listed):
        return text
    stretches: list[Stretch] = []
    position = 0
    for index, part in enumerate(listed):
        for piece in (separator, part) if index else (part,):
            if isinstance(piece, Marked):
                stretches += [
                    Stretch(position + start, position + end, variable)
                    for start, end, variable in piece.stretches
                ]
            position += len(piece)
    return Marked.of(text, stretches)


def changed(text: str, change: Callable[[str], str], expected: str | None = None) -> str:
    """``change(text)`` where ``change`` goes character by character, so that stretches keep apart.

    One stretch as a whole where it does not: what it makes of the pieces is not ``expected``.
    """
    if not isinstance(text, Marked):
        return change(text)
    if expected is None:
        expected = change(str.__str__(text))
    pieces = []
    for piece, variable in text.segments():
        new = change(piece)
        pieces.append(new if variable is None else Marked.whole(new, variable))
    result = joined(pieces)
    return result if result == expected else Marked.whole(expected, text.stretches[0].variable)
