"""What a ModelService's Stack and its company are called: `Names`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from msvc_pulumi.engine.stack import PROJECT
from msvc_pulumi.installation.permissions import WORKSPACE_ACCOUNT
from msvc_pulumi.operator.executor import Key

__all__ = [
    "AUTO",
    "LABELS",
    "MODEL_SERVICE",
    "REQUEST",
    "STACK",
    "Names",
    "account_of",
    "key_of_stack",
]

STACK = ("pulumi.com/v1", "Stack")
AUTO = "auto.pulumi.com/v1alpha1"
REQUEST = "pulumi.com/reconciliation-request"
MODEL_SERVICE = "llm-d.ai/modelservice"
"""Annotation of a Stack: namespace/name; a label could not hold every name."""
LABELS = {"app.kubernetes.io/managed-by": "modelservice-operator"}

PREFIX = "msvc-"
MAX_STACK = 42  # characters; a rule in Stack's schema
MAX_ENGINE_STACK = 100  # characters; pkg/backend/diy/backend.go


@dataclass(frozen=True, slots=True)
class Names:
    """Names around one ModelService; the same key gives the same names for ever."""

    key: Key

    @property
    def stack(self) -> str:
        """Of the Stack, its Workspace, the volume claim of its state and its passphrase.

        All Stacks share a namespace, and two pairs of namespace and name may read alike.
        """
        label = re.sub(r"[^a-z0-9-]", "-", f"{PREFIX}{self.key.namespace}-{self.key.name}")
        return f"{label[: MAX_STACK - 9].rstrip('-')}-{_digest(str(self.key))}"

    @property
    def engine_stack(self) -> str:
        """Of the engine's stack, in full: where the embedded executor has it too."""
        name = self.key.stack
        if len(name) > MAX_ENGINE_STACK:
            name = f"{name[: MAX_ENGINE_STACK - 9]}-{_digest(name)}"
        return f"organization/{PROJECT}/{name}"

    @property
    def pod(self) -> str:
        """Of the pod that the Workspace runs in."""
        return f"{self.stack}-workspace-0"


def key_of_stack(stack: dict[str, object]) -> Key | None:
    """The ModelService that a Stack was made for; None if this operator did not make it."""
    metadata = stack["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101  every object of an API server has it
    stated = (metadata.get("annotations") or {}).get(MODEL_SERVICE, "")
    namespace, _, name = stated.partition("/")
    labels = metadata.get("labels") or {}
    if not name or any(labels.get(key) != value for key, value in LABELS.items()):
        return None
    return Key(namespace, name)


def account_of(namespace: str) -> str:
    """The ServiceAccount of the workspaces of a namespace's ModelServices, beside their Stacks."""
    return f"{WORKSPACE_ACCOUNT}-{namespace}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
