"""What a cluster says of planned objects when it is asked by dry run, at their places in the files.

Nothing is stored: server-side apply with ``dryRun=All`` and ``fieldValidation=Strict`` runs
defaulting, schemas, validation and the webhooks that allow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from msvc_pulumi.cluster.client import Cluster
from msvc_pulumi.cluster.errors import ClusterError
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["Admission", "ask"]

DEFAULT_NAMESPACE = "default"
REFUSING = (400, 403, 409, 422, 500)  # the statuses of answers that are about the object
# How server-side apply names places: .spec.containers[name="vllm"].env, .data.x, [0].
_STEP = re.compile(r'\.([^.\[\]:\s]+)|\[(\d+)\]|\[((?:\w+=(?:"[^"]*"|[^,\]]*),?)+)\]|\["([^"]*)"\]')
_APPLY = re.compile(r"(\.[\w.\-\[\]=\",/]+): (.*)", re.DOTALL)
_STRICT = re.compile(r'(?:unknown|duplicate) field "([^"]+)"')
_KEY = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\]]*))')


@dataclass(slots=True)
class Admission:
    """The cluster's refusals, and of what it could not be asked, with the reason."""

    refused: list[Diagnostic] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def ask(cluster: Cluster, plans: Iterable[Plan]) -> Admission:
    """What the cluster would say of every object of the plans.

    Objects of a namespace that is not there are checked as if they were in another one; those of
    a kind that is not served are not checked.

    Raises:
        ClusterError: the cluster cannot be reached, or does not know us.
    """
    result = Admission()
    missing: dict[str, None] = {}
    for plan in plans:
        for planned in plan:
            try:
                _apply(cluster, planned.manifest, missing)
            except ClusterError as error:
                _note(error, planned, result)
    result.unchecked[:0] = [
        f"that namespace {name} exists (it does not; its objects were checked in "
        f"{DEFAULT_NAMESPACE})"
        for name in missing
    ]
    result.unchecked = list(dict.fromkeys(result.unchecked))
    return result


def _apply(cluster: Cluster, manifest: dict[str, Any], missing: dict[str, None]) -> None:
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace") or cluster.connection.namespace
    here = DEFAULT_NAMESPACE if namespace in missing else namespace
    whole = {**manifest, "metadata": {**metadata, "namespace": here}}
    try:
        cluster.apply(whole, force=True, dry_run=True, strict=True)
    except ClusterError as error:
        gone = error.status == 404 and f'namespaces "{namespace}" not found' in str(error)
        if not gone or here == DEFAULT_NAMESPACE:
            raise
        missing[namespace] = None
        _apply(cluster, manifest, missing)


def _note(error: ClusterError, planned: PlannedObject, result: Admission) -> None:
    kind = planned.manifest["kind"]
    version = planned.manifest["apiVersion"]
    text = str(error)
    if error.diagnostics and error.diagnostics[0].code == "kind-not-served":
        result.unchecked.append(f"{kind} (the cluster serves none of {version})")
    elif error.status == 403 and " cannot patch resource " in text:
        result.unchecked.append(f"{kind} (no permission to ask: patch it, as a dry run)")
    elif error.status in REFUSING:
        result.refused.extend(_placed(planned, error))
    else:
        raise error


def _placed(planned: PlannedObject, error: ClusterError) -> Iterator[Diagnostic]:
    for problem in error.diagnostics:
        for path, summary in _places(planned.manifest, problem):
            field_path = planned.child.field(path) if path else FieldPath.of(planned.key)
            name = planned.manifest["metadata"].get("name", "")
            notes = (f'{planned.manifest["kind"]} "{name}" is refused by the cluster',)
            span = planned.origin(path).span or _of_object(planned)
            yield replace(
                problem, summary=summary, field=field_path, span=span, notes=notes, refused=True
            )


def _of_object(planned: PlannedObject) -> Any:
    """Where the object comes from: its section, or the ModelService."""
    child = planned.child
    if child.base is not None:
        return child.base.span(FieldPath())
    document = child.overlay.document
    return document.span(FieldPath.of("metadata", "name")) if document is not None else None


def _places(manifest: dict[str, Any], problem: Diagnostic) -> Iterator[tuple[FieldPath, str]]:
    """The fields that one answer is about, as the server names them in its several ways."""
    if problem.field and str(problem.field) not in ("<nil>", ""):
        yield problem.field, problem.summary
        return
    if found := _STRICT.findall(problem.summary):
        for text in found:
            yield _resolved(f".{text}", manifest)[0], f'Unknown or repeated field: "{text}"'
        return
    if "typed patch object" in problem.summary:
        text = problem.summary.partition("): ")[2] or problem.summary
        lines = [match for line in text.split("\n") if (match := _APPLY.search(line.strip()))]
        for match in lines:
            path, _ = _resolved(match[1], manifest)
            keys = re.search(r"duplicate entries for key \[(.*)\]", match[2])
            if keys:
                path = _second(path, keys[1], manifest)
            yield path, match[2].strip()
        if lines:
            return
    yield FieldPath(), problem.summary


def _resolved(text: str, manifest: Any) -> tuple[FieldPath, Any]:
    """The path that ``text`` names: items of lists by their keys are found by number."""
    steps: list[str | int] = []
    value = manifest
    for name, index, keys, quoted in _STEP.findall(text):
        step: str | int = int(index) if index else name or quoted
        if keys:
            step = next(iter(_matching(value, keys)), 0)
        steps.append(step)
        value = FieldPath.of(step).find(value)
    return FieldPath(steps), value


def _matching(value: Any, keys: str) -> Iterator[int]:
    wanted = {name: quoted or plain for name, quoted, plain in _KEY.findall(keys)}
    for number, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict) and all(
            str(item.get(name, text)) == text for name, text in wanted.items()
        ):
            yield number


def _second(path: FieldPath, keys: str, manifest: dict[str, Any]) -> FieldPath:
    found = list(_matching(path.find(manifest), keys))
    return path.child(found[1]) if len(found) > 1 else path
