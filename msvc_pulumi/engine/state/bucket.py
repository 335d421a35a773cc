"""`Bucket`: where a backend keeps its files, read and written without asking the engine.

The engine keeps stacks, locks and history as objects with names like paths, in a folder as in S3 or
in a table of Postgres (``pkg/backend/diy/bucket.go``); so whoever reads one reads them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Protocol

from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["Bucket", "BucketError", "FolderBucket"]

# Folders that the engine makes for one stack lie deeper than this; those above it are of all.
SHARED_DEPTH = 3


class BucketError(ModelServiceError):
    """The backend's storage does not do what it is asked to."""

    exit_code: ClassVar[int] = 3

    @classmethod
    def of(cls, name: str, problem: object) -> BucketError:
        """The exception for a storage called ``name``, which holds no secret."""
        return cls(
            [
                Diagnostic(
                    "backend-unreachable",
                    f"the backend {name} cannot be used: {problem}",
                    help="check PULUMI_BACKEND_URL, the credentials (AWS_… or PG…) and that the "
                    "bucket or database exists",
                )
            ]
        )


class Bucket(Protocol):
    """Objects by key, safe to use from several threads. Every method may raise BucketError."""

    @property
    def name(self) -> str:
        """Its URL, without credentials."""
        ...

    @property
    def remote(self) -> bool:
        """Whether every call is a journey over the network."""
        ...

    def read(self, key: str) -> bytes | None:
        """What is kept as ``key``, None if nothing is."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Keep ``content`` as ``key``: at any moment there is all of the old, or all of this."""
        ...

    def exists(self, key: str) -> bool:
        """Whether anything is kept as ``key``."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """Every key that begins with ``prefix``, in order."""
        ...

    def remove(self, keys: Iterable[str]) -> None:
        """Keep nothing as any of ``keys``."""
        ...

    def close(self) -> None:
        """End its connections; they are made anew when it is used again."""
        ...


class FolderBucket:
    """The files of one folder."""

    remote = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = folder.as_uri()

    def read(self, key: str) -> bytes | None:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, key: str, content: bytes) -> None:
        file = self._folder / key
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = file.with_name(f".{file.name}.partial")
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())  # it survives a power cut
        partial.replace(file)

    def exists(self, key: str) -> bool:
        return (self._folder / key).is_file()

    def keys(self, prefix: str) -> list[str]:
        parent, _, start = prefix.rpartition("/")
        folder = self._folder / parent
        found = (
            file.relative_to(self._folder).as_posix()
            for child in folder.glob(f"{start}*")
            for file in (child.rglob("*") if child.is_dir() else (child,))
            if file.is_file()
        )
        return sorted(key for key in found if not key.endswith(".partial"))

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            file = self._folder / key
            file.unlink(missing_ok=True)
            if len(file.relative_to(self._folder).parts) > SHARED_DEPTH + 1:
                with suppress(OSError):  # it is not empty yet
                    file.parent.rmdir()

    def close(self) -> None:
        """There is nothing to end."""
