"""Folders that commands write: nothing of anybody else's is replaced or removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msvc_pulumi.document.sourcefile import read_source
from msvc_pulumi.errors import Diagnostic, LoadError
from msvc_pulumi.kustomization import KUSTOMIZATION, listed, to_kustomization
from msvc_pulumi.plan import Plan

__all__ = ["refuse_existing", "write_base", "write_new"]


def write_new(folder: Path, texts: Mapping[str, str]) -> None:
    """Write ``texts``, by file name, into ``folder``.

    Raises LoadError if one of them is there already, or cannot be written.
    """
    refuse_existing(folder, texts)
    _write(folder, texts)


def write_base(folder: Path, plans: Iterable[Plan]) -> None:
    """Write a Kustomize base into ``folder`` in place of the one written there before.

    Raises LoadError if a file of somebody else's is in the way, or one cannot be written.
    """
    texts = to_kustomization(plans)
    kustomization = folder / KUSTOMIZATION
    before = listed(read_source(str(kustomization)).text) if kustomization.exists() else []
    ours = {KUSTOMIZATION, *before} if before else set()
    refuse_existing(folder, [name for name in texts if name not in ours])
    # The list last: a run that breaks off leaves one that still names every file of ours.
    lasting = {name: text for name, text in texts.items() if name != KUSTOMIZATION}
    _write(folder, {**lasting, KUSTOMIZATION: texts[KUSTOMIZATION]})
    for name in before:
        if name not in texts:
            (folder / name).unlink(missing_ok=True)


def refuse_existing(folder: Path, names: Iterable[str]) -> None:
    """Raises LoadError if one of the files ``names`` is in ``folder``."""
    existing = next((name for name in names if (folder / name).exists()), None)
    if existing is not None:
        raise LoadError(
            [
                Diagnostic(
                    "file-exists",
                    f"{folder / existing} is there already",
                    help="name another folder, or move it away",
                )
            ]
        )


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise LoadError(
            [
                Diagnostic(
                    "file-unwritable",
                    f"{problem.filename or folder} cannot be written: {problem.strerror}",
                    help="name another folder",
                )
            ]
        ) from problem
