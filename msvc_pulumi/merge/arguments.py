"""Command-line arguments as flags: in the ``byFlag`` merge a stated flag replaces the base's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msvc_pulumi.merge.walker import SideName

__all__ = ["by_flag"]

_FLAG = re.compile(r"--?[A-Za-z]")


def by_flag(base: Sequence[str], overlay: Sequence[str]) -> list[tuple[SideName, int]]:
    """The merged order: base flags in place, each replaced by the overlay's occurrences of it.

    A flag owns the arguments up to the next flag, so ``--port 80`` and ``--port=80`` are both one
    flag. Positional arguments in front are replaced as a whole if the overlay has any; flags that
    only the overlay has come last, in its order.
    """
    base_flags, overlay_flags = _flags(base), _flags(overlay)
    result: list[tuple[SideName, int]] = []
    for flag, numbers in base_flags.items():
        side: SideName = "overlay" if flag in overlay_flags else "base"
        result += [(side, number) for number in overlay_flags.get(flag, numbers)]
    new = {flag: numbers for flag, numbers in overlay_flags.items() if flag not in base_flags}
    positional = [("overlay", number) for number in new.pop("", ())]
    added = [("overlay", number) for numbers in new.values() for number in numbers]
    return [*positional, *result, *added]  # type: ignore[list-item]


def _flags(arguments: Sequence[str]) -> dict[str, list[int]]:
    """Indices of the arguments of each flag; "" holds the positional ones in front."""
    flags: dict[str, list[int]] = {}
    current = ""
    for number, argument in enumerate(arguments):
        if _FLAG.match(argument):
            current = argument.partition("=")[0]
        flags.setdefault(current, []).append(number)
    return flags
