"""Names and labels of the child resources, identical to the Go program's wherever those were valid.

Rules and fallbacks: the original's ``internal/controller/utils.go`` (``sanitizeName``) and
``child_resources.go``. They differ in one way: a name longer than a DNS label is shortened to a
unique one with a hash instead of colliding or falling back to a shared constant (quirk Q27).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

__all__ = [
    "MAX_NAME_LENGTH",
    "ROLES",
    "ROLE_LABEL",
    "ChildNames",
    "Role",
    "common_labels",
    "epp_labels",
    "model_label",
    "pod_labels",
    "sanitize",
    "worker_labels",
]

MAX_NAME_LENGTH = 63  # characters, RFC 1123 label and Kubernetes label value
# Pods of a group are called <set>-<group>-<worker>, the StatefulSet of its workers <set>-<group>;
# the names of that one's revisions are labels, and eleven characters longer.
MAX_SET_NAME_LENGTH = 46
HASH_LENGTH = 8  # hexadecimal digits; enough to tell the ModelServices of one cluster apart

Role = Literal["prefill", "decode"]
ROLES: tuple[Role, Role] = ("prefill", "decode")

INFERENCE_SERVING_LABEL = "llm-d.ai/inferenceServing"
MODEL_LABEL = "llm-d.ai/model"
ROLE_LABEL = "llm-d.ai/role"
EPP_LABEL = "llm-d.ai/epp"


def _simple_lower(text: str) -> str:
    """``text`` in lower case by simple case mapping, one character for one as Go's ToLower does."""
    if text.isascii():
        return text.lower()
    return "".join(lower if len(lower := c.lower()) == 1 else lower[0] for c in text)


@lru_cache(maxsize=256)
def _slug(text: str) -> str:
    """``text`` with everything outside ``[a-z0-9-]`` replaced, of any length."""
    return re.sub(r"[^a-z0-9-]+", "-", _simple_lower(text.strip())).strip("-._")


def sanitize(text: str) -> str:
    """A valid label value made of ``text``: lower case, ``[a-z0-9-]`` only, at most 63 characters.

    May be empty. A dash left at the end by the cut is trimmed (the original gave up there, Q28).
    """
    return _slug(text)[:MAX_NAME_LENGTH].rstrip("-")


def model_label(model_name: str) -> str:
    """The value of ``llm-d.ai/model`` and of ``.SanitizedModelName`` for ``model_name``."""
    return sanitize(model_name)


def _child(owner: str, suffix: str, limit: int = MAX_NAME_LENGTH) -> str:
    name = _slug(owner + suffix)
    if len(name) <= limit:
        return name
    from hashlib import sha256  # noqa: PLC0415  slow to import, and most names are short

    digest = sha256(owner.encode()).hexdigest()[:HASH_LENGTH]
    room = limit - HASH_LENGTH - 1 - len(suffix)
    return f"{_slug(owner)[:room].rstrip('-')}-{digest}{suffix}"


class ChildNames(NamedTuple):
    """The ``metadata.name`` of every child of the ModelService called ``owner``."""

    owner: str

    def deployment(self, role: Role) -> str:
        return _child(self.owner, f"-{role}")

    def leader_worker_set(self, role: Role) -> str:
        return _child(self.owner, f"-{role}", MAX_SET_NAME_LENGTH)

    def autoscaler(self, role: Role) -> str:
        return _child(self.owner, f"-{role}")

    def service(self, role: Role) -> str:
        return _child(self.owner, f"-service-{role}")

    @property
    def service_account(self) -> str:
        return _child(self.owner, "-sa")

    @property
    def epp_deployment(self) -> str:
        return _child(self.owner, "-epp")

    @property
    def epp_service(self) -> str:
        return _child(self.owner, "-epp-service")

    @property
    def epp_service_account(self) -> str:
        return _child(self.owner, "-epp-sa")

    @property
    def epp_role(self) -> str:
        return _child(self.owner, "-epp-role")

    @property
    def epp_role_binding(self) -> str:
        return _child(self.owner, "-epp-rolebinding")

    @property
    def http_route(self) -> str:
        return _child(self.owner, "-http-route")

    @property
    def inference_pool(self) -> str:
        return _child(self.owner, "-inference-pool")

    @property
    def inference_model(self) -> str:
        """The ModelService's own name, unsanitised as in the original (quirk Q25)."""
        return self.owner

    @property
    def inference_objective(self) -> str:
        return _child(self.owner, "-inference-objective")

    @property
    def inference_model_rewrite(self) -> str:
        return _child(self.owner, "-inference-model-rewrite")


def common_labels(model_name: str) -> dict[str, str]:
    """Labels of everything that serves ``model_name``; also the InferencePool's selector."""
    return {INFERENCE_SERVING_LABEL: "true", MODEL_LABEL: model_label(model_name)}


def pod_labels(model_name: str, role: Role) -> dict[str, str]:
    """Labels and selector of one role's pods."""
    return {**common_labels(model_name), ROLE_LABEL: role}


def worker_labels(model_name: str, role: Role) -> dict[str, str]:
    """Labels of pods that compute for a leader and take no requests: no selector finds them."""
    labels = pod_labels(model_name, role)
    return {key: value for key, value in labels.items() if key != INFERENCE_SERVING_LABEL}


def epp_labels(names: ChildNames) -> dict[str, str]:
    """Labels and selector of the endpoint picker's pods."""
    return {EPP_LABEL: names.epp_deployment}
