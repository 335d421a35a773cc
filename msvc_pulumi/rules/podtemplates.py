"""Pod templates.

Rules: ``pkg/apis/core/validation/validation.go`` (``ValidatePodTemplateSpec``,
``ValidatePodSpec``), and what server-side apply calls duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.affinity import affinity
from msvc_pulumi.rules.cleared import Cleared
from msvc_pulumi.rules.containers import every_container
from msvc_pulumi.rules.finding import (
    Finding,
    forbidden,
    invalid,
    items,
    repeated,
    required,
    unsupported,
)
from msvc_pulumi.rules.metadata import labels, object_metadata, selector
from msvc_pulumi.rules.names import dns_label, dns_subdomain, label_value, qualified_name
from msvc_pulumi.rules.resources import pod_resources
from msvc_pulumi.rules.volumes import volumes

__all__ = ["pod_template"]

CLEARED = Cleared()
WORDS = ("args", "command")
UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
TOLERATES = ("Equal", "Exists", "Gt", "Lt")


def pod_template(template: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    """A template of pods that are restarted for ever: a Deployment's, a LeaderWorkerSet's."""
    if metadata := template.get("metadata"):
        yield from object_metadata(metadata, at.child("metadata"))
    pod, here = template.get("spec") or {}, at.child("spec")
    account = pod.get("serviceAccountName")
    if account and (problem := dns_subdomain(account)):
        yield invalid(here.child("serviceAccountName"), account, problem)
    yield from CLEARED.broken(_alike(pod), _pod(pod, here))


def _alike(pod: dict[str, Any]) -> dict[str, Any]:
    """The pod without what differs from one ModelService to the next and breaks no rule here."""
    result = {name: value for name, value in pod.items() if name != "serviceAccountName"}
    for kind in ("containers", "initContainers"):
        if containers := pod.get(kind):
            result[kind] = [
                {name: value for name, value in container.items() if name not in WORDS}
                for container in containers
            ]
    return result


def _pod(pod: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    if (policy := pod.get("restartPolicy")) not in (None, "", "Always"):
        place = at.child("restartPolicy")
        yield unsupported(place, policy, ("Always",), "remove it: these pods run for ever")
    if pod.get("activeDeadlineSeconds") is not None:
        yield forbidden(
            at.child("activeDeadlineSeconds"),
            "activeDeadlineSeconds in ReplicaSet is not Supported",
            "remove it",
        )
    if pod.get("ephemeralContainers"):
        yield forbidden(
            at.child("ephemeralContainers"), "ephemeral containers not allowed in pod template"
        )
    if pod.get("volumes"):
        yield from volumes(pod, at)
    if resources := pod.get("resources"):
        yield from pod_resources(resources, at.child("resources"))
    yield from _identity(pod, at)
    yield from _placement(pod, at)
    yield from every_container(pod, at)
    if pod.get("hostNetwork"):
        yield from _host_network(pod, at)


def _identity(pod: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    for field, problem in (
        ("priorityClassName", dns_subdomain),
        ("runtimeClassName", dns_subdomain),
        ("nodeName", dns_subdomain),
        ("hostname", dns_label),
        ("subdomain", dns_label),
    ):
        if (name := pod.get(field)) and (found := problem(name)):
            yield invalid(at.child(field), name, found)
    if (policy := pod.get("dnsPolicy")) and policy not in DNS_POLICIES:
        yield unsupported(at.child("dnsPolicy"), policy, DNS_POLICIES)
    if secrets := pod.get("imagePullSecrets"):
        yield from _pull_secrets(secrets, at.child("imagePullSecrets"))
    yield from repeated(pod.get("hostAliases"), at.child("hostAliases"), ("ip",))


def _pull_secrets(secrets: list[Any], at: FieldPath) -> Iterator[Finding]:
    """The API server takes an empty name, and the kubelet then pulls without the Secret."""
    yield from repeated(secrets, at, ("name",))
    for number, secret in items(secrets):
        if not secret.get("name"):
            yield Finding(
                at.child(number, "name"),
                "empty-reference",
                "no name of a Secret: images are pulled without it",
                refused=False,
            )


def _placement(pod: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    if stated := pod.get("nodeSelector"):
        yield from labels(stated, at.child("nodeSelector"))
    constraints, here = pod.get("topologySpreadConstraints"), at.child("topologySpreadConstraints")
    yield from repeated(constraints, here, ("topologyKey", "whenUnsatisfiable"))
    for number, constraint in items(constraints):
        place = here.child(number)
        if constraint.get("maxSkew", 0) <= 0:
            skew = constraint.get("maxSkew", 0)
            yield invalid(place.child("maxSkew"), skew, "must be greater than zero")
        if not constraint.get("topologyKey"):
            yield required(place.child("topologyKey"), "can not be empty")
        if (action := constraint.get("whenUnsatisfiable", "")) not in UNSATISFIABLE:
            yield unsupported(place.child("whenUnsatisfiable"), action, UNSATISFIABLE)
        if stated := constraint.get("labelSelector"):
            yield from selector(stated, place.child("labelSelector"))
    if stated := pod.get("affinity"):
        yield from affinity(stated, at.child("affinity"))
    for number, toleration in items(pod.get("tolerations")):
        yield from _toleration(toleration, at.child("tolerations", number))


def _toleration(toleration: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    value, effect = toleration.get("value") or "", toleration.get("effect") or ""
    if key and (problem := qualified_name(key)):
        yield invalid(at.child("key"), key, problem)
    if not key and operator != "Exists":
        problem = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'  # noqa: E501
        yield invalid(at.child("operator"), operator, problem)
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        problem = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid(at.child("effect"), effect, problem)
    if operator not in TOLERATES:
        yield unsupported(at.child("operator"), operator, TOLERATES[:2])
    elif operator == "Exists" and value:
        yield invalid(
            at.child("operator"), value, "value must be empty when `operator` is 'Exists'"
        )
    elif operator == "Equal" and (problem := label_value(value)):
        yield invalid(at.child("operator"), value, problem)
    if effect and effect not in EFFECTS:
        yield unsupported(at.child("effect"), effect, EFFECTS)


def _host_network(pod: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    """On the node's network a port of a container is that of the node."""
    for number, container in items(pod.get("containers")):
        for index, port in items(container.get("ports")):
            host_port = port.get("hostPort") or 0
            if host_port and host_port != port.get("containerPort"):
                place = at.child("containers", number, "ports", index, "hostPort")
                problem = "must match `containerPort` when `hostNetwork` is true"
                yield invalid(place, host_port, problem)
