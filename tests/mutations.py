"""Samples with mistakes in them: each number stands for one, always the same."""

from __future__ import annotations

import json
import pickle
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi import report
from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostics, ModelServiceError
from msvc_pulumi.out import text as output
from msvc_pulumi.plan import Plan, plan_model_service

__all__ = ["ALL", "QUICK", "mutated", "outcome"]

ALL = 5_000
QUICK = 1_000  # of them in the unit tests

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SAMPLES = Path(__file__).parents[1] / "samples"


def _nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 2**64, 2**70, 1.5, 1e400, float("nan"), -1e-9),
    *(
        "",
        " ",
        "x",
        "X" * 2_000,
        "é" * 80,
        "a\nb\n",
        "\t",
        "\x01",
        "\x7f",
        "\u202e",
        "\ufeff",
        "\u2028",
    ),
    *("{{", "{{ .ModelName", "{{ .Nothing }}", '{{ getPort "x" }}', "{{ ModelName }}", "{% if %}"),
    *(
        "0x1f",
        "1_000",
        "1e3",
        ".5",
        "~",
        "<<",
        "2001-01-01",
        "1:30",
        "yes",
        "1Gi",
        "-5m",
        "1e99999",
    ),
    *(
        "hf://",
        "pvc://a",
        "oci://a/b",
        "hf://a/b/c",
        "../..",
        "%zz",
        "--a=",
        "a.b",
        "-",
        "*",
        "&a",
        "!x",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        [{}],
        {"": ""},
        {"a": None},
        [1, "a", None],
        {"name": "x"},
        [{"name": 1}],
    ),
    *(_nested(60), _nested(130)),
)
_KEYS = (
    "",
    "x",
    "Name",
    "name",
    "spec",
    "args",
    "kind",
    "a.b",
    "[0]",
    "é",
    "yes",
    "1",
    "~",
    "<<",
    "a b",
)
_LINES = (
    *("- ", "? x", "x: &a [*a]", "<<: {a: 1}", "!!binary x", "!!int x: 1", "&a a: *a", "*b", "---"),
    *(
        "...",
        "%YAML 3.0",
        "\t- x",
        "{",
        "]",
        "'",
        '"',
        "|",
        "> ",
        "a: b: c",
        "# \x07",
        "x: !!set {a}",
    ),
    *("{{ end }}", "{{ range .X }}", "{{- /* ", "{% endfor %}", "data:", "  name: \ud83d\ude00"),
)


@cache
def _samples() -> tuple[tuple[str, str], ...]:
    return tuple(
        tuple(
            (folder / name).read_text(encoding="utf-8") for name in ("msvc.yaml", "baseconfig.yaml")
        )
        for folder in sorted(SAMPLES.iterdir())
        if (folder / "msvc.yaml").exists()
    )


def mutated(number: int) -> tuple[str, str]:
    """The texts of a ModelService and a BaseConfig, of which one or both have mistakes."""
    chance = random.Random(number)  # noqa: S311 - no secret
    texts = list(chance.choice(_samples()))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        which = chance.randrange(2)
        texts[which] = chance.choice(_MUTATIONS)(texts[which], chance)
    return texts[0], texts[1]


# --- values ---


def _in_values(text: str, chance: random.Random) -> str:
    """One value of the document, or of a section in it, has changed its place, name or type."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return _in_lines(text, chance)
    holders = list(_holders(document))
    if not holders:
        return _in_lines(text, chance)
    holder, key = chance.choice(holders)
    change = chance.randrange(7)
    if change < 2:
        holder[key] = chance.choice(_VALUES)
    elif change == 2:
        del holder[key]
    elif change == 3 and isinstance(holder, dict):
        holder[chance.choice((*_KEYS, str(key).upper(), f"{key}s"))] = holder.pop(key)
    elif change == 4:
        other, other_key = chance.choice(holders)
        holder[key] = json.loads(json.dumps(other[other_key], default=str))
    elif change == 5 and isinstance(holder, dict):
        holder[chance.choice(_KEYS)] = chance.choice(_VALUES)
    elif isinstance(holder, list):
        holder.extend([holder[key]] * chance.choice((1, 2, 50)))
    else:
        holder[key] = [holder[key]] if chance.random() < 0.5 else {str(key): holder[key]}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=chance.random() < 0.5)


def _holders(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping or list below ``value`` with each of its keys."""
    if isinstance(value, dict | list):
        pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
        for key, member in pairs:
            yield value, key
            yield from _holders(member)


