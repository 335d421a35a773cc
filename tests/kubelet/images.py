"""What stands for an image: a static program, or the programs of this machine."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["NOBODY", "Image", "Words", "adapted", "dump", "find", "load"]

NOBODY = 65532  # the user of images without a shell


@dataclass(frozen=True, slots=True)
class Words:
    """A container's command line and what it may look at."""

    command: list[str]
    args: list[str]
    environment: dict[str, str]
    read: Callable[[str], str]
    """The text of a file, by its path inside the container."""


@dataclass(frozen=True, slots=True)
class Image:
    """A program, the entrypoint of the image; none stands for this machine's own programs.

    ``adapter`` names a function (``module:function``) that makes the program's arguments and
    environment of `Words`, where program and image do not take the same ones.
    """

    program: str = ""
    adapter: str = ""
    user: int = NOBODY


def dump(images: Mapping[str, Image], file: Path) -> None:
    """``file`` holds what `load` reads."""
    file.write_text(json.dumps({name: asdict(image) for name, image in images.items()}))


def load(file: Path) -> dict[str, Image]:
    stated: dict[str, Any] = json.loads(file.read_text())
    return {name: Image(**image) for name, image in stated.items()}


def find(images: Mapping[str, Image], reference: str) -> Image | None:
    """What stands for an image: as it is written, else for every tag of its repository."""
    repository, slash, name = reference.partition("@")[0].rpartition("/")
    return images.get(reference) or images.get(repository + slash + name.partition(":")[0])


def adapted(image: Image, words: Words) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment of the image's program."""
    if image.adapter:
        module, _, function = image.adapter.partition(":")
        made: tuple[list[str], dict[str, str]] = getattr(importlib.import_module(module), function)(
            words
        )
        return made
    if not image.program:
        return [*words.command, *words.args], words.environment
    # A command takes the place of the entrypoint: its first word names the one program there is.
    return [*words.command[1:], *words.args], words.environment
