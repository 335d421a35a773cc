"""`declarations`: what Pulumi is told of each object of a plan, whoever tells it.

The component declares them through the SDK's classes and the operator through the engine's own
protocol; both say the same, so that a stack may be run by either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.target.immutability import following, immutable_contents

__all__ = [
    "COMPONENT",
    "DELETION",
    "KEPT_POOL",
    "MADE_FOR",
    "POOL_UID",
    "Declaration",
    "declarations",
    "exported",
    "logical_names",
    "logical_suffix",
    "outputs",
    "owner_uid",
    "restarting",
    "stamped",
]

DELETION = "pulumi.com/deletionPropagationPolicy"
"""Annotation of every object that is declared."""
COMPONENT = "llmd:index:ModelService"
"""Type token of the component."""
MADE_FOR = "llm-d.ai/model-service-uid"
"""Annotation that stands for the owner reference where there can be none, in another namespace."""
POOL_UID = "llm-d.ai/inference-pool-uid"
"""Annotation of the endpoint picker's pods: a pool that is another one restarts them."""
KEPT_POOL = "llm-d.ai/kept-inference-pool-uid"
"""Annotation of a pool that was taken over as it was, with its own uid: it restarts nothing."""

# The provider would wait for these until their pods answer, and a model may load for an hour.
# Readiness is reported by `msvc up` and the operator instead.
WORKLOADS = {"Deployment", "LeaderWorkerSet"}
SLOW_KINDS = {*WORKLOADS, "Service"}
_POOL = "inferencePool"
# Outputs that name a child → its plan key.
NAMED = {
    "decodeDeploymentName": "decodeDeployment",
    "prefillDeploymentName": "prefillDeployment",
    "eppDeploymentName": "eppDeployment",
    "httpRouteName": "httpRoute",
    "inferencePoolName": "inferencePool",
    "inferenceModelName": "inferenceModel",
}
# Services that the output "endpoints" tells of → the role whose pods they lead to.
SERVING = {"decodeService": "decode", "prefillService": "prefill", "eppService": "endpointPicker"}


@dataclass(frozen=True, slots=True)
class Declaration:
    """One resource: its type token, logical name and properties, apiVersion and kind among them.

    ``key`` and ``depends_on`` are plan keys, and so is ``restarts_with``, "" for most: the pods of
    this workload start again when that object is another one (`stamped`). ``replace_on_changes``
    are properties for which the object is made anew where the plugin would try to update it.
    """

    key: str
    token: str
    name: str
    properties: dict[str, Any] = field(repr=False)
    depends_on: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    restarts_with: str = ""
    replace_on_changes: tuple[str, ...] = ()


def logical_names(plans: Sequence[Plan]) -> list[str]:
    """The name of each plan's component: that of the ModelService, with its namespace in front
    where two share a name.
    """
    count = Counter(plan.name for plan in plans)
    return [
        f"{plan.namespace}-{plan.name}" if count[plan.name] > 1 else plan.name for plan in plans
    ]


def declarations(name: str, plan: Plan) -> Iterator[Declaration]:
    """The children of the component ``name``, each after those it depends on."""
    uid = owner_uid(plan)
    frozen = immutable_contents(planned.manifest for planned in plan)
    for planned in plan:
        elsewhere = planned.manifest["metadata"].get("namespace", "") != plan.namespace
        yield Declaration(
            planned.key,
            _token(planned.manifest),
            f"{name}-{logical_suffix(planned)}",
            following(_properties(planned, {MADE_FOR: uid} if uid and elsewhere else {}), frozen),
            planned.depends_on,
            planned.ignore_changes,
            _POOL if planned.key == "eppDeployment" and _POOL in planned.depends_on else "",
            ("immutable",) if _may_thaw(planned.manifest) else (),
        )


def stamped(declaration: Declaration, uid: Any) -> dict[str, Any]:
    """The properties of a workload whose pods bear the uid of what they restart with.

    An endpoint picker forgets what belongs to a pool when that goes, also where one of the same
    name follows at once, and learns of none of it again until it starts.
    """
    spec = declaration.properties["spec"]
    template = spec["template"]
    metadata = template.get("metadata") or {}
    annotations = {POOL_UID: uid, **(metadata.get("annotations") or {})}
    template = {**template, "metadata": {**metadata, "annotations": annotations}}
    return {**declaration.properties, "spec": {**spec, "template": template}}