def _in_section(text: str, chance: random.Random) -> str:
    """One value of a section of a BaseConfig has changed; its templates are put aside meanwhile."""
    document = yaml.safe_load(text)
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        return _in_values(text, chance)
    names = [name for name, section in data.items() if isinstance(section, str)]
    if not names:
        return _in_values(text, chance)
    name = chance.choice(names)
    templates = _TEMPLATE.findall(data[name])
    section = data[name]
    for index, template in enumerate(templates):
        section = section.replace(template, f"T{index}T", 1)
    section = _in_values(section, chance)
    for index, template in enumerate(templates):
        section = section.replace(f"T{index}T", template)
    data[name] = section
    return yaml.safe_dump(document, sort_keys=False)


# --- texts ---


def _in_lines(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    number = chance.randrange(len(lines))
    change = chance.randrange(7)
    if change == 0:
        del lines[number]
    elif change == 1:
        lines.insert(number, lines[chance.randrange(len(lines))])
    elif change == 2:
        lines.insert(number, " " * chance.randrange(12) + chance.choice(_LINES))
    elif change == 3:
        lines[number] = " " * chance.choice((1, 2, 4)) + lines[number]
    elif change == 4:
        lines[number] = lines[number].lstrip()
    elif change == 5:
        name, colon, _ = lines[number].partition(": ")
        lines[number] = f"{name}{colon}{_flow(chance.choice(_VALUES))}"
    else:
        lines[number:] = lines[number : number + chance.randrange(9)] * chance.choice((2, 9, 150))
    return "\n".join(lines)


def _flow(value: Any) -> str:
    return (
        yaml.safe_dump(value, default_flow_style=True, width=1 << 20).removesuffix("...\n").strip()
    )


def _in_characters(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    change = chance.randrange(4)
    if change == 0:
        return text[:at]
    if change == 1:
        return text[:at] + text[at + chance.choice((1, 2, 30)) :]
    if change == 2:
        return (
            text[:at]
            + chance.choice("{}[]:,&*!|>'\"%@`#-?\t \n\r\0\x85\u2028\ufeff😀\\")
            + text[at:]
        )
    data = bytearray(text.encode("utf-8", "replace"))
    for _ in range(chance.choice((1, 5, 40))):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return data.decode("utf-8", "replace")


def _anywhere(text: str, chance: random.Random) -> str:
    try:
        return _in_section(text, chance)
    except (yaml.YAMLError, ValueError):
        return _in_lines(text, chance)


_MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    *(_in_values, _anywhere, _anywhere),
    *(_in_lines, _in_characters),
)


def outcome(number: int) -> str:
    """What becomes of a mutation, from its texts to the text of what is wrong with them.

    Whatever is wrong is a diagnostic: any exception but a ModelServiceError comes out of here.
    """
    service, base = mutated(number)
    found = Diagnostics()
    documents: list[list[Document]] = [
        parse(Source(name, text), diagnostics=found)
        for name, text in (("msvc.yaml", service), ("baseconfig.yaml", base))
    ]
    result = "unreadable"
    if documents[0] and not found.errors:
        service_document = documents[0][0]
        is_mapping = isinstance(service_document.value, dict) and not number % 5
        given = service_document.value if is_mapping else service_document
        planned = _planned(given, documents[1], provenance=not number % 10)
        result = type(planned).__name__
        found.extend(planned.diagnostics)
    json.dumps(report.to_json(found))
    report.render(found).encode()
    return result


def _planned(service: Any, bases: list[Document], *, provenance: bool) -> Plan | ModelServiceError:
    """The plan, or why there is none; the error is the same in another process."""
    try:
        plan = plan_model_service(service, bases[0] if bases else None)
    except ModelServiceError as error:
        again: ModelServiceError = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        if again.diagnostics != error.diagnostics or not any(i.is_error for i in again.diagnostics):
            raise AssertionError(error) from error
        return again
    output.manifests(plan, provenance=provenance)
    assert plan.hash
    return plan
