"""`Job`: what one plan is made from, as it goes to a planner."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from msvc_pulumi.cluster.modelservices import stated
from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.options import PlanOptions

__all__ = ["Inputs", "Job"]

Object = Mapping[str, Any]
Inputs = tuple[Object, Object | None, PlanOptions, Capabilities | None]
"""The arguments of `plan_of`."""


@dataclass(frozen=True, slots=True)
class Job:
    """Equal inputs have equal digests, and ``base_config`` names one of them.

    Pickles go to planners only, and none comes back.
    """

    content: bytes
    digest: bytes
    base_config: str

    @classmethod
    def of(
        cls,
        service: Object,
        base_config: Object | None,
        options: PlanOptions,
        capabilities: Capabilities | None,
    ) -> Self:
        """The job to plan ``service``."""
        config, name = None, ""
        if base_config is not None:
            config, metadata = stated(base_config), base_config["metadata"]
            name = f"{metadata.get('namespace', '')}/{metadata['name']}"
        content = pickle.dumps((stated(service), config, options, capabilities))
        return cls(content, hashlib.sha256(content).digest(), name)

    @staticmethod
    def inputs(content: bytes) -> Inputs:
        """What `of` was called with, without what is no input."""
        found: Inputs = pickle.loads(content)  # noqa: S301  the operator's own
        return found
