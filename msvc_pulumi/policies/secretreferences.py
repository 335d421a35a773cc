"""The Secrets without which pods do not start, or images are not pulled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.policies.workload import Workload
from msvc_pulumi.rules.finding import Finding, advice, items

__all__ = ["pull_secrets", "secrets"]


def secrets(workload: Workload) -> Iterator[Finding]:
    """Every reference to a Secret that is not optional, at the field that names it."""
    for pod in workload.pods():
        for at, container in pod.containers("initContainers", "containers"):
            yield from _of_environment(container, at)
        for number, volume in items(pod.spec.get("volumes")):
            yield from _of_volume(volume, pod.at.child("volumes", number))


def pull_secrets(workload: Workload) -> Iterator[Finding]:
    """Every Secret that images are to be pulled with."""
    holders = [(pod.at, pod.spec) for pod in workload.pods()]
    if workload.manifest["kind"] == "ServiceAccount":
        holders.append((FieldPath(), workload.manifest))
    for at, holder in holders:
        for number, reference in items(holder.get("imagePullSecrets")):
            if reference.get("name"):
                yield advice(
                    at.child("imagePullSecrets", number, "name"),
                    "missing-pull-secret",
                    "images are pulled as by anybody: private ones are not to be had",
                    "create it, or take the reference away",
                )


def _of_environment(container: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    for number, variable in items(container.get("env")):
        reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
        yield from _named(reference, at.child("env", number, "valueFrom", "secretKeyRef"), "name")
    for number, source in items(container.get("envFrom")):
        yield from _named(source.get("secretRef"), at.child("envFrom", number, "secretRef"), "name")


def _of_volume(volume: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    yield from _named(volume.get("secret"), at.child("secret"), "secretName")
    for number, source in items((volume.get("projected") or {}).get("sources")):
        here = at.child("projected", "sources", number, "secret")
        yield from _named(source.get("secret"), here, "name")


def _named(reference: Any, at: FieldPath, field: str) -> Iterator[Finding]:
    if isinstance(reference, dict) and reference.get(field) and not reference.get("optional"):
        yield advice(
            at.child(field),
            "missing-secret",
            "pods of this kind wait for it and do not start",
            "create it, or take the reference away",
        )
