"""The folder of a plane: `held` gives it to one command at a time, `cleared` empties it safely."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msvc_pulumi.local.components import Layout
from msvc_pulumi.local.failure import local_error

__all__ = ["clear", "default_directory", "held", "refuse_foreign"]


def default_directory() -> Path:
    """Where the user's plane lives: MSVC_LOCAL_DIR, else below XDG_STATE_HOME."""
    if stated := os.environ.get("MSVC_LOCAL_DIR"):
        return Path(stated).expanduser().absolute()
    root = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(root) / "msvc-pulumi" / "local"


def refuse_foreign(layout: Layout) -> None:
    """Raises LocalError (local-directory) if the folder holds anything and was not made here."""
    if layout.state.exists() or not layout.root.exists():
        return
    if not layout.root.is_dir() or any(path != layout.logs for path in layout.root.iterdir()):
        raise local_error(
            "local-directory",
            f"{layout.root} is in use for something else",
            "name an empty or a new folder in MSVC_LOCAL_DIR",
        )


@contextmanager
def held(layout: Layout) -> Iterator[None]:
    """The folder exists and no other command changes it meanwhile; left empty, it is removed."""
    while True:
        refuse_foreign(layout)
        layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            handle = os.open(layout.root, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Whoever held it may have removed it: then this is the lock of a folder of the past.
            if layout.root.exists() and layout.root.stat().st_ino == os.fstat(handle).st_ino:
                break
            os.close(handle)
    try:
        yield
    finally:
        with suppress(OSError):  # not empty
            layout.root.rmdir()
        os.close(handle)


def clear(layout: Layout, *, logs: bool) -> None:
    """Nothing of a plane is left in its folder, but the logs unless asked for."""
    for path in (*layout.contents, *((layout.logs,) if logs else ())):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
