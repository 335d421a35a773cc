"""A small Kubernetes client: objects are plain dicts, every failure is a `ClusterError`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster.apiserver import APPLY, Parameters
from msvc_pulumi.cluster.errors import ClusterError
from msvc_pulumi.cluster.reader import Object, Reader
from msvc_pulumi.cluster.resource import Resource

__all__ = ["FIELD_MANAGER", "Cluster", "ClusterError", "Resource"]

FIELD_MANAGER = "msvc"


@dataclass(slots=True)
class Cluster(Reader):
    """One API server, with what changes it. As safe as a `Reader`, and as much to be closed."""

    def create(self, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Object:
        """The object, new. Raises ClusterError (reason AlreadyExists) if there is one."""
        resource = self.resource(manifest["apiVersion"], manifest["kind"])
        space = manifest["metadata"].get("namespace") or self.connection.namespace
        params: Parameters = {
            "fieldManager": FIELD_MANAGER,
            **({"dryRun": "All"} if dry_run else {}),
        }
        return self.server.request_object(
            "POST", resource.path(space), body=manifest, params=params
        )

    def amended(self, item: Mapping[str, Any]) -> Object:
        """What the server would make of ``item`` in the place of what there is; changes nothing."""
        metadata = item["metadata"]
        path = self._path(
            item["apiVersion"], item["kind"], metadata["name"], metadata.get("namespace")
        )
        # A patch of its parts, because that takes no right to update.
        body = [
            {"op": "replace", "path": f"/{key}", "value": value}
            for key, value in item.items()
            if key not in ("apiVersion", "kind", "status")
        ]
        return self.server.request_object(
            "PATCH",
            path,
            body=body,
            params={"fieldManager": FIELD_MANAGER, "dryRun": "All"},
            content_type="application/json-patch+json",
        )

    def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        field_manager: str = FIELD_MANAGER,
        force: bool = False,
        dry_run: bool = False,
        strict: bool = False,
        subresource: str = "",
    ) -> Object:
        """The object after a server-side apply; without ``force`` another owner is a conflict.

        ``strict`` refuses fields that the server does not know.
        """
        metadata = manifest["metadata"]
        path = self._path(
            manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace")
        )
        params: Parameters = {
            "fieldManager": field_manager,
            **({"force": "true"} if force else {}),
            **({"dryRun": "All"} if dry_run else {}),
            **({"fieldValidation": "Strict"} if strict else {}),
        }
        return self.server.request_object(
            "PATCH",
            f"{path}/{subresource}" if subresource else path,
            params=params,
            body=manifest,
            content_type=APPLY,
        )

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        body: Mapping[str, Any],
        subresource: str = "",
    ) -> Object:
        """The object after a JSON merge patch (RFC 7386)."""
        path = self._path(api_version, kind, name, namespace)
        return self.server.request_object(
            "PATCH",
            f"{path}/{subresource}" if subresource else path,
            body=body,
            params={"fieldManager": FIELD_MANAGER},
            content_type="application/merge-patch+json",
        )

    def delete(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        propagation: str = "Background",
        uid: str = "",
    ) -> bool:
        """Whether there was something to delete; what it owns follows by ``propagation``.

        With ``uid`` only the object with that one is deleted; another is a ClusterError (Conflict).
        """
        path = self._path(api_version, kind, name, namespace)
        body: Object = {"propagationPolicy": propagation}
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            self.server.request("DELETE", path, body=body)
        except ClusterError as error:
            if error.status == 404:
                return False
            raise
        return True
