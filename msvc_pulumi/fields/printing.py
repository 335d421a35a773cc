"""A field as people and programs read it: `text`, `tree`, and `plain` for JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msvc_pulumi.errors import Diagnostic, LoadError
from msvc_pulumi.explanations import catalogue
from msvc_pulumi.fields.examples import example
from msvc_pulumi.fields.lookup import similar
from msvc_pulumi.fields.merging import counterparts, is_template, merge_rule, set_by_program
from msvc_pulumi.fields.tree import ITEM, Node, below
from msvc_pulumi.interpolation.sectiontypes import SECTIONS
from msvc_pulumi.nearest import nearest

__all__ = ["plain", "plain_tree", "text", "tree", "unknown"]

WIDTH = 88
MARGIN = "    "


def text(node: Node) -> str:
    """All that is known of a field, and the fields in it."""
    lines = [f"{node}  <{node.type_name}>{_required(node)}"]
    description = " ".join(_description(node).replace("``", "").split())
    if description:
        lines += ["", *textwrap.wrap(description, WIDTH)]
    facts = _facts(node)
    if facts:
        lines.append("")
        width = max(map(len, facts)) + 2
        for name, value in facts.items():
            first, *rest = value if isinstance(value, list) else [value]
            lines += _fact(f"{name}:", first, width)
            for other in rest:
                lines += _fact("", other, width)
    if shown := example(node):
        lines += ["", "Example:", *textwrap.indent(shown, MARGIN).splitlines()]
    if node.children:
        lines += ["", "Fields:"]
        for child in node.children:
            lines.append(f"  {child.name}  <{child.type_name}>{_required(child)}")
            if child.description:
                lines += textwrap.wrap(
                    child.description,
                    WIDTH,
                    initial_indent=MARGIN,
                    subsequent_indent=MARGIN,
                )
    return "\n".join(lines) + "\n"


def tree(node: Node) -> str:
    """The names of all fields in a field, each a line."""
    lines = [f"{node}  <{node.type_name}>"]
    start = _depth(node)
    for inner in below(node):
        indent = "  " * (_depth(inner) - start)
        lines.append(f"{indent}{inner.name}  <{inner.type_name}>{_required(inner)}")
    return "\n".join(lines) + "\n"


def plain(node: Node) -> dict[str, Any]:
    """What `text` prints, as data; empty members are left out."""
    data = {
        "field": str(node),
        "type": node.type_name,
        "required": node.required,
        "description": _description(node),
        **{name.replace(" ", "-"): value for name, value in _facts(node).items()},
        "example": example(node),
        "fields": [
            {"name": child.name, "type": child.type_name, "description": child.description}
            for child in node.children
        ],
    }
    return {key: value for key, value in data.items() if value or key == "default"}


def plain_tree(node: Node) -> list[dict[str, Any]]:
    """Path, type and description of a field and all fields in it."""
    return [
        {"field": str(inner), "type": inner.type_name, "description": inner.description}
        for inner in (node, *below(node))
    ]


def unknown(name: str, several: Sequence[Node], commands: Collection[str] = ()) -> LoadError:
    """The exception for a name of nothing, of one of the ``commands``, or of several fields."""
    if several:
        paths = ", ".join(map(str, several))
        problem = Diagnostic(
            "ambiguous-name", f'"{name}" is a field in several places', help=f"name one: {paths}"
        )
        return LoadError([problem])
    known = [*catalogue.codes(), *catalogue.TOPICS]
    close = nearest(name, known) if "-" in name else None
    close = close or similar(name) or nearest(name, known)
    remedy = f"did you mean {close}?" if close else "`msvc explain` lists what there is"
    if name in commands:
        remedy = f"it is a command: `msvc {name} --help` says what it does"
    return LoadError(
        [Diagnostic("unknown-name", f'"{name}" is no field, code or topic', help=remedy)]
    )


def _description(node: Node) -> str:
    if node.description or not node.kubernetes_types:
        return node.description
    names = " or ".join(node.kubernetes_types)
    return f"{'Items are' if node.type_name.startswith('list') else 'Is'} of the type {names}."


def _facts(node: Node) -> dict[str, Any]:
    """Name → one line or several; only what there is to say."""
    others = counterparts(node)
    facts: dict[str, Any] = {
        "set in": _set_in(node),
        "joins": [_path(steps) for steps in others],
        "merge": merge_rule(node, others),
        "template": _template(node),
        "default": _default(node),
        "limits": _limits(node),
        "more": _more(node, others),
    }
    if set_by_program(node):
        facts["merge"] = "the program sets it, whatever is stated here"
    return {name: value for name, value in facts.items() if value not in ("", [])}


def _set_in(node: Node) -> str:
    match node.steps[0]:
        case "spec":
            return "the ModelService" + (" and the BaseConfig" if counterparts(node) else "")
        case "data":
            return "the BaseConfig" + (" and the ModelService" if counterparts(node) else "")
        case "status":
            return "the operator"
    return ""


def _template(node: Node) -> str:
    if node.steps[0] not in ("spec", "data") or (node.children and node.steps[0] == "spec"):
        return ""
    if not is_template(node):
        return "no: taken as it is written" if node.steps[0] == "spec" else ""
    if node.steps[0] == "spec":
        return "yes, Go's language with sprig, or Jinja2; with small bounds"
    return "yes, as the whole section: Go's language with sprig, or Jinja2"


def _more(node: Node, others: Sequence[Sequence[str]]) -> str:
    """What Kubernetes says of the field."""
    for steps in (node.steps, *others):
        kinds = SECTIONS.get(steps[1], "") if steps[0] == "data" and len(steps) > 2 else ""
        if kinds:
            path = [step for step in steps[2:] if step != ITEM]
            return f"kubectl explain {'.'.join([kinds.rpartition('.')[2].lower(), *path])}"
    return ""


def _default(node: Node) -> str:
    if node.api.default is None:
        return ""
    return f"{node.api.default}, filled in by the API server"


def _limits(node: Node) -> str:
    api = node.api
    found = [
        f"one of {', '.join(api.values)}" if api.values else "",
        f"at least {api.minimum}" if api.minimum is not None else "",
        f"at most {api.maximum}" if api.maximum is not None else "",
        f"at most {api.max_length} characters" if api.max_length is not None else "",
        f"at least {api.min_items} items" if api.min_items is not None else "",
        f"at most {api.max_items} items" if api.max_items is not None else "",
        "cannot be changed later" if api.immutable else "",
    ]
    return "; ".join(filter(None, found))


def _fact(name: str, value: str, width: int) -> Iterator[str]:
    yield from textwrap.wrap(
        value,
        WIDTH,
        initial_indent=f"{name:<{width}}",
        subsequent_indent=" " * width,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _path(steps: Sequence[str]) -> str:
    return ".".join(steps).replace(f".{ITEM}", ITEM)


def _required(node: Node) -> str:
    return "  required" if node.required else ""


def _depth(node: Node) -> int:
    return sum(step != ITEM for step in node.steps)
