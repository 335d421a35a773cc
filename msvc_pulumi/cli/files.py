"""Folders that commands write: nothing of anybody else's is replaced or removed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from msvc_pulumi.document.sourcefile import read_source
from msvc_pulumi.errors import Diagnostic, LoadError
from msvc_pulumi.out.kustomization import (
    KUSTOMIZATION,
    OTHER_NAMES,
    is_edited,
    listed,
    to_kustomization,
)
from msvc_pulumi.plan import Plan

__all__ = ["refuse_existing", "write_base", "write_new"]


def write_new(folder: Path, texts: Mapping[str, str]) -> None:
    """Write ``texts``, by file name, into ``folder``.

    Raises LoadError if one of them is there already, or cannot be written.
    """
    refuse_existing(folder, texts)
    _write(folder, texts)


def write_base(folder: Path, plans: Iterable[Plan]) -> list[str]:
    """Write a Kustomize base into ``folder`` in place of the one written there before.

    Returns the names of its files. Raises LoadError if a file of somebody else's is in the way, one
    that was written here was edited since, or one cannot be written.
    """
    texts = to_kustomization(plans)
    before = _written_before(folder)
    refuse_existing(folder, OTHER_NAMES)  # Kustomize takes one of them, and refuses two
    ours = {KUSTOMIZATION, *before} if before else set()
    # What a run that broke off has left is as this one writes it.
    refuse_existing(folder, [name for name in texts if name not in ours], texts)
    # The list last: a run that breaks off leaves one that still names every file of ours.
    lasting = {name: text for name, text in texts.items() if name != KUSTOMIZATION}
    _write(folder, {**lasting, KUSTOMIZATION: texts[KUSTOMIZATION]})
    for name in before:
        if name not in texts:
            (folder / name).unlink(missing_ok=True)
    return list(texts)


def _written_before(folder: Path) -> list[str]:
    """The files of the base in ``folder``. Raises LoadError if its list was edited."""
    kustomization = folder / KUSTOMIZATION
    if not kustomization.is_file():
        return []
    text = read_source(str(kustomization)).text
    if is_edited(text):
        raise _existing(
            kustomization,
            "was edited since it was written, and what it lists may be yours",
            "keep your changes in an overlay that has this folder among its resources, "
            "and move the edited file away",
        )
    return listed(text)


def refuse_existing(
    folder: Path, names: Iterable[str], texts: Mapping[str, str] | None = None
) -> None:
    """Raises LoadError if one of the files ``names`` is in ``folder``, also as a link to nowhere.

    One that holds what it has in ``texts`` is no reason.
    """
    for name in names:
        file = folder / name
        if os.path.lexists(file) and not (texts and _holds(file, texts[name])):
            raise _existing(file, "is there already", "name another folder, or move it away")


def _existing(file: Path, what: str, remedy: str) -> LoadError:
    return LoadError([Diagnostic("file-exists", f"{file} {what}", help=remedy)])


def _holds(file: Path, text: str) -> bool:
    try:
        return not file.is_symlink() and file.read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        return False


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Each file whole or not at all, and in place of a link rather than through it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            part = folder / f".{name}.part"
            part.unlink(missing_ok=True)
            try:
                with part.open("x", encoding="utf-8") as file:
                    file.write(text)
                part.replace(folder / name)
            finally:
                part.unlink(missing_ok=True)
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
