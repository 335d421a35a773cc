"""`Reader`: what an API server has and serves, asked, listed, watched and waited for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msvc_pulumi.cluster.apiserver import ApiServer
from msvc_pulumi.cluster.errors import ClusterError, cluster_error, refusal
from msvc_pulumi.cluster.kubeconfig import Connection, load_connection
from msvc_pulumi.cluster.patience import Patience
from msvc_pulumi.cluster.resource import Resource, discovered

__all__ = ["Object", "Reader"]

PARTIAL = "application/json;g=meta.k8s.io;v=v1"
ONE = "PartialObjectMetadata"
PAGE = 250  # objects a list request asks for at once; kubectl's 500 take twice the memory
Object = dict[str, Any]


@dataclass(slots=True)
class Reader:
    """One API server. Safe to use from several threads; close it, or use it in ``with``."""

    connection: Connection
    timeout: float = 30.0
    """Seconds a request may take, unless it says otherwise."""
    patience: Patience | None = None
    """With it, requests that fail for want of time are made again."""
    server: ApiServer = field(init=False, repr=False)
    _served: dict[str, dict[str, Resource]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.server = ApiServer(self.connection, self.timeout, self.patience)

    @classmethod
    def connect(
        cls,
        kubeconfig: Path | None = None,
        context: str | None = None,
        *,
        timeout: float = 30.0,
        patience: Patience | None = None,
    ) -> Self:
        """The cluster kubectl would talk to; makes no request. Raises ClusterError."""
        return cls(load_connection(kubeconfig, context), timeout, patience)

    def lose_patience(self) -> None:
        """From now on a request that fails is not made again, also where one waits to be."""
        if self.patience is not None:
            self.patience.seconds = self.patience.absent = 0.0

    def close(self) -> None:
        """Ends all connections."""
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def resource(self, api_version: str, kind: str) -> Resource:
        """How the server serves a kind. Raises ClusterError (kind-not-served) if it does not."""
        known = self._served.get(api_version)
        if known is None or kind not in known:  # a CRD may have come since
            known = self._served[api_version] = discovered(self.server, api_version)
        if kind not in known:
            error = cluster_error(
                "kind-not-served",
                f"the cluster serves no {kind} of {api_version}",
                "install the CustomResourceDefinition that defines it",
            )
            error.status, error.reason = 404, "NotFound"
            raise error
        return known[kind]

    def serves(self, api_version: str, kind: str) -> bool:
        """Whether the server knows the kind now."""
        try:
            self.resource(api_version, kind)
        except ClusterError as error:
            if error.reason != "NotFound":
                raise
            return False
        return True

    def get(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        metadata: bool = False,
    ) -> Object | None:
        """The object, or only its metadata; None if there is none of that name."""
        path = self._path(api_version, kind, name, namespace)
        try:
            return self.server.request_object(
                "GET", path, accept=f"{PARTIAL};as={ONE}" if metadata else ""
            )
        except ClusterError as error:
            if error.status == 404 and error.reason == "NotFound":
                return None
            raise

    def pages(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        metadata: bool = False,
    ) -> Iterator[tuple[list[Object], str]]:
        """What `list` gives, a page at a time as the server sends it; or only its metadata."""
        path = self.resource(api_version, kind).path(namespace)
        params = {"limit": PAGE, "labelSelector": labels, "fieldSelector": fields, "continue": ""}
        accept = f"{PARTIAL};as=PartialObjectMetadataList" if metadata else ""
        while True:
            given = {key: value for key, value in params.items() if value}
            page = self.server.request_object("GET", path, params=given, accept=accept)
            yield page["items"] or [], page["metadata"]["resourceVersion"]
            params["continue"] = page["metadata"].get("continue", "")
            if not params["continue"]:
                return

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
    ) -> tuple[list[Object], str]:
        """All objects, of one namespace or of all, and the resource version to watch from."""
        pages = [*self.pages(api_version, kind, namespace, labels=labels, fields=fields)]
        # The items of a list do not repeat what they are.
        typed = {"apiVersion": api_version, "kind": kind}
        return [{**typed, **item} for items, _ in pages for item in items], pages[-1][1]

    def watch(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        resource_version: str,
        labels: str = "",
        fields: str = "",
        metadata: bool = False,
        timeout: float = 300.0,
    ) -> Iterator[tuple[str, Object]]:
        """(ADDED|MODIFIED|DELETED|BOOKMARK, object) since ``resource_version``, for ``timeout`` s.

        With ``metadata`` the server leaves everything else of the objects out.
        Raises ClusterError with status 410 when that version is too old: list again.
        """
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "labelSelector": labels,
            "fieldSelector": fields,
            "timeoutSeconds": str(max(1, int(timeout))),
        }
        path = self.resource(api_version, kind).path(namespace)
        given = {key: value for key, value in params.items() if value}
        accept = f"{PARTIAL};as={ONE}" if metadata else ""
        for line in self.server.stream(path, params=given, timeout=timeout + 30, accept=accept):
            event = json.loads(line)
            if event["type"] == "ERROR":
                status = event["object"]
                raise refusal(f"watch {path}", int(status.get("code", 500)), status)
            yield event["type"], event["object"]

    def wait(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        until: Callable[[Object | None], bool],
        timeout: float,
    ) -> Object | None:
        """The object as soon as ``until`` holds for it (None stands for its absence).

        Raises ClusterError (cluster-timeout) after ``timeout`` seconds.
        """
        end, pause = time.monotonic() + timeout, 0.05
        while not until(found := self.get(api_version, kind, name, namespace)):
            if time.monotonic() > end:
                raise cluster_error(
                    "cluster-timeout",
                    f"{kind} {name} is not as expected after {timeout:.0f} s",
                    f"look at it with `kubectl describe {kind.lower()} {name}`",
                )
            time.sleep(pause)
            pause = min(2 * pause, 0.5)
        return found

    def _path(self, api_version: str, kind: str, name: str, namespace: str | None) -> str:
        space = namespace or self.connection.namespace
        return self.resource(api_version, kind).path(space, name)
