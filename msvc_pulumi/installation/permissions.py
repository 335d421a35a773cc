"""What the operator may do in a cluster, and no more, by where it may do it.

| rules | where |
|---|---|
| `rules` | everywhere, for an operator that looks after all namespaces |
| `namespace_rules` | in each namespace that an operator of some looks after |
| `identity_rules` | everywhere, even then |
| `lease_rules` | in the operator's own namespace |
| `stack_rules` | with the executor pko, in the namespace of its Stacks |
| `workspace_rules` | with it, what its workspaces may do where the ModelServices are |
| `reviewer_rules`, `reader_rules` | everywhere: whoever guards metrics, and whoever reads them |

It holds what it hands out: the API server lets nobody create a Role with more than they have, and
`escalate` would let it create any.
"""

from __future__ import annotations

from typing import Any, Literal

from msvc_pulumi.children.pickerrights import EPP_RULES

__all__ = [
    "AUTH_DELEGATOR",
    "RBAC",
    "WORKSPACE_ACCOUNT",
    "ExecutorName",
    "Rule",
    "identity_rules",
    "lease_rules",
    "namespace_rules",
    "reader_rules",
    "reviewer_rules",
    "rules",
    "stack_rules",
    "workspace_rules",
]

Rule = dict[str, Any]
ExecutorName = Literal["embedded", "pko"]

WORKSPACE_ACCOUNT = "modelservice-workspace"
"""The role that workspaces get where their ModelServices are, and its binding there; with a
namespace behind it, the ServiceAccount of that namespace's workspaces."""
AUTH_DELEGATOR = "system:auth-delegator"
"""ClusterRole that lets a workspace's agent ask the API server who calls it, and may they."""

RBAC = "rbac.authorization.k8s.io"
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

    The executor ``pko`` makes no children: its workspaces do (`workspace_rules`), once it has bound
    them to their role, which nobody knows the namespaces of beforehand.
    """
    found = [
        *namespace_rules(epp_cluster_role=epp_cluster_role, executor=executor),
        *identity_rules(executor=executor),
    ]
    if executor == "pko":
        found += [
            _rule(RBAC, ["rolebindings"], ["create"]),
            _named(RBAC, ["rolebindings"], ["delete"], WORKSPACE_ACCOUNT),
            _named(RBAC, ["clusterroles"], ["bind"], WORKSPACE_ACCOUNT),
        ]
    return found


def namespace_rules(
    *, epp_cluster_role: str = "", executor: ExecutorName = "embedded"
) -> list[Rule]:
    """What it takes to look after the ModelServices of one namespace.

    Events are written there because the API server takes one nowhere but where its object is.
    """
    own = [
        _rule("llm-d.ai", ["modelservices"], [*READ, "patch"]),
        _rule("llm-d.ai", ["modelservices/status"], ["patch"]),
        _rule("", ["events"], ["create"]),
        _rule("", ["pods"], ["list"]),  # why no node takes them
    ]
    if executor == "pko":
        # Inputs, the workloads that readiness is told from, and whatever may be edited by hand.
        return [*own, *(_rule(group, kinds, READ) for group, kinds in CHILDREN.items())]
    # Pods of a Deployment that is replaced serve until those of the new one do.
    own.append(_rule("apps", ["replicasets"], ["list", "patch", "delete"]))
    return [*own, *_children_rules(epp_cluster_role)]


def identity_rules(*, executor: ExecutorName = "embedded") -> list[Rule]:
    """The uid of kube-system tells one cluster from another wherever state is kept.

    There is no other name for a cluster, and a namespace is no part of any.
    """
    if executor == "pko":  # it keeps no state
        return []
    return [_named("", ["namespaces"], ["get"], "kube-system")]


def lease_rules(name: str) -> list[Rule]:
    """What electing a leader takes, in the namespace of the Lease ``name``."""
    leases = ("coordination.k8s.io", ["leases"])
    # No name can be required of an object that is to be created.
    return [_rule(*leases, ["create"]), _named(*leases, ["get", "patch"], name)]


def stack_rules() -> list[Rule]:
    """Stacks, and what is around them. Their names are those of ModelServices, which nobody knows
    beforehand; so they have a namespace of their own.
    """
    return [
        _rule("pulumi.com", ["stacks"], MANAGE),
        _rule("pulumi.com", ["stacks/status"], ["patch"]),
        _rule("auto.pulumi.com", ["updates", "workspaces"], ["get"]),
        _rule("", ["pods"], ["delete"]),
        _rule("", ["persistentvolumeclaims"], ["get", "create", "delete"]),
        # It reads no Secret, not even the passphrases it makes.
        _rule("", ["secrets", "serviceaccounts"], ["create", "delete"]),
        # A copy of a BaseConfig of another namespace, and the right of one account to read it.
        _rule("", ["configmaps"], ["get", "create", "patch", "delete"]),
        _rule(RBAC, ["rolebindings", "roles"], ["create", "delete"]),
    ]


def workspace_rules(*, epp_cluster_role: str = "") -> list[Rule]:
    """What a workspace of the Pulumi Kubernetes Operator may do where its ModelService is."""
    return [_rule("llm-d.ai", ["modelservices"], ["get"]), *_children_rules(epp_cluster_role)]


def reviewer_rules() -> list[Rule]:
    """To ask who reads metrics, and may they; the kinds are of no namespace."""
    return [
        _rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
        _rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
    ]


def reader_rules() -> list[Rule]:
    """To read metrics."""
    return [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]


def _children_rules(epp_cluster_role: str) -> list[Rule]:
    children = [_rule(group, kinds, MANAGE) for group, kinds in CHILDREN.items()]
    # Pulumi's plugin follows the Events of what it writes or deletes, and cannot be told not to.
    children.append(_rule("", ["events"], ["list", "watch"]))
    if epp_cluster_role:
        return [*children, _named(RBAC, ["clusterroles"], ["bind"], epp_cluster_role)]
    return [*children, *(dict(rule) for rule in EPP_RULES if not _is_had(rule))]


def _rule(group: str, kinds: list[str], verbs: list[str]) -> Rule:
    return {"apiGroups": [group], "resources": kinds, "verbs": verbs}


def _named(group: str, kinds: list[str], verbs: list[str], name: str) -> Rule:
    return {**_rule(group, kinds, verbs), "resourceNames": [name]}


def _is_had(rule: Rule) -> bool:
    """Whether managing the children includes it."""
    return all(
        set(rule["resources"]) <= set(CHILDREN.get(group, ())) and set(rule["verbs"]) <= set(MANAGE)
        for group in rule["apiGroups"]
    )
