"""What a planner answers, as text: a plan, problems, or why there is neither.

It is plain data that is read with nothing but a JSON decoder: whoever took a planner over could not
reach the operator with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msvc_pulumi.children.child import Child, Overlay
from msvc_pulumi.children.served import SkippedObject
from msvc_pulumi.errors import Diagnostic, FieldPath, Label, Severity, Span
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.target.kinds import Kind

__all__ = ["Answer", "decode", "encode"]

TELLING = 256 << 10  # characters of diagnostics, beyond which each is told without source lines
SHORT = 1000  # characters of any text in one of those

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One of ``plan`` (without origins), ``problems`` and ``failure``, an unexpected one.

    ``spent`` are seconds of processor time; of a planner that says ``last`` nothing more comes.
    """

    plan: Plan | None = None
    problems: tuple[Diagnostic, ...] = ()
    failure: str = ""
    spent: float = 0.0
    last: bool = False


def encode(answer: Answer) -> bytes:
    """The text of ``answer``. Raises ValueError or TypeError for what is no plain data."""
    plain = {
        "plan": _plan(answer.plan) if answer.plan else None,
        "problems": _told(answer.problems),
        "failure": answer.failure[-16 * SHORT :],
        "spent": answer.spent,
        "last": answer.last,
    }
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def decode(text: bytes) -> Answer:
    """The answer that ``text`` is. Raises ValueError if it is none."""
    try:
        plain = json.loads(text.decode("utf-8", "surrogatepass"))
        plan = plain["plan"]
        return Answer(
            None if plan is None else _read_plan(plan),
            tuple(_read_diagnostic(item) for item in plain["problems"]),
            str(plain["failure"]),
            float(plain["spent"]),
            bool(plain["last"]),
        )
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no answer of a planner: {type(error).__name__}") from error


def _plan(plan: Plan) -> Plain:
    return {
        "name": plan.name,
        "namespace": plan.namespace,
        "model_name": plan.model_name,
        "objects": [
            {
                "key": item.key,
                "manifest": item.manifest,
                "depends_on": item.depends_on,
                "ignore_changes": item.ignore_changes,
                "kind": [item.child.kind.api_version, item.child.kind.kind],
            }
            for item in plan
        ],
        "diagnostics": _told(plan.diagnostics),
        "skipped": [
            [item.key, item.api_version, item.kind, item.name, item.reason] for item in plan.skipped
        ],
    }


def _read_plan(plain: Plain) -> Plan:
    return Plan(
        str(plain["name"]),
        str(plain["namespace"]),
        tuple(_read_object(item) for item in plain["objects"]),
        tuple(_read_diagnostic(item) for item in plain["diagnostics"]),
        tuple(SkippedObject(*map(str, item)) for item in plain["skipped"]),
        str(plain["model_name"]),
    )


def _read_object(plain: Plain) -> PlannedObject:
    key, manifest = str(plain["key"]), dict(plain["manifest"])
    api_version, kind = map(str, plain["kind"])
    return PlannedObject(
        key,
        manifest,
        tuple(map(str, plain["depends_on"])),
        tuple(map(str, plain["ignore_changes"])),
        Child(key, Kind(api_version, kind), manifest, None, Overlay({}, None), {}, {}),
    )


def _told(diagnostics: Iterable[Diagnostic]) -> list[Plain]:
    """All of them; from where they become too much, in few words."""
    left, found = TELLING, []
    for item in diagnostics:
        left -= _size(item)
        found.append(_diagnostic(item if left >= 0 else _shortened(item)))
    return found


def _size(item: Diagnostic) -> int:
    spans = [item.span, *(label.span for label in item.related)]
    texts = [item.summary, item.label, item.go, item.help, *item.notes]
    texts += [span.text for span in spans if span is not None]
    texts += [step for step in item.field if isinstance(step, str)]
    return sum(map(len, texts))


def _shortened(item: Diagnostic) -> Diagnostic:
    steps = (step[:SHORT] if isinstance(step, str) else step for step in item.field)
    return replace(
        item,
        summary=item.summary[:SHORT],
        field=FieldPath(steps),
        span=item.span._replace(text="") if item.span else None,
        label=item.label[:SHORT],
        related=(),
        notes=tuple(note[:SHORT] for note in item.notes[:1]),
        go=item.go[:SHORT],
        help=item.help[:SHORT],
    )


def _diagnostic(item: Diagnostic) -> Plain:
    return {
        "code": item.code,
        "summary": item.summary,
        "severity": item.severity.value,
        "field": list(item.field),
        "span": _span(item.span) if item.span else None,
        "label": item.label,
        "related": [[_span(label.span), label.text] for label in item.related],
        "notes": list(item.notes),
        "go": item.go,
        "help": item.help,
        "rest": item.rest,
        "refused": item.refused,
    }


def _read_diagnostic(plain: Mapping[str, Any]) -> Diagnostic:
    span = plain["span"]
    steps = (step if isinstance(step, int) else str(step) for step in plain["field"])
    errors, warnings = plain["rest"]
    return Diagnostic(
        str(plain["code"]),
        str(plain["summary"]),
        Severity(plain["severity"]),
        FieldPath(steps),
        _read_span(span) if span else None,
        str(plain["label"]),
        tuple(Label(_read_span(place), str(text)) for place, text in plain["related"]),
        tuple(map(str, plain["notes"])),
        str(plain["go"]),
        str(plain["help"]),
        (int(errors), int(warnings)),
        bool(plain["refused"]),
    )


def _span(span: Span) -> list[Any]:
    return [span.file, span.line, span.column, span.length, span.text]


def _read_span(plain: Sequence[Any]) -> Span:
    file, line, column, length, text = plain
    return Span(str(file), int(line), int(column), int(length), str(text))
