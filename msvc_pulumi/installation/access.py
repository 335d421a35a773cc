"""`access`: the operator's ServiceAccount, and what it may do where."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.installation.names import NAME, metadata
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import (
    AUTH_DELEGATOR,
    RBAC,
    WORKSPACE_ACCOUNT,
    Rule,
    identity_rules,
    lease_rules,
    namespace_rules,
    reader_rules,
    reviewer_rules,
    rules,
    stack_rules,
    workspace_rules,
)

__all__ = ["access"]

Manifest = dict[str, Any]


def access(options: InstallOptions) -> list[Manifest]:
    """The account, its roles and their bindings; with ``pko`` those of workspaces as well.

    With ``namespaces`` the operator has Roles in these, and of the cluster what no namespace can
    grant.
    """
    home, named = options.namespace, {"epp_cluster_role": options.epp_cluster_role}
    found: list[Manifest] = [
        # Only its pods have a token, and they ask for it.
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(home, namespace=home),
            "automountServiceAccountToken": False,
        }
    ]
    if options.metrics_secure:
        found.append(_bare_role(home, f"{_of_cluster(options)}-metrics-reader", reader_rules()))
        found += _role(options, f"{_of_cluster(options)}-metrics-auth", reviewer_rules())
    if options.executor == "pko":
        found += _workspaces(options)
    if options.namespaces:
        found += _role(options, _of_cluster(options), identity_rules(executor=options.executor))
        granted = namespace_rules(**named, executor=options.executor)
        for namespace in options.namespaces:
            found += _role(options, NAME, granted, namespace)
    else:
        found += _role(options, NAME, rules(**named, executor=options.executor))
    if options.elects:
        found += _role(options, f"{NAME}-leader-election", lease_rules(NAME), home)
    return found


def _of_cluster(options: InstallOptions) -> str:
    """The name of what is in no namespace; installations in some namespaces may be several."""
    return f"{NAME}:{options.namespace}" if options.namespaces else NAME


def _workspaces(options: InstallOptions) -> list[Manifest]:
    home, space = options.namespace, options.workspaces
    granted = workspace_rules(epp_cluster_role=options.epp_cluster_role)
    found = _role(options, f"{NAME}-stacks", stack_rules(), space)
    # Nobody but workspaces has an account there, so that the operator need bind none to it.
    group = {"kind": "Group", "name": f"system:serviceaccounts:{space}"}
    delegator = f"{_of_cluster(options)}-workspaces"
    found.append(
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata(home, delegator),
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": AUTH_DELEGATOR},
            "subjects": [{**group, "apiGroup": RBAC}],
        }
    )
    if not options.namespaces:
        return [*found, _bare_role(home, WORKSPACE_ACCOUNT, granted)]
    for namespace in options.namespaces:
        account = _account(f"{WORKSPACE_ACCOUNT}-{namespace}", space)
        found.append(_bare_role(home, WORKSPACE_ACCOUNT, granted, namespace))
        found.append(_binding(home, WORKSPACE_ACCOUNT, account, namespace))
    return found


def _role(
    options: InstallOptions, name: str, granted: list[Rule], namespace: str | None = None
) -> list[Manifest]:
    """A role for the operator with its binding, both for the cluster without ``namespace``; none
    where there is nothing to grant.
    """
    if not granted:
        return []
    home = options.namespace
    return [
        _bare_role(home, name, granted, namespace),
        _binding(home, name, _account(NAME, home), namespace),
    ]


def _bare_role(home: str, name: str, granted: list[Rule], namespace: str | None = None) -> Manifest:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": metadata(home, name, namespace=namespace),
        "rules": granted,
    }


def _binding(home: str, name: str, subject: Manifest, namespace: str | None = None) -> Manifest:
    kind = "Role" if namespace else "ClusterRole"
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": metadata(home, name, namespace=namespace),
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [subject],
    }


def _account(name: str, namespace: str) -> Manifest:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
