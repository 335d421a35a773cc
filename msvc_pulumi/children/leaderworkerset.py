"""A role whose replicas span several pods: a LeaderWorkerSet in place of the Deployment.

Shape and rules: ``leaderworkerset.x-k8s.io/v1``. Workers run the role's own pod template; the
leader runs it too, or with ``multiNode.leader`` a version of it with that merged on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msvc_pulumi import naming
from msvc_pulumi.children import parallelism
from msvc_pulumi.children.child import Child, Origin, Overlay
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.podtemplate import (
    base_pod,
    container_overlay,
    pod_overlay,
    require_accelerators,
)
from msvc_pulumi.errors import FieldPath, Span
from msvc_pulumi.interpolation.baseconfig import Section
from msvc_pulumi.merge import policies
from msvc_pulumi.merge.walker import Merged, merge
from msvc_pulumi.naming import Role

__all__ = ["build"]

GROUP = FieldPath.of("spec", "leaderWorkerTemplate")
WORKER = GROUP.child("workerTemplate")
LEADER = GROUP.child("leaderTemplate")
POD = WORKER.child("spec")
DEPLOYED = FieldPath.of("spec", "template")
METADATA = FieldPath.of("metadata")
REPLICAS = FieldPath.of("spec", "replicas")


def build(
    role: Role,
    context: BuildContext,
    spec: dict[str, Any],
    stated: dict[FieldPath, FieldPath | None],
) -> Child:
    """The role's LeaderWorkerSet; ``spec`` and ``stated`` have the replicas, where it has any.

    With a leader of its own, only the leader has the labels that Services and the InferencePool
    select: its workers compute for it and take no requests.
    """
    section = context.role(role)
    multi_node = section.multi_node if section else None
    at = FieldPath.of("spec", role, "multiNode")
    group: dict[str, Any] = {}
    stated = dict(stated)
    if multi_node is not None:
        group["size"] = multi_node.size
        stated[GROUP.child("size")] = at.child("size")
        if multi_node.restart_policy:
            group["restartPolicy"] = multi_node.restart_policy
            stated[GROUP.child("restartPolicy")] = at.child("restartPolicy")
    has_leader = multi_node is not None and multi_node.leader is not None
    labels = context.pod_labels(role)
    model_name = context.model_name
    worker = naming.worker_labels(model_name, role) if has_leader else labels
    base = _Base.of(role, context)
    pod = pod_overlay(role, context, POD.find(base.value) or {})
    group["workerTemplate"] = {"metadata": {"labels": worker}, "spec": pod.spec}
    value = {
        "metadata": context.metadata(context.names.leader_worker_set(role), labels),
        "spec": {**spec, "leaderWorkerTemplate": group},
    }
    key = f"{role}LeaderWorkerSet"
    rules = policies.leader_worker_set(context.model_service.spec.args_policy)
    child = context.child_on(base, key, value, rules, {**stated, **pod.stated_below(POD)})
    require_accelerators(role, context, child, POD)
    templates = [WORKER]
    if has_leader:
        _add_leader(at.child("leader"), context, child, labels)
        templates.append(LEADER)
    parallelism.apply(role, context, child, templates, group_size(child))
    return child


def group_size(child: Child) -> int:
    """Pods of one replica; the API's default is 1."""
    size = child.get(GROUP.child("size"))
    return size if isinstance(size, int) and size > 0 else 1


def _add_leader(at: FieldPath, context: BuildContext, child: Child, labels: dict[str, str]) -> None:
    """Give ``child`` a leader template: the workers' with the containers below ``at`` merged on."""
    worker = child.get(WORKER)
    base = {**worker, "spec": base_pod(worker["spec"], at, context)}
    overlay = container_overlay(at, context, base["spec"])
    value = {"metadata": {"labels": labels}, "spec": overlay.spec}
    rules = policies.pod_template(context.model_service.spec.args_policy)
    merged = merge(base, value, rules)
    origins = dict(_origins(merged, child, context, overlay.stated_below(FieldPath.of("spec"))))
    child.put(LEADER, merged.value)
    child.overrides.update(origins)


def _origins(
    merged: Merged,
    child: Child,
    context: BuildContext,
    stated: dict[FieldPath, FieldPath | None],
) -> Iterator[tuple[FieldPath, Origin]]:
    """Who set each leaf of the leader's template: whoever set the worker's, or the ModelService."""
    for path in _leaves(merged.value, FieldPath()):
        known = next(p for n in range(len(path), -1, -1) if (p := path[:n]) in merged.sources)
        side, start = merged.sources[FieldPath(known)]
        there = start.child(*path[len(known) :])
        if side == "base":
            place = WORKER.child(*there)
            yield LEADER.child(*path), child.origin(place)._replace(field=child.field(place))
            continue
        overlay = Overlay({}, context.document, stated)
        yield LEADER.child(*path), overlay.origin(there)._replace(field=overlay.field(there))


def _leaves(value: Any, path: FieldPath) -> Iterator[FieldPath]:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from _leaves(member, path.child(key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _leaves(item, path.child(number))
    else:
        yield path


class _Base(NamedTuple):
    """A LeaderWorkerSet of the BaseConfig, filled up from its Deployment of the role.

    ``borrowed`` says which stretches come from there, by their paths in both: what the
    LeaderWorkerSet states itself goes before.
    """

    value: dict[str, Any]
    own: Section | None
    deployment: Section | None
    borrowed: Mapping[FieldPath, FieldPath]

    @classmethod
    def of(cls, role: Role, context: BuildContext) -> _Base:
        own = context.base_config.get(f"{role}LeaderWorkerSet")
        deployment = context.base_config.get(f"{role}Deployment")
        value: dict[str, Any] = dict(own.value) if own else {}
        spec = dict(value.get("spec", {}))
        group = dict(spec.get("leaderWorkerTemplate", {}))
        lender = deployment.value if deployment else {}
        borrowed = {}
        if "metadata" in lender and own is None:
            value["metadata"] = lender["metadata"]
            borrowed[METADATA] = METADATA
        if "replicas" in lender.get("spec", {}) and "replicas" not in spec:
            spec["replicas"] = lender["spec"]["replicas"]
            borrowed[REPLICAS] = REPLICAS
        template = group.get("workerTemplate")
        if template is None:
            template = lender.get("spec", {}).get("template", {})
            borrowed[WORKER] = DEPLOYED
        pod = base_pod(template.get("spec", {}), FieldPath.of("spec", role), context)
        group["workerTemplate"] = {**template, "spec": pod}
        spec["leaderWorkerTemplate"] = group
        return cls({**value, "spec": spec}, own, deployment, borrowed)

    def _origin_of(self, path: FieldPath) -> tuple[Section | None, FieldPath]:
        for here, there in self.borrowed.items():
            if path[: len(here)] == here:
                return self.deployment, there.child(*path[len(here) :])
        return self.own, path

    def span(self, path: FieldPath) -> Span | None:
        section, there = self._origin_of(path)
        return section.span(there) if section else None

    def field(self, path: FieldPath) -> FieldPath:
        section, there = self._origin_of(path)
        return section.field(there) if section else there
