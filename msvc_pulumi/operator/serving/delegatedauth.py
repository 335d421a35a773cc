"""`DelegatedAuth`: who calls, and whether they may, as the cluster says.

As controller-runtime's ``pkg/metrics/filters`` does: a TokenReview of the caller's bearer token, a
SubjectAccessReview of its user for the path as a non-resource URL. What the cluster said is good
for a short time.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.operator.serving.httpserver import Request, Response

__all__ = ["DelegatedAuth"]

logger = logging.getLogger(__name__)

ALLOWED_SECONDS, REFUSED_SECONDS = 60.0, 10.0
"""How long an answer of the cluster is good; a grant shows sooner than its end."""
ENTRIES = 256
"""Answers that are remembered; the oldest goes first."""
TIMEOUT = 4.0  # seconds for one review; a caller waits ten for everything

CHALLENGE = (("WWW-Authenticate", "Bearer"),)


@dataclass(frozen=True, slots=True)
class _Remembered:
    until: float
    response: Response | None


class DelegatedAuth:
    """Asks ``cluster`` with a connection of its own. Thread-safe."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = Cluster(cluster.connection, timeout=TIMEOUT)
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()

    def close(self) -> None:
        self._cluster.close()

    def refusal(self, request: Request) -> Response | None:
        """Why ``request`` is not to be answered, None if it is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return Response(401, "Unauthorized\n", CHALLENGE)
        verb, path = request.method.lower(), request.path
        # Tokens are not kept, so that nothing which reads this memory can use them.
        key = hashlib.sha256("\0".join((token, verb, path)).encode()).digest()
        with self._lock:
            found = self._remembered.get(key)
        if found is not None and self._clock() < found.until:
            return found.response
        try:
            response = self._ask(token, verb, path)
        except ClusterError as error:  # not remembered: it may be over soon
            logger.warning("a caller of %s was not checked: %s", path, error)
            return Response(500, "the cluster does not say whether you may\n")
        good = REFUSED_SECONDS if response else ALLOWED_SECONDS
        with self._lock:
            self._remembered[key] = _Remembered(self._clock() + good, response)
            self._remembered.move_to_end(key)
            while len(self._remembered) > ENTRIES:
                self._remembered.popitem(last=False)
        return response

    def _ask(self, token: str, verb: str, path: str) -> Response | None:
        review = self._review("authentication.k8s.io/v1", "TokenReview", {"token": token})
        if not review.get("authenticated"):
            return Response(401, "Unauthorized\n", CHALLENGE)
        user = review.get("user") or {}
        # Kubernetes names the same things otherwise in the two kinds only where it says uid.
        subject = {
            key: user[name]
            for key, name in (
                ("user", "username"),
                ("groups", "groups"),
                ("uid", "uid"),
                ("extra", "extra"),
            )
            if user.get(name)
        }
        spec = {**subject, "nonResourceAttributes": {"path": path, "verb": verb}}
        access = self._review("authorization.k8s.io/v1", "SubjectAccessReview", spec)
        if not access.get("allowed") or access.get("denied"):
            return Response(403, f"{user.get('username')} may not {verb} {path}\n")
        return None

    def _review(self, api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """The status of a review. Raises ClusterError."""
        body = {"apiVersion": api_version, "kind": kind, "metadata": {}, "spec": spec}
        return self._cluster.create(body).get("status") or {}
