"""What the operator may do in a cluster: `rules` are those of its ClusterRole, and no more.

It holds what it hands out: the API server lets nobody create a Role with more than they have, and
`escalate` would let it create any.
"""

from __future__ import annotations

from typing import Any

from msvc_pulumi.children.epp import EPP_RULES

__all__ = ["rules"]

Rule = dict[str, Any]

READ = ["get", "list", "watch"]
# `patch` and `create` are what a server-side apply needs; a deletion is watched until it is done.
MANAGE = [*READ, "create", "patch", "delete"]

CHILDREN: dict[str, list[str]] = {
    "": ["configmaps", "serviceaccounts", "services"],
    "apps": ["deployments"],
    "autoscaling": ["horizontalpodautoscalers"],
    "rbac.authorization.k8s.io": ["rolebindings", "roles"],
    "gateway.networking.k8s.io": ["httproutes"],
    "inference.networking.k8s.io": ["inferencepools"],
    "inference.networking.x-k8s.io": [
        "inferencemodelrewrites",
        "inferencemodels",
        "inferenceobjectives",
        "inferencepools",
    ],
    "keda.sh": ["scaledobjects"],
    "leaderworkerset.x-k8s.io": ["leaderworkersets"],
    "llm-d.ai": ["inferencemodelrewrites", "inferenceobjectives"],
}
"""API group → the kinds that plans have."""


def rules(*, epp_cluster_role: str = "") -> list[Rule]:
    """The rules; with ``epp_cluster_role`` it may bind that role instead of making its own."""
    own = [
        _rule("llm-d.ai", ["modelservices"], [*READ, "patch"]),
        _rule("llm-d.ai", ["modelservices/status"], ["patch"]),
        _rule("", ["events"], ["create"]),
        # Its uid tells one cluster from another.
        {**_rule("", ["namespaces"], ["get"]), "resourceNames": ["kube-system"]},
    ]
    children = [_rule(group, kinds, MANAGE) for group, kinds in CHILDREN.items()]
    if epp_cluster_role:
        bind = _rule("rbac.authorization.k8s.io", ["clusterroles"], ["bind"])
        return [*own, *children, {**bind, "resourceNames": [epp_cluster_role]}]
    return [*own, *children, *(dict(rule) for rule in EPP_RULES if not _is_had(rule))]


def _rule(group: str, kinds: list[str], verbs: list[str]) -> Rule:
    return {"apiGroups": [group], "resources": kinds, "verbs": verbs}


def _is_had(rule: Rule) -> bool:
    """Whether managing the children includes it."""
    return all(
        set(rule["resources"]) <= set(CHILDREN.get(group, ())) and set(rule["verbs"]) <= set(MANAGE)
        for group in rule["apiGroups"]
    )
