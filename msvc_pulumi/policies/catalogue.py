"""The policies by name."""

from __future__ import annotations

from msvc_pulumi.errors import Severity
from msvc_pulumi.policies.accelerators import idle_accelerators, too_few_accelerators
from msvc_pulumi.policies.images import unpinned_images
from msvc_pulumi.policies.limits import unlimited_memory
from msvc_pulumi.policies.modelmemory import models_too_large
from msvc_pulumi.policies.policy import Policy
from msvc_pulumi.policies.probes import no_liveness_probes, no_readiness_probes
from msvc_pulumi.policies.secretreferences import pull_secrets, secrets

__all__ = ["POLICIES"]

ERROR, WARNING = Severity.ERROR, Severity.WARNING
# An error is what keeps pods from running.
_ALL = (
    Policy("unpinned-image", WARNING, "images state a release's tag or a digest", unpinned_images),
    Policy("no-memory-limit", WARNING, "every container has a limit of memory", unlimited_memory),
    Policy("no-readiness-probe", WARNING, "servers say when they can answer", no_readiness_probes),
    Policy("no-liveness-probe", WARNING, "servers that hang are restarted", no_liveness_probes),
    Policy(
        "too-few-accelerators",
        ERROR,
        "a server has the accelerators that its parallel sizes need",
        too_few_accelerators,
    ),
    Policy(
        "idle-accelerators",
        WARNING,
        "a server uses the accelerators that it has",
        idle_accelerators,
    ),
    Policy("model-too-large", ERROR, "the model's weights fit the accelerators", models_too_large),
    Policy(
        "missing-secret", ERROR, "Secrets that pods need are there", secrets, needs_cluster=True
    ),
    Policy(
        "missing-pull-secret",
        WARNING,
        "Secrets that images are pulled with are there",
        pull_secrets,
        needs_cluster=True,
    ),
)
POLICIES: dict[str, Policy] = {policy.name: policy for policy in _ALL}
"""In the order in which they are looked at."""