def restarting(declaration: Declaration, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a workload beside the object that it restarts with, whose live metadata
    that is: without the uid of one that was there before Pulumi, and still is.
    """
    uid = metadata.get("uid", "")
    kept = (metadata.get("annotations") or {}).get(KEPT_POOL)
    return declaration.properties if uid and kept == uid else stamped(declaration, uid)


def logical_suffix(planned: PlannedObject) -> str:
    """What names ``planned`` within its component: its plan key in kebab-case.

    An item of a list is named after its object instead of its place: when an item before it goes
    away it must not become another resource.
    """
    key, _, index = planned.key.partition("[")
    kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", key).lower()
    return f"{kebab}-{planned.manifest['metadata']['name']}" if index else kebab


def outputs(plan: Plan) -> dict[str, Any]:
    """The component's outputs, once all its children are there; None names a child it lacks."""
    references = {planned.key: _reference(planned.manifest) for planned in plan}
    names = {
        output: references[key]["name"] if key in references else None
        for output, key in NAMED.items()
    }
    return {
        "name": plan.name,
        "namespace": plan.namespace,
        "planHash": plan.hash,
        "children": references,
        "endpoints": {
            role: _endpoint(planned.manifest)
            for planned in plan
            if (role := SERVING.get(planned.key)) and planned.manifest["spec"].get("ports")
        },
        "gatewayPaths": [path for one in plan if one.key == "httpRoute" for path in _paths(one)],
        "skipped": {one.key: one.reason for one in plan.skipped},
        **names,
    }


def exported(plan: Plan) -> dict[str, Any]:
    """What a stack exports of a plan: its namespace and hash, the names of its objects, and of
    those that the cluster could not take, why.
    """
    return {
        "namespace": plan.namespace,
        "hash": plan.hash,
        "children": {planned.key: planned.manifest["metadata"]["name"] for planned in plan},
        "skipped": {one.key: one.reason for one in plan.skipped},
    }


def owner_uid(plan: Plan) -> str:
    """The uid of the ModelService that owns what is planned, "" if nothing has an owner."""
    for planned in plan:
        for owner in planned.manifest["metadata"].get("ownerReferences") or ():
            if (owner.get("kind"), owner.get("name")) == ("ModelService", plan.name):
                return str(owner.get("uid", ""))
    return ""


def _token(manifest: dict[str, Any]) -> str:
    version = manifest["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{manifest['kind']}"


def _properties(planned: PlannedObject, mark: dict[str, str]) -> dict[str, Any]:
    """The manifest with the annotations that tell the provider how to treat it.

    Background deletion, because the default waits for the garbage collector of a busy cluster and
    keeps the name taken while it does; a replacement could not be created.
    """
    manifest = planned.manifest
    annotations = {DELETION: "background"}
    if manifest["kind"] in SLOW_KINDS:
        annotations["pulumi.com/skipAwait"] = "true"
    metadata = manifest["metadata"]
    own = metadata.get("annotations") or {}
    return {**manifest, "metadata": {**metadata, "annotations": {**annotations, **own, **mark}}}


def _may_thaw(manifest: dict[str, Any]) -> bool:
    """Whether it may have been immutable before: the plugin looks at what is to be alone."""
    return manifest["kind"] == "ConfigMap" and not manifest.get("immutable")


def _reference(manifest: dict[str, Any]) -> dict[str, str]:
    metadata = manifest["metadata"]
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
    }


def _endpoint(service: dict[str, Any]) -> dict[str, Any]:
    metadata = service["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace", "")
    host = f"{name}.{namespace}.svc" if namespace else name
    return {"host": host, "port": service["spec"]["ports"][0]["port"]}


def _paths(route: PlannedObject) -> list[str]:
    """The paths of an HTTPRoute, each once; a rule that states none takes every path."""
    rules = route.manifest["spec"].get("rules") or []
    matches = [match for rule in rules for match in rule.get("matches") or [{}]]
    found = ((match.get("path") or {}).get("value", "/") for match in matches)
    return list(dict.fromkeys(found))
