"""What can go wrong with a local control plane: `LocalError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["LocalError", "component_failed", "explained", "local_error"]

LOG_TAIL = 8  # lines of a failed component's log that are shown


class LocalError(ModelServiceError):
    """The local control plane cannot be started or stopped."""

    exit_code: ClassVar[int] = 3


def local_error(code: str, summary: str, help: str, *notes: str) -> LocalError:  # noqa: A002
    """The exception for one problem."""
    return LocalError([Diagnostic(code, summary, help=help, notes=notes)])


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """What the system refuses in the block is a LocalError (local-system)."""
    try:
        yield
    except OSError as problem:
        raise local_error(
            "local-system",
            f"the local control plane in {root} cannot be worked on: {problem}",
            "check permissions, free space and limits, or name another folder in MSVC_LOCAL_DIR",
        ) from problem


def component_failed(component: str, log: Path) -> LocalError:
    """The exception for a component that ended by itself, with the end of what it wrote."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    tail = (line for line in lines if line.strip())
    return local_error(
        "local-component",
        f"{component} ended while it should run",
        f"read {log}; `msvc local down` clears the way for a new start",
        *list(tail)[-LOG_TAIL:],
    )
