"""`Access`: what a Stack needs around it, made with the first and removed with the last.

Of each stack: the volume claim of its state, the Secret with its passphrase, and a copy of its
BaseConfig if that is in another namespace. Of each namespace with ModelServices: an account for
their workspaces, and its binding there. But for the binding all of it is in the namespace of the
Stacks, and stays until the Stack is gone: the deletion of a Stack runs in a workspace.
"""

from __future__ import annotations

import secrets
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.errors import cluster_error
from msvc_pulumi.cluster.modelservices import Reference
from msvc_pulumi.components.baseconfigcopy import copy_of
from msvc_pulumi.installation.permissions import WORKSPACE_ACCOUNT
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.pko.names import LABELS, Names, account_of
from msvc_pulumi.operator.pko.settings import WorkspaceSettings
from msvc_pulumi.operator.pko.stackobject import PASSPHRASE

__all__ = ["Access"]

Object = dict[str, Any]

GROUP = "rbac.authorization.k8s.io"
RBAC = f"{GROUP}/v1"


class Access:
    """Makes and removes what is around the Stacks of one cluster. Thread-safe."""

    def __init__(self, cluster: Cluster, settings: WorkspaceSettings) -> None:
        self._cluster, self._settings = cluster, settings

    def grant(self, key: Key, base_config: Reference | None) -> None:
        """The stack of ``key`` may run, and has what ``base_config`` says now.

        Raises ClusterError, with the cause NamespaceTerminating where nobody may be given a right.
        """
        for manifest in self._of_stack(key):
            self._make(manifest)
        for manifest in self._of_namespace(key.namespace):
            if not self._is_installed(manifest):
                self._make(manifest)
        if base_config is not None and base_config.namespace != key.namespace:
            self._copy(key, base_config)

    def hide(self, key: Key) -> None:
        """The workspace of ``key`` may not read its BaseConfig any more. Raises ClusterError."""
        for manifest in reversed(self._of_copy(key)):
            self._remove(manifest)

    def revoke(self, key: Key, *, last: bool) -> None:
        """What only the stack of ``key`` used is gone; with ``last`` what its namespace used too.

        Raises ClusterError.
        """
        for manifest in (*self._of_stack(key), *self._of_copy(key)):
            self._remove(manifest)
        if last:
            for manifest in self._of_namespace(key.namespace):
                if self._is_made(manifest):
                    self._remove(manifest)

    def _of_namespace(self, namespace: str) -> list[Object]:
        """The account of its workspaces, and what that may do there."""
        if self._settings.service_account:
            return []
        account = account_of(namespace)
        beside = {"name": account, "namespace": self._settings.namespace, "labels": LABELS}
        there = {"name": WORKSPACE_ACCOUNT, "namespace": namespace, "labels": LABELS}
        return [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": beside},
            self._binding(there, ("ClusterRole", WORKSPACE_ACCOUNT), account),
        ]

    def _is_installed(self, manifest: Object) -> bool:
        """Whether it came with the operator, as bindings do where it has Roles only."""
        is_binding = manifest["kind"] == "RoleBinding"
        return is_binding and bool(self._settings.namespaces) and self._found(manifest) is not None

    def _copy(self, key: Key, base_config: Reference) -> None:
        """Its workspace can read what the BaseConfig says now, and nothing else of where it is."""
        found = self._cluster.get("v1", "ConfigMap", base_config.name, base_config.namespace)
        if found is None:
            return  # the workspace says so
        copied, *readable = self._of_copy(key)
        self._cluster.apply(copy_of(found, copied["metadata"]), force=True)
        for manifest in readable:
            self._make(manifest)

    def _of_copy(self, key: Key) -> list[Object]:
        name = Names(key).stack
        metadata = {"name": name, "namespace": self._settings.namespace, "labels": LABELS}
        account = self._settings.service_account or account_of(key.namespace)
        rule = {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": [name],
            "verbs": ["get"],
        }
        return [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata},
            {"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": [rule]},
            self._binding(metadata, ("Role", name), account),
        ]

    def _binding(self, metadata: Object, role: tuple[str, str], account: str) -> Object:
        space = self._settings.namespace
        return {
            "apiVersion": RBAC,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": GROUP, "kind": role[0], "name": role[1]},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": space}],
        }

    def _is_made(self, manifest: Object) -> bool:
        """Whether it was made here, as the labels say of what is not in the Stacks' namespace."""
        if manifest["metadata"]["namespace"] == self._settings.namespace:
            return True
        labels = (self._found(manifest) or {}).get("metadata", {}).get("labels") or {}
        return all(labels.get(key) == value for key, value in LABELS.items())

    def _found(self, manifest: Object) -> Object | None:
        metadata = manifest["metadata"]
        return self._cluster.get(
            manifest["apiVersion"], manifest["kind"], metadata["name"], metadata["namespace"]
        )

    def _of_stack(self, key: Key) -> list[Object]:
        metadata = {
            "name": Names(key).stack,
            "namespace": self._settings.namespace,
            "labels": LABELS,
        }
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
