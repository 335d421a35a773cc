"""HTTP to one API server: `ApiServer.request` returns the decoded answer, `stream` its lines.

Needs httpx (extra ``cluster``), which is imported when an `ApiServer` is made and not before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msvc_pulumi.cluster.errors import ClusterError, cluster_error, refusal, unreachable
from msvc_pulumi.cluster.kubeconfig import Connection
from msvc_pulumi.cluster.patience import Patience

if TYPE_CHECKING:
    import httpx

__all__ = ["APPLY", "ApiServer", "Parameters", "require_client"]

APPLY = "application/apply-patch+yaml"  # what is applied twice is as what is applied once

ATTEMPTS = 5  # at a request that the server turns away for being busy
BREAKS = 2  # of kept connections, after which a request is made again at once
CONNECTIONS = 32  # at once, for all threads together

Parameters = Mapping[str, str | int | bool]


class ApiServer:
    """One server, with retries for a busy one and fresh credentials for stale ones. Thread-safe."""

    def __init__(
        self, connection: Connection, timeout: float = 30.0, patience: Patience | None = None
    ) -> None:
        require_client()
        import httpx  # noqa: PLC0415

        self.connection, self.patience = connection, patience
        self.timeout = timeout
        self._transport_error, self._decoding_error = httpx.TransportError, httpx.DecodingError
        self._broken = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
        host = urlsplit(connection.server).hostname or ""
        self._client = httpx.Client(
            base_url=connection.server,
            headers=connection.encoding,
            verify=connection.tls or False,
            timeout=timeout,
            proxy=connection.proxy,
            # Go's clients never send loopback through HTTP_PROXY; httpx would.
            trust_env=host not in ("localhost", "::1") and not host.startswith("127."),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        )

    def close(self) -> None:
        """Ends all connections."""
        self._client.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Parameters | None = None,
        body: object = None,
        content: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "",
        timeout: float | None = None,
    ) -> Any:
        """The decoded answer, text where it is not JSON. Raises ClusterError unless a success.

        ``body`` is sent as JSON, ``content`` as it is; ``accept`` asks for another form. With
        patience a request may be made more than once, and a read or an apply where its connection
        breaks.
        """
        data = json.dumps(body).encode() if body is not None else content
        headers = {
            **({"Content-Type": content_type} if data is not None else {}),
            **({"Accept": accept} if accept else {}),
        }
        began = time.monotonic()
        breaks = BREAKS if method == "GET" or content_type == APPLY else 0
        while True:
            request = self._client.build_request(
                method,
                path,
                params=params,
                content=data,
                headers=headers,
                timeout=timeout or self.timeout,
            )
            try:
                return self._decoded_answer(request)
            except ClusterError as error:
                # As Go's net/http: a server closes kept connections when it likes, and httpcore
                # one that it takes for lost while another thread begins to use it.
                if breaks and isinstance(error.__cause__, self._broken):
                    breaks -= 1
                elif self.patience is None:
                    raise
                else:
                    self.patience.pause(error, began)

    def request_object(self, method: str, path: str, **details: Any) -> dict[str, Any]:
        """The answer of a `request`, which is an object. Raises ClusterError if it is none."""
        answer = self.request(method, path, **details)
        if not isinstance(answer, dict):
            raise refusal(f"{method} {path}", 200, f"not an object: {answer!r}"[:200])
        return answer

    def _decoded_answer(self, request: httpx.Request) -> Any:
        with self._answer(request) as answer:
            answer.read()
            if not answer.headers.get("content-type", "").startswith("application/json"):
                return answer.text
            try:
                return answer.json()
            except ValueError as problem:
                raise _unreadable(request, problem) from problem

    def stream(
        self, path: str, *, params: Parameters, timeout: float, accept: str = ""
    ) -> Iterator[str]:
        """The lines of an answer as they come. Raises ClusterError when the server is lost."""
        headers = {"Accept": accept} if accept else {}
        request = self._client.build_request(
            "GET", path, params=params, headers=headers, timeout=timeout
        )
        with self._answer(request) as answer:
            yield from answer.iter_lines()

    @contextmanager
    def _answer(self, request: httpx.Request) -> Iterator[httpx.Response]:
        """A successful response, its body still to be read; closed at the end."""
        what = f"{request.method} {request.url.path}"
        if self.connection.server_name:
            request.extensions["sni_hostname"] = self.connection.server_name
        refresh = False
        try:
            for attempt in range(ATTEMPTS):
                request.headers.update(self.connection.credential(refresh))
                response = self._client.send(request, stream=True)
                try:
                    if response.is_success:
                        yield response
                        return
                    response.read()
                finally:
                    response.close()
                if response.status_code == 429 and attempt + 1 < ATTEMPTS:
                    time.sleep(_pause(response.headers.get("retry-after", "")))
                elif response.status_code == 401 and not refresh:
                    refresh = True
                else:
                    raise refusal(what, response.status_code, _decoded(response))
        except self._transport_error as problem:
            raise unreachable(self.connection.server, problem) from problem
        except self._decoding_error as problem:
            raise _unreadable(request, problem) from problem


def require_client() -> None:
    """Raises ClusterError (cluster-client-missing) if there is no HTTP client."""
    try:
        import httpx  # noqa: PLC0415, F401
    except ImportError as missing:
        raise cluster_error(
            "cluster-client-missing",
            "talking to a cluster needs httpx, which is not installed",
            "pip install 'msvc-pulumi[cluster]'",
        ) from missing


def _unreadable(request: httpx.Request, problem: Exception) -> ClusterError:
    """An answer that is not what it says it is: a proxy's, or one that was cut off."""
    told = f"an answer that cannot be read: {problem}"
    return refusal(f"{request.method} {request.url.path}", 200, told)


def _pause(stated: str) -> float:
    """Seconds; servers in between may state a date."""
    return float(stated) if stated.isdecimal() else 1.0


def _decoded(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return response.text
