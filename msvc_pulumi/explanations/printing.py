"""An explanation as people and programs read it: `text`, `plain`, and the list of all."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from msvc_pulumi.explanations.catalogue import TOPICS, Example, Explanation

__all__ = ["overview", "plain", "plain_list", "text", "topic"]

WIDTH = 88
MARGIN = "    "


def text(entry: Explanation) -> str:
    """All of ``entry``, ending with a line end."""
    return "\n".join(_lines(entry)) + "\n"


def overview(entries: Sequence[Explanation]) -> str:
    """All codes with their titles, by topic."""
    lines = [
        "msvc explain FIELD    a field: spec, spec.decode.replicas, data, decodeDeployment.spec",
        "msvc explain TOPIC    the codes of one topic; topics are in brackets below",
        "msvc explain CODE     a diagnostic code:",
    ]
    width = max(len(entry.code) for entry in entries)
    for name in TOPICS:
        listed = [entry for entry in entries if entry.topic == name]
        lines += ["", *_section(name, listed, width)]
    return "\n".join(lines) + "\n"


def topic(name: str, entries: Sequence[Explanation]) -> str:
    """The codes of the topic ``name`` with their titles."""
    lines = _section(name, entries, max(len(entry.code) for entry in entries))
    return "\n".join([*lines, "", "msvc explain CODE     what one means, and its cure"]) + "\n"


def plain(entry: Explanation) -> dict[str, Any]:
    """``entry`` as data for JSON; empty members are left out."""
    example = entry.example
    data = {
        "code": entry.code,
        "title": entry.title,
        "severity": entry.severity,
        "topic": TOPICS[entry.topic],
        "meaning": entry.meaning,
        "why": entry.why,
        "cure": entry.cure,
        "example": _plain_example(example) if example else None,
        "see": entry.see,
        "related": list(entry.related),
    }
    return {key: value for key, value in data.items() if value}


def plain_list(entries: Sequence[Explanation]) -> list[dict[str, str]]:
    """Code, title, severity and topic of every entry."""
    return [
        {
            "code": entry.code,
            "title": entry.title,
            "severity": entry.severity,
            "topic": TOPICS[entry.topic],
        }
        for entry in entries
    ]


def _lines(entry: Explanation) -> Iterator[str]:
    yield f"{entry.code} ({entry.severity})"
    yield f"{entry.title}."
    for paragraph in (entry.meaning, entry.why):
        yield ""
        yield from _filled(paragraph)
    yield ""
    yield "Cure:"
    yield from _filled(entry.cure, MARGIN)
    if entry.example is not None:
        yield ""
        yield from _example(entry.example)
    if entry.see:
        yield ""
        yield "To see it:"
        yield from _filled(entry.see, MARGIN)
    if entry.related:
        yield ""
        yield f"See also: {', '.join(entry.related)}"


def _section(name: str, entries: Sequence[Explanation], width: int) -> list[str]:
    titles = (f"  {entry.code:<{width}}  {entry.title}" for entry in entries)
    return [f"{TOPICS[name]} [{name}]:", *titles]


def _filled(paragraphs: str, margin: str = "") -> Iterator[str]:
    for number, paragraph in enumerate(paragraphs.split("\n\n")):
        if number:
            yield ""
        yield from textwrap.wrap(
            " ".join(paragraph.split()),
            WIDTH,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _example(example: Example) -> Iterator[str]:
    yield "Example:"
    for name, content in example.files.items():
        yield f"{MARGIN}# {name}"
        yield from (f"{MARGIN}{line}".rstrip() for line in _shown(content).splitlines())
    settings = "".join(f"{name}={value} " for name, value in example.environment.items())
    yield f"{MARGIN}$ {settings}{example.command}"
    if example.edits or example.cured_command != example.command:
        yield ""
        yield "Cured by:"
    for name, content in example.cured_files.items():
        if (before := example.files.get(name, "")) != content:
            yield f"{MARGIN}# {name}"
            yield from _changed(_shown(before), _shown(content))
    if example.cured_command != example.command:
        yield f"{MARGIN}$ {settings}{example.cured_command}"


def _changed(before: str, after: str) -> Iterator[str]:
    """The lines that change, each with its sign."""
    differences = difflib.ndiff(before.splitlines(), after.splitlines())
    yield from (f"{MARGIN}{line}" for line in differences if line.startswith(("-", "+")))


def _shown(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("ascii", "backslashreplace")


def _plain_example(example: Example) -> dict[str, Any]:
    data: dict[str, Any] = {
        "command": example.command,
        "environment": example.environment,
        "files": {
            name: content if isinstance(content, str) else content.decode("latin-1")
            for name, content in example.files.items()
        },
        "edits": [
            {"file": edit.file, "remove": edit.remove, "write": edit.write}
            for edit in example.edits
        ],
    }
    if example.cured_command != example.command:
        data["cured"] = example.cured_command
    return {key: value for key, value in data.items() if value}
