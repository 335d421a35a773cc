"""What shells complete of ``msvc``: `script` returns the text that ``make completions`` made."""

from __future__ import annotations

import pkgutil

__all__ = ["SHELLS", "script"]

SHELLS = ("bash", "fish", "zsh")


def script(shell: str) -> str:
    """The completion script of one of `SHELLS`."""
    data = pkgutil.get_data(__name__, f"msvc.{shell}")
    assert data is not None  # noqa: S101  only a loader without files says so
    return data.decode()
