"""What broke no rule before, so that it is not looked at again.

The ModelServices of one BaseConfig share most of what they are made of: of a thousand, each
container is looked at once.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator
from typing import Any

from msvc_pulumi.rules.finding import Finding

__all__ = ["Cleared"]

LIMIT = 1024  # values that are remembered
PLAIN = 2  # the version of marshal that writes equal values alike, whoever else refers to them


class Cleared:
    """A memory of values for one set of rules; thread-safe, since it only ever forgets work."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def broken(self, value: Any, rules: Iterable[Finding]) -> Iterator[Finding]:
        """The findings of ``rules``, which must depend on ``value`` alone but for their paths."""
        try:
            written = marshal.dumps(value, PLAIN)
        except ValueError:  # nothing that a document can hold
            yield from rules
            return
        if written in self._known:
            return
        clean = True
        for finding in rules:
            clean = False
            yield finding
        if clean:
            if len(self._known) >= LIMIT:
                self._known.clear()
            self._known.add(written)
