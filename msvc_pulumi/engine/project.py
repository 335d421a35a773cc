"""Pulumi projects: `find_project` returns the folder of this one, `find_program` of any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.errors import Diagnostic

__all__ = ["PROJECT", "current_folder", "find_program", "find_project", "mapping_of"]

PROJECT = "modelservice"
FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")  # all of which pulumi goes by


def current_folder() -> Path:
    """The folder that this process runs in. Raises EngineError if it is not there any more."""
    try:
        return Path.cwd()
    except FileNotFoundError as problem:
        summary = "the folder that this runs in is not there any more"
        told = Diagnostic("file-not-found", summary, help="go to another folder")
        raise EngineError([told]) from problem


def find_project(start: Path) -> Path:
    """The folder with this project's Pulumi.yaml, at or above ``start``. Raises EngineError."""
    for folder in (start, *start.parents):
        if mapping_of(folder / "Pulumi.yaml").get("name") == PROJECT:
            return folder
    raise EngineError(
        [
            Diagnostic(
                "project-missing",
                f"there is no Pulumi project {PROJECT} in {start} or above it",
                help="name the ModelServices with -m, or go to a checkout of this project",
            )
        ]
    )


def find_program(start: Path) -> Path | None:
    """The folder of the Pulumi project that ``start`` is in, whosever it is; None if in none."""
    folders = (start, *start.parents)
    return next((one for one in folders if any((one / name).is_file() for name in FILES)), None)


def mapping_of(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file, {} if there is none."""
    try:
        value = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return value if isinstance(value, dict) else {}
