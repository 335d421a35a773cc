"""What can go wrong with a cluster: `ClusterError`, and its making from an API server's answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from msvc_pulumi.errors import Diagnostic, FieldPath, ModelServiceError

__all__ = ["ClusterError", "cluster_error", "refusal", "unreachable"]

# HTTP status → code of the diagnostic and what a user can do.
CODES = {
    400: ("cluster-rejected", "correct the object"),
    401: ("cluster-unauthorized", "log in again, or check the user of the kubeconfig's context"),
    403: ("cluster-forbidden", "ask the cluster's administrator for the permission it names"),
    404: ("cluster-not-found", "check name, namespace and that its kind is installed"),
    409: ("cluster-conflict", "see who else owns the field: kubectl get --show-managed-fields"),
    410: ("cluster-expired", "list again"),
    422: ("cluster-rejected", "correct the fields it names"),
}

CONFLICT = 409
FIELD_STEP = re.compile(r"\[(\d+)\]|\[([^\]]*)\]|([^.\[\]]+)")


class ClusterError(ModelServiceError):
    """The cluster cannot be reached, or it refused.

    ``status`` is the HTTP status, 0 if no answer came; ``reason`` is metav1.StatusReason,
    ``causes`` are the types of its causes.
    """

    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        *diagnostics: Diagnostic,
        status: int = 0,
        reason: str = "",
        causes: Iterable[str] = (),
    ) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.reason = reason
        self.causes = frozenset(causes)

    @property
    def is_conflict(self) -> bool:
        """Whether the object, or the owner of a field, is another than the request took it for."""
        return self.status == CONFLICT


def cluster_error(code: str, summary: str, help: str) -> ClusterError:  # noqa: A002
    """The exception for one problem that no answer of a server describes."""
    return ClusterError(Diagnostic(code, summary, help=help))


def unreachable(server: str, problem: Exception) -> ClusterError:
    """The exception for a request that got no answer."""
    text = str(problem) or type(problem).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return cluster_error(
            "cluster-certificate",
            f"the certificate of {server} is not trusted: {text}",
            "the kubeconfig is of another cluster, or its certificate-authority is out of date",
        )
    return cluster_error(
        "cluster-unreachable",
        f"the API server {server} cannot be reached: {text}",
        "check that the cluster runs and that KUBECONFIG names it, "
        "or start one here with `msvc local up`",
    )


def refusal(what: str, status: int, answer: object) -> ClusterError:
    """The exception for an answer that is no success: one diagnostic for each cause it states."""
    stated: Mapping[str, Any] = answer if isinstance(answer, Mapping) else {}
    code, remedy = CODES.get(status, ("cluster-failed", "look at the API server's log"))
    message = stated.get("message") or str(answer).strip()[:500] or f"HTTP status {status}"
    causes = (stated.get("details") or {}).get("causes") or ()
    diagnostics = [
        Diagnostic(
            code,
            cause.get("message") or message,
            field=field_path(cause.get("field", "")),
            help=remedy,
            notes=(what,),
        )
        for cause in causes
    ]
    return ClusterError(
        *(diagnostics or [Diagnostic(code, message, help=remedy, notes=(what,))]),
        status=status,
        reason=stated.get("reason", ""),
        causes=(cause.get("reason", "") for cause in causes),
    )


def field_path(text: str) -> FieldPath:
    """``spec.ports[0].name`` as a FieldPath."""
    return FieldPath(
        int(index) if index else key or name for index, key, name in FIELD_STEP.findall(text)
    )
