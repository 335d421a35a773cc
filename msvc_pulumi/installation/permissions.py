"""What the operator may do in a cluster: `rules` are those of its ClusterRole, and no more.

It holds what it hands out: the API server lets nobody create a Role with more than they have, and
`escalate` would let it create any.
"""

from __future__ import annotations

from typing import Any, Literal

from msvc_pulumi.children.epp import EPP_RULES

__all__ = [
    "AUTH_DELEGATOR",
    "WORKSPACE_ACCOUNT",
    "ExecutorName",
    "lease_rules",
    "rules",
    "workspace_rules",
]

Rule = dict[str, Any]
ExecutorName = Literal["embedded", "pko"]

WORKSPACE_ACCOUNT = "modelservice-workspace"
"""ServiceAccount of the workspaces of a namespace, and the ClusterRole that it gets there."""
AUTH_DELEGATOR = "system:auth-delegator"
"""ClusterRole that lets a workspace's agent ask the API server who calls it, and may they."""

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


def rules(*, epp_cluster_role: str = "", executor: ExecutorName = "embedded") -> list[Rule]:
    """The rules; with ``epp_cluster_role`` it may bind that role instead of making its own.

    The executor ``pko`` makes no children: its workspaces do (`workspace_rules`).
    """
    own = [
        _rule("llm-d.ai", ["modelservices"], [*READ, "patch"]),
        _rule("llm-d.ai", ["modelservices/status"], ["patch"]),
        _rule("", ["events"], ["create"]),
        _rule("", ["pods"], ["list"]),  # why no node takes them
        # Its uid tells one cluster from another.
        {**_rule("", ["namespaces"], ["get"]), "resourceNames": ["kube-system"]},
    ]
    if executor == "pko":
        return [*own, *_stack_rules()]
    return [*own, *_children_rules(epp_cluster_role)]


def workspace_rules(*, epp_cluster_role: str = "") -> list[Rule]:
    """What a workspace of the Pulumi Kubernetes Operator may do, each in its own namespace."""
    return [_rule("llm-d.ai", ["modelservices"], ["get"]), *_children_rules(epp_cluster_role)]


def _stack_rules() -> list[Rule]:
    """Stacks, what is around them, and the two roles that it gives to the workspaces' account."""
    rbac = "rbac.authorization.k8s.io"
    bind = _rule(rbac, ["clusterroles"], ["bind"])
    return [
        # Inputs, the workloads that readiness is told from, and whatever may be edited by hand.
        *(_rule(group, kinds, READ) for group, kinds in CHILDREN.items()),
        _rule("pulumi.com", ["stacks"], MANAGE),
        _rule("pulumi.com", ["stacks/status"], ["patch"]),
        _rule("auto.pulumi.com", ["updates", "workspaces"], ["get"]),
        _rule("", ["pods"], ["delete"]),
        _rule("", ["persistentvolumeclaims"], ["get", "create", "delete"]),
        # It reads none, not even the passphrases it makes.
        _rule("", ["secrets", "serviceaccounts"], ["create", "delete"]),
        _rule(rbac, ["clusterrolebindings"], ["create", "delete"]),
        _rule(rbac, ["rolebindings", "roles"], ["create", "delete"]),
        {**bind, "resourceNames": [AUTH_DELEGATOR, WORKSPACE_ACCOUNT]},
    ]


def _children_rules(epp_cluster_role: str) -> list[Rule]:
    children = [_rule(group, kinds, MANAGE) for group, kinds in CHILDREN.items()]
    if epp_cluster_role:
        bind = _rule("rbac.authorization.k8s.io", ["clusterroles"], ["bind"])
        return [*children, {**bind, "resourceNames": [epp_cluster_role]}]
    return [*children, *(dict(rule) for rule in EPP_RULES if not _is_had(rule))]


def lease_rules(name: str) -> list[Rule]:
    """What electing a leader takes, in the namespace of the Lease ``name``."""
    leases = ("coordination.k8s.io", ["leases"])
    # No name can be required of an object that is to be created.
    named = {**_rule(*leases, ["get", "patch"]), "resourceNames": [name]}
    return [_rule(*leases, ["create"]), named]


def _rule(group: str, kinds: list[str], verbs: list[str]) -> Rule:
    return {"apiGroups": [group], "resources": kinds, "verbs": verbs}


def _is_had(rule: Rule) -> bool:
    """Whether managing the children includes it."""
    return all(
        set(rule["resources"]) <= set(CHILDREN.get(group, ())) and set(rule["verbs"]) <= set(MANAGE)
        for group in rule["apiGroups"]
    )
