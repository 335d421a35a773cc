"""The samples as stacks: what tests of the engine plan, apply and look for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.components.kinds import KINDS
from msvc_pulumi.components.program import declare_plans, export
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.target.capabilities import OPTIONAL

__all__ = ["NAMES", "contents", "identities", "planned", "sample", "stack_of"]

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
NAMES = sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir())
EVERY_KIND = [*KINDS, *((kind.api_version, kind.kind) for kind in OPTIONAL)]
NOT_OURS = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
Manifest = dict[str, Any]


def sample(name: str) -> tuple[Manifest, Manifest]:
    """ModelService and BaseConfig of a sample."""
    folder = SAMPLES / name
    service, base = (
        yaml.safe_load((folder / file).read_text()) for file in ("msvc.yaml", "baseconfig.yaml")
    )
    return service, base


def planned(service: Manifest, base: Manifest, namespace: str, **options: Any) -> Plan:
    return plan_model_service(service, base, PlanOptions(namespace=namespace, **options))


def stack_of(session: Session, namespace: str, plans: Iterable[Plan]) -> Stack:
    plans = list(plans)
    return session.stack(f"features.{namespace}", program=lambda: export(declare_plans(plans)))


def contents(cluster: Cluster, namespace: str) -> set[tuple[str, str, str]]:
    """apiVersion, kind and name of everything of ours in the namespace."""
    return {
        (version, kind, item["metadata"]["name"])
        for version, kind in EVERY_KIND
        for item in listed(cluster, version, kind, namespace)
        if (kind, item["metadata"]["name"]) not in NOT_OURS
        and not item["metadata"].get("ownerReferences")
    }


def listed(cluster: Cluster, version: str, kind: str, namespace: str) -> list[Manifest]:
    """The objects of a kind; none where the server has lost the kind since it was seen."""
    try:
        return cluster.list(version, kind, namespace)[0] if cluster.serves(version, kind) else []
    except ClusterError as error:
        if error.status != 404:
            raise
        return []


def identities(plans: Iterable[Plan]) -> set[tuple[str, str, str]]:
    return {
        (one["apiVersion"], one["kind"], one["metadata"]["name"])
        for plan in plans
        for one in (planned.manifest for planned in plan)
    }
