"""A page for each topic of diagnostics: what every code means, and an input that gives it.

Made of the catalogue that ``msvc explain`` reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.explanations import catalogue

__all__ = ["diagnostic_pages"]


def diagnostic_pages() -> Iterator[tuple[str, str]]:
    """Path and text of each page, the list of all codes first."""
    explained = [catalogue.explanation(code) for code in catalogue.codes()]
    topics = {
        topic: [one for one in explained if one.topic == topic]
        for topic in catalogue.TOPICS
        if any(one.topic == topic for one in explained)
    }
    lines = [
        "# Diagnostics",
        "",
        "Every code with its meaning, why it matters and the cure. A test runs each example before "
        "and after its cure. `msvc explain CODE` prints the same.",
        "",
    ]
    for topic, entries in topics.items():
        lines += [f"**{catalogue.TOPICS[topic]}**", ""]
        lines += [f"* [`{one.code}`]({topic}.md#{one.code}) {one.title}" for one in entries]
        lines.append("")
    yield "diagnostics/index.md", "\n".join(lines)
    places = {one.code: f"{one.topic}.md#{one.code}" for one in explained}
    for topic, entries in topics.items():
        text = [f"# {catalogue.TOPICS[topic]}", ""]
        for one in entries:
            text += _section(one, places)
        yield f"diagnostics/{topic}.md", "\n".join(text)


def _section(one: Any, places: dict[str, str]) -> Iterator[str]:
    yield from (f"## {one.code} {{ #{one.code} }}", "")
    yield from (f"**{one.title}** <small>{one.severity}</small>", "")
    yield from (one.meaning, "", one.why, "", f"**Cure.** {one.cure}", "")
    if one.example is None:
        yield from (one.see, "")
    else:
        yield from _example(one.example)
    related = [f"[`{code}`]({places[code]})" for code in one.related if code in places]
    if related:
        yield from (f"See also {', '.join(related)}.", "")


def _example(example: Any) -> Iterator[str]:
    for name, content in example.files.items():
        shown = content if isinstance(content, str) else content.decode("utf-8", "replace")
        language = "yaml" if name.endswith((".yaml", ".yml")) else "text"
        yield from (f'```{language} title="{name}"', shown.rstrip("\n"), "```", "")
    settings = "".join(f"{name}={value} " for name, value in example.environment.items())
    yield from ("```sh", f"{settings}{example.command}", "```", "")
    for edit in example.edits:
        removed = edit.remove.rstrip("\n")
        yield f"In `{edit.file}`" + (" write" if removed else " write instead of all")
        yield ""
        yield "```diff"
        yield from (f"- {line}" for line in removed.splitlines())
        yield from (f"+ {line}" for line in edit.write.rstrip("\n").splitlines())
        yield from ("```", "")
    if example.cured_command != example.command:
        yield from ("Run instead", "", "```sh", example.cured_command, "```", "")
