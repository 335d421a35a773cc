"""Returns what one template may cost, at the two trust levels.

Go's text/template has no bounds at all; these exist because authors of templates are trusted more
or less.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NARROW", "WIDE", "Profile"]


class Profile(NamedTuple):
    """How much one template may cost.

    ``source`` and ``output`` count characters, ``value`` the characters of one string that a
    function makes or takes, ``items`` the items of one list or map, ``memory`` the bytes of all
    values ever made in one render, ``steps`` executed nodes, calls and iterations, ``work``
    elements visited inside functions, ``nesting`` blocks or parentheses in the source, ``depth``
    template calls, ``derivations`` calls of derivePassword, ``seconds`` the processor time of the
    rendering thread (so that a busy machine fails nobody).
    """

    name: str
    source: int
    tokens: int
    nesting: int
    output: int
    value: int
    items: int
    memory: int
    steps: int
    work: int
    depth: int
    derivations: int
    seconds: float


NARROW = Profile(
    name="narrow",
    source=4 << 10,
    tokens=2_000,
    nesting=20,
    output=16 << 10,
    value=64 << 10,
    items=10_000,
    memory=4 << 20,
    steps=2_000,
    work=50_000,
    depth=20,
    derivations=1,
    seconds=0.5,
)
"""For templates whose authors are trusted with little."""

WIDE = Profile(
    name="wide",
    source=1 << 20,
    tokens=50_000,
    nesting=50,
    output=1 << 20,
    value=256 << 10,
    items=20_000,
    memory=32 << 20,
    steps=100_000,
    work=400_000,
    depth=40,
    derivations=2,
    seconds=0.6,
)
"""For templates whose authors set up what others use."""
