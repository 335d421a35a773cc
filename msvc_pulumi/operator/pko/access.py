"""`Access`: what a Stack needs around it, made with the first and removed with the last.

Of each stack: the volume claim of its state and the Secret with its passphrase. Of each namespace:
the workspaces' ServiceAccount and its bindings. All of it stays until the Stack is gone, because
the deletion of a Stack runs in a workspace.
"""

from __future__ import annotations

import secrets
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.errors import cluster_error
from msvc_pulumi.cluster.modelservices import Reference
from msvc_pulumi.installation.permissions import AUTH_DELEGATOR, WORKSPACE_ACCOUNT
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.pko.names import LABELS, Names
from msvc_pulumi.operator.pko.settings import WorkspaceSettings
from msvc_pulumi.operator.pko.stackobject import PASSPHRASE

__all__ = ["Access"]

Object = dict[str, Any]

RBAC = "rbac.authorization.k8s.io/v1"
USED_BY = "llm-d.ai/workspaces-of"


class Access:
    """Makes and removes what is around the Stacks of one cluster. Thread-safe."""

    def __init__(self, cluster: Cluster, settings: WorkspaceSettings) -> None:
        self._cluster, self._settings = cluster, settings

    def grant(self, key: Key, base_config: Reference | None) -> None:
        """The stack of ``key`` may run, and read ``base_config``. Raises ClusterError."""
        for manifest in self._of_stack(key):
            self._make(manifest)
        if self._settings.service_account:
            return
        for manifest in _of_namespace(key.namespace):
            self._make(manifest)
        if base_config is not None and base_config.namespace != key.namespace:
            for manifest in _elsewhere(key.namespace, base_config):
                self._make(manifest)

    def hide(self, key: Key, base_config: Reference) -> None:
        """The namespace of ``key`` may not read ``base_config`` any more. Raises ClusterError."""
        if not self._settings.service_account:
            for manifest in reversed(_elsewhere(key.namespace, base_config)):
                self._remove(manifest)

    def revoke(self, key: Key, *, last: bool) -> None:
        """What only the stack of ``key`` used is gone; with ``last`` what its namespace used too.

        Raises ClusterError.
        """
        for manifest in self._of_stack(key):
            self._remove(manifest)
        if last and not self._settings.service_account:
            for manifest in _of_namespace(key.namespace):
                self._remove(manifest)
            for kind in ("RoleBinding", "Role"):
                labels = f"{USED_BY}={key.namespace}"
                for manifest in self._cluster.list(RBAC, kind, labels=labels)[0]:
                    self._remove(manifest)

    def _of_stack(self, key: Key) -> list[Object]:
        metadata = {"name": Names(key).stack, "namespace": key.namespace, "labels": LABELS}
        passphrase = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "stringData": {PASSPHRASE: secrets.token_urlsafe(32)},
        }
        if self._settings.backend:
            return [passphrase]
        spec: Object = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": self._settings.storage}},
        }
        if self._settings.storage_class is not None:
            spec["storageClassName"] = self._settings.storage_class
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": metadata,
            "spec": spec,
        }
        return [passphrase, claim]

    def _make(self, manifest: Object) -> None:
        try:
            self._cluster.create(manifest)
        except ClusterError as error:
            if error.reason != "AlreadyExists":
                raise
            if manifest["kind"] == "PersistentVolumeClaim":
                self._refuse_leaving(manifest["metadata"])

    def _refuse_leaving(self, metadata: Object) -> None:
        """Not the volume of a stack of the same name that has just gone; it goes with its pod."""
        claim = self._cluster.get(
            "v1", "PersistentVolumeClaim", metadata["name"], metadata["namespace"]
        )
        if claim is None or claim["metadata"].get("deletionTimestamp"):
            raise cluster_error(
                "state-leaving",
                f"the volume {metadata['name']} of a stack before this one is still going",
                "wait until its pod has ended; this is tried again",
            )

    def _remove(self, manifest: Object) -> None:
        metadata = manifest["metadata"]
        self._cluster.delete(
            manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace")
        )


def _of_namespace(namespace: str) -> list[Object]:
    """The workspaces' account, what it may do there, and that its agents may check callers."""
    here = {"name": WORKSPACE_ACCOUNT, "namespace": namespace, "labels": LABELS}
    everywhere = {"name": f"{WORKSPACE_ACCOUNT}:{namespace}", "labels": LABELS}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": here},
        _binding("RoleBinding", here, ("ClusterRole", WORKSPACE_ACCOUNT), namespace),
        _binding("ClusterRoleBinding", everywhere, ("ClusterRole", AUTH_DELEGATOR), namespace),
    ]


def _elsewhere(namespace: str, base_config: Reference) -> list[Object]:
    """A BaseConfig in another namespace, and nothing else there, may be read."""
    name = f"{WORKSPACE_ACCOUNT}:{namespace}:{base_config.name}"
    labels = {**LABELS, USED_BY: namespace}
    metadata = {"name": name, "namespace": base_config.namespace, "labels": labels}
    rule = {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "resourceNames": [base_config.name],
        "verbs": ["get"],
    }
    return [
        {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": [rule]},
        _binding("RoleBinding", metadata, ("Role", name), namespace),
    ]


def _binding(kind: str, metadata: Object, role: tuple[str, str], namespace: str) -> Object:
    return {
        "apiVersion": RBAC,
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role[0], "name": role[1]},
        "subjects": [{"kind": "ServiceAccount", "name": WORKSPACE_ACCOUNT, "namespace": namespace}],
    }
