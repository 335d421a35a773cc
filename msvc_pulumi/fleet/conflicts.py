"""ModelServices that would take objects, requests or pods from each other, found by their plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from msvc_pulumi.errors import MAX_PROBLEMS, Diagnostic, FieldPath, Label, Severity, Span
from msvc_pulumi.fleet.objectnames import ObjectName, is_stated, name_conflict, object_names
from msvc_pulumi.fleet.outline import Entry
from msvc_pulumi.naming import model_label
from msvc_pulumi.plan import PlannedObject

__all__ = ["conflicts", "name_conflicts"]

NAME = FieldPath.of("metadata", "name")
MODEL_NAME = FieldPath.of("spec", "routing", "modelName")


def name_conflicts(fleet: Iterable[Entry]) -> Iterator[Diagnostic]:
    """An error at every ModelService for each one before it that has objects of the same names."""
    taken: dict[ObjectName, Entry] = {}
    for entry in fleet:
        shared: dict[int, tuple[Entry, list[ObjectName]]] = {}
        for name in entry.outline.names:
            first = taken.setdefault(name, entry)
            if first is not entry:
                shared.setdefault(id(first), (first, []))[1].append(name)
        for first, names in shared.values():
            yield _same_names(entry, first, names)


def _same_names(entry: Entry, first: Entry, names: Iterable[ObjectName]) -> Diagnostic:
    here, there = object_names(entry.plan()), object_names(first.plan())
    found = [(name, here[name]) for name in names]
    name, planned = min(found, key=lambda item: is_stated(item[1]))
    span, other = _named_at(planned), _named_at(there[name])
    owner = first.outline.name
    return replace(
        name_conflict(entry.outline.name, owner, found),
        span=span,
        related=(Label(other, f'of "{owner}"'),) if other and other != span else (),
    )


def _named_at(planned: PlannedObject) -> Span | None:
    """Where the object's name is stated, or that of the ModelService which it is made of."""
    origin = planned.origin(NAME)
    document = planned.child.overlay.document
    if origin.kind == "generated" and document is not None:
        return document.span(NAME)
    return origin.span


def conflicts(fleet: Iterable[Entry]) -> Iterator[Diagnostic]:
    """A warning at every ModelService that collides with one before it.

    Two routes on one gateway that match the same requests: the gateway sends them to the older
    route, and to the one applied first where both are new. Two model names with one label in one
    namespace: pools, Services and workloads select each other's pods.

    A place takes a second look at its file, so those behind the first `MAX_PROBLEMS`, which nobody
    keeps, are only counted.
    """
    found = _collisions(fleet)
    for make, entry, first in islice(found, MAX_PROBLEMS):
        yield make(entry, first)
    if count := sum(1 for _ in found):
        yield Diagnostic.not_shown(0, count)


def _collisions(
    fleet: Iterable[Entry],
) -> Iterator[tuple[Callable[[Entry, Entry], Diagnostic], Entry, Entry]]:
    """What makes the warning, and the two ModelServices that it is about."""
    routes: dict[str, Entry] = {}
    labels: dict[tuple[str, str], Entry] = {}
    for entry in fleet:
        its = entry.outline
        for key in its.routes:
            first = routes.setdefault(key, entry)
            if first is not entry:
                yield _same_requests, entry, first
                break
        if not its.selects_pods:
            continue
        first = labels.setdefault((its.namespace, model_label(its.model_name)), entry)
        if first is not entry:
            yield _same_pods, entry, first


def _same_requests(entry: Entry, first: Entry) -> Diagnostic:
    its, other = entry.outline, first.outline
    named = f'"{its.model_name}"'
    what = f'the same requests, for models {named} and "{other.model_name}"'
    if its.model_name == other.model_name:
        what = f"the requests for model {named}"
    return Diagnostic(
        "model-name-conflict",
        f'ModelServices "{other.name}" and "{its.name}" take {what} from one gateway: the older '
        f'route wins, "{other.name}" if both are new',
        Severity.WARNING,
        MODEL_NAME,
        _span(entry),
        related=_related(first),
        help="use another gateway or hostname, or match a header with the model's name in the "
        "HTTPRoute",
    )


def _same_pods(entry: Entry, first: Entry) -> Diagnostic:
    its, other = entry.outline, first.outline
    label = model_label(its.model_name)
    return Diagnostic(
        "selector-conflict",
        f'ModelServices "{other.name}" and "{its.name}" give their pods the same labels '
        f"(llm-d.ai/model: {label}): the selectors of each find the pods of both",
        Severity.WARNING,
        MODEL_NAME,
        _span(entry),
        related=_related(first),
        help="put them into different namespaces, or serve the models under different names",
    )


def _related(first: Entry) -> tuple[Label, ...]:
    span = _span(first)
    return (Label(span, "stated first here"),) if span else ()


def _span(entry: Entry) -> Span | None:
    """Where the ModelService states its model's name."""
    return entry.document.span(MODEL_NAME) if entry.document is not None else None
