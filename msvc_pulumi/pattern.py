"""Regular expressions that most runs do without: compiled when first used, not when imported."""

from __future__ import annotations

import re
from typing import Any, cast

__all__ = ["pattern"]

METHODS = ("fullmatch", "match", "search", "sub", "split", "findall", "finditer")


class _Pattern:
    """Becomes the compiled pattern's methods once one of them is asked for."""

    def __init__(self, source: str, flags: int) -> None:
        self._written = (source, flags)

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._written)
        for method in METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """The compiled ``source`` to all that call its methods; a wrong one is only found then."""
    return cast("re.Pattern[str]", _Pattern(source, flags))
