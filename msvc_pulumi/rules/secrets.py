"""The Secret of a gated model that no container gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath, Severity
from msvc_pulumi.plan import Plan
from msvc_pulumi.rules.workloads import Pods

__all__ = ["unused_secret"]

ARTIFACTS = FieldPath.of("spec", "modelArtifacts")
SECRET = ARTIFACTS.child("authSecretName")


def unused_secret(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:  # noqa: ARG001
    """A warning if ``authSecretName`` is in no object of the plan."""
    document = plan.objects[0].child.overlay.document if plan.objects else None
    stated = document.get(SECRET) if document is not None else None
    if document is None or not isinstance(stated, str) or not stated:
        return
    if not str(document.get(ARTIFACTS.child("uri")) or "").startswith("hf://"):
        return  # of no use there, which is said already
    if any(_names(planned.manifest, stated) for planned in plan):
        return
    yield Diagnostic(
        "unused-secret",
        f'the Secret "{stated}" reaches no container: gated models cannot be loaded',
        Severity.WARNING,
        SECRET,
        document.span(SECRET),
        help="state mountModelVolume: true in the container that loads the model, or use "
        "{{ .AuthSecretName }} in the BaseConfig",
    )


def _names(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return any(_names(inner, name) for inner in value.values())
    if isinstance(value, list):
        return any(_names(inner, name) for inner in value)
    return isinstance(value, str) and name in value
