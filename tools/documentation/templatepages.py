"""The pages of template functions, filters and tests, made of the examples that a test renders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from pathlib import Path

from templateexamples import Example, examples, themes

from msvc_pulumi.gotemplate.execute.functions import _HELM, DISABLED

__all__ = ["go_functions", "jinja_names", "variables"]

INTRODUCTION = """\
All examples are rendered by a test, for the ModelService of the page
[Templates](../templates.md)."""


def go_functions(root: Path) -> str:
    """The page of Go's dialect."""
    lines = [
        "# Go template functions",
        "",
        "Go's own functions and those of [sprig](https://masterminds.github.io/sprig/) 3.3.0, with "
        f"`getPort`. {INTRODUCTION}",
        "",
        *_themes(themes(root, "go.yaml")),
        "## Functions that are off",
        "",
        "A template that names one is the error `template-disabled`: the same input must give the "
        "same objects, and show nothing of the machine.",
        "",
    ]
    for reason, names in groupby(sorted(DISABLED, key=DISABLED.__getitem__), DISABLED.__getitem__):
        lines.append(f"* {', '.join(f'`{name}`' for name in sorted(names))}: {reason}")
    lines += ["", "## Functions of Helm", "", "They are not Go's or sprig's.", ""]
    for name, advice in sorted(_HELM.items()):
        shown = advice.replace("toJson", "`toJson`") if "{{" not in advice else f"`{advice}`"
        lines.append(f"* `{name}`{': ' * bool(advice)}{shown}")
    lines.append("")
    return "\n".join(lines)


def jinja_names(root: Path) -> str:
    """The page of the other dialect."""
    lines = [
        "# Jinja2 filters and tests",
        "",
        "Jinja2 3.1, sandboxed and strict: a name that is not there is an error. Loops, `if` and "
        "macros are as in [Jinja's own manual]"
        "(https://jinja.palletsprojects.com/en/stable/templates/); what loads another template "
        f"(`include`, `import`, `extends`) is off. {INTRODUCTION}",
        "",
        *_themes(themes(root, "jinja2.yaml")),
    ]
    return "\n".join(lines)


def variables(root: Path) -> str:
    """The table of variables."""
    lines = ["| variable | is | in the example |", "|---|---|---|"]
    for one in examples(root, "variables.yaml"):
        lines.append(f"| `{one.name}` | {one.does} | `{one.gives}` |")
    return "\n".join(lines)


def _themes(found: Mapping[str, list[Example]]) -> Iterator[str]:
    for theme, entries in found.items():
        yield f"## {theme}"
        yield ""
        yield '<dl class="examples">'
        for one in entries:
            yield f"<dt><code>{escape(one.name)}</code> {escape(one.does)}</dt>"
            shown = escape(one.gives).replace("\n", "⏎<br>")
            yield f"<dd><code>{escape(one.template)}</code> → <samp>{shown}</samp></dd>"
        yield "</dl>"
        yield ""
