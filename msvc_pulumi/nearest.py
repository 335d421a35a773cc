"""Returns the known name that is meant by one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

__all__ = ["nearest"]

_LONGEST_NAME = 64  # characters of a name that a nearest one is looked for
_MOST_NAMES = 500  # that it is compared with


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name a user most likely meant by ``name``, or None if nothing comes close.

    Of a flood of known names only the first few hundred of a similar length are compared.
    """
    if not 0 < len(name) <= _LONGEST_NAME:
        return None
    from difflib import get_close_matches  # noqa: PLC0415  only mistakes need it

    # Two texts are alike to 0.7 at most where neither is twice as long as the other.
    similar = (item for item in known if len(name) < 2 * len(item) and len(item) < 2 * len(name))
    candidates = {item.lower(): item for item in sorted(islice(similar, _MOST_NAMES))}
    matches = get_close_matches(name.lower(), candidates, n=1, cutoff=0.7)
    return candidates[matches[0]] if matches else None
