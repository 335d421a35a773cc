"""Returns a number with its noun, as sentences count."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str = "") -> str:
    """The number and its noun: ``1 object``, ``2 objects``; ``many`` where s is not the plural."""
    return f"{number} {one if number == 1 else many or one + 's'}"
