"""What programs read of a run of the engine, as ``--format json`` prints it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import results

if TYPE_CHECKING:
    from msvc_pulumi.cluster.claims import Place
    from msvc_pulumi.cluster.drift import ObjectDrift
    from msvc_pulumi.engine.processes.process import Run, Step
    from msvc_pulumi.engine.stack import Stack

__all__ = ["tell"]


def tell(
    arguments: argparse.Namespace,
    operation: str,
    stack: Stack,
    done: Run,
    drifted: Sequence[ObjectDrift] = (),
) -> None:
    """Print what programs read of a run; people have seen it."""
    if not results.is_json(arguments):
        return
    if not stack.plans:  # their warnings are printed, with their places
        from msvc_pulumi.engine.diagnosis.failures import warnings  # noqa: PLC0415

        printed.show(warnings(done), arguments)
    result = {
        "operation": operation,
        "stack": stack.name,
        "changes": dict(done.changes),
        "resources": [*map(_plain, done.steps), *map(_removed, done.removed)],
    }
    if getattr(arguments, "refresh", False):
        result["drift"] = [one.plain() for one in drifted]
    results.write(arguments, result)


def _plain(step: Step) -> dict[str, Any]:
    properties = step.properties
    metadata = properties.get("metadata")
    place: dict[str, Any] = {}
    if step.type.startswith("kubernetes:") and isinstance(metadata, dict):
        stated = {key: properties.get(key) for key in ("apiVersion", "kind")}
        place = {**stated, "namespace": metadata.get("namespace"), "name": metadata.get("name")}
    plain = {"operation": step.operation, "urn": step.urn, "type": step.type, **place}
    if step.fields:
        plain["fields"] = list(step.fields)
    return {key: value for key, value in plain.items() if value}


def _removed(place: Place) -> dict[str, Any]:
    """An object that was deleted beside the engine, which has no resource of it."""
    return {
        "operation": "delete",
        "apiVersion": place.api_version,
        "kind": place.kind,
        "namespace": place.namespace,
        "name": place.name,
    }
