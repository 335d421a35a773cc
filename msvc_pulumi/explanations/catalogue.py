"""The catalogue of diagnostic codes: `explanation` returns what a user should know of one.

``CODE.yaml`` beside this module is its source, for ``msvc explain`` and for the documentation:

    title: one line, what is wrong
    severity: error | warning | error or warning
    topic: one of `TOPICS`, the section it belongs to
    meaning, why, cure: paragraphs, Markdown of the simple kind
    example:                      # an input that gives this code and no other; a test runs it
      command: msvc generate -m msvc.yaml -b baseconfig.yaml      # unless stated, `COMMAND`
      environment: {NAME: value}
      files: {name: text}         # what the command reads, in the current folder
      edits:                      # the cure: in each file one text in the place of another
        - {file: msvc.yaml, remove: text, write: text}
      cured: msvc generate …      # where the cure is another command
      leaves: [code, …]           # what remains then, since the example has no cluster to answer
    see: words in the place of `example`, for what needs a cluster, a full disk and the like
    related: [code, …]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

__all__ = [
    "COMMAND",
    "TOPICS",
    "Edit",
    "Example",
    "Explanation",
    "codes",
    "explanation",
    "explanations_of",
]

TOPICS = {
    "files": "Reading files",
    "modelservice": "The ModelService",
    "baseconfig": "The BaseConfig",
    "templates": "Templates",
    "arguments": "Commands, arguments and flags",
    "pods": "Pods, volumes and resources",
    "routing": "Routing and the endpoint picker",
    "scaling": "Autoscaling and several nodes",
    "fleet": "Several ModelServices",
    "policies": "Policies",
    "drift": "Drift, adoption and objects that are there already",
    "cluster": "The cluster",
    "pulumi": "Pulumi, stacks and state",
    "tools": "Building tools, and the local control plane",
    "operator": "The operator",
    "programs": "Pulumi programs and installation",
}
CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
COMMAND = "msvc generate -m msvc.yaml -b baseconfig.yaml"


@dataclass(frozen=True, slots=True)
class Edit:
    """One text of a file in the place of another, which is in it once."""

    file: str
    remove: str
    write: str


@dataclass(frozen=True, slots=True)
class Example:
    """A command and its files that give a code, and what to change so that they do not.

    A file's content is bytes where it is no text.
    """

    command: str
    files: dict[str, str | bytes]
    environment: dict[str, str]
    edits: tuple[Edit, ...]
    cured_command: str
    leaves: tuple[str, ...]

    @property
    def cured_files(self) -> dict[str, str | bytes]:
        """The files after the edits. Raises ValueError where one does not fit its file."""
        cured = dict(self.files)
        for edit in self.edits:
            text = cured.get(edit.file, "")
            if not isinstance(text, str) or (edit.remove and text.count(edit.remove) != 1):
                raise ValueError(f"{edit.file} does not hold once: {edit.remove}")
            cured[edit.file] = text.replace(edit.remove, edit.write) if edit.remove else edit.write
        return cured


@dataclass(frozen=True, slots=True)
class Explanation:
    """What to know of one code. Where there is no `example`, ``see`` says how it comes about."""

    code: str
    title: str
    severity: str
    topic: str
    meaning: str
    why: str
    cure: str
    example: Example | None
    see: str
    related: tuple[str, ...]


def codes() -> list[str]:
    """Every code that has an explanation, sorted."""
    names = (entry.name for entry in resources.files(__package__).iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def explanation(name: str) -> Explanation:
    """What there is to know of the code ``name``. Raises KeyError if nothing is."""
    source = resources.files(__package__).joinpath(f"{name}.yaml")
    if not CODE.fullmatch(name) or not source.is_file():
        raise KeyError(name)
    import yaml  # noqa: PLC0415  slow to import

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it was built
    plain: dict[str, Any] = yaml.load(source.read_text(encoding="utf-8"), loader)  # noqa: S506
    example = plain.get("example")
    return Explanation(
        code=name,
        title=plain["title"],
        severity=plain["severity"],
        topic=plain["topic"],
        meaning=plain["meaning"].strip(),
        why=plain["why"].strip(),
        cure=plain["cure"].strip(),
        example=_example(example) if example else None,
        see=plain.get("see", "").strip(),
        related=tuple(plain.get("related", ())),
    )


def explanations_of(topic: str) -> list[Explanation]:
    """What there is to know of each code of ``topic``, a key of `TOPICS`."""
    return [entry for entry in map(explanation, codes()) if entry.topic == topic]


def _example(plain: dict[str, Any]) -> Example:
    command = plain.get("command", COMMAND)
    return Example(
        command=command,
        files=dict(plain.get("files", {})),
        environment=dict(plain.get("environment", {})),
        edits=tuple(
            Edit(item["file"], item.get("remove", ""), item["write"])
            for item in plain.get("edits", ())
        ),
        cured_command=plain.get("cured", command),
        leaves=tuple(plain.get("leaves", ())),
    )
