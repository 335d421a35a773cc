"""`Resource`: what an API server calls a kind, as `discovered` there."""

from __future__ import annotations

from dataclasses import dataclass

from msvc_pulumi.cluster.apiserver import ApiServer
from msvc_pulumi.cluster.errors import ClusterError, cluster_error

__all__ = ["Resource", "discovered"]


@dataclass(frozen=True, slots=True)
class Resource:
    """What the server calls a kind."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """URL path of the collection or of one object; no namespace means all of them."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        space = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{self.api_version}{space}/{self.plural}{f'/{name}' if name else ''}"


def discovered(server: ApiServer, api_version: str) -> dict[str, Resource]:
    """The kinds that ``server`` serves of ``api_version``, none if it serves no such version.

    Raises ClusterError if it does not answer.
    """
    root = "/apis/" if "/" in api_version else "/api/"
    try:
        answer = server.request_object("GET", f"{root}{api_version}")
    except ClusterError as error:
        if error.status != 404:
            raise
        if api_version == "v1":  # no API server is without it
            raise _stranger(server) from error
        return {}
    try:
        return {
            item["kind"]: Resource(api_version, item["kind"], item["name"], item["namespaced"])
            for item in answer["resources"]
            if "/" not in item["name"]  # those are subresources
        }
    except (KeyError, TypeError) as problem:
        raise _stranger(server) from problem


def _stranger(server: ApiServer) -> ClusterError:
    return cluster_error(
        "cluster-failed",
        f"{server.connection.server} does not answer as a Kubernetes API server",
        "check the server's address in the kubeconfig",
    )
