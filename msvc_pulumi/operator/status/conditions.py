"""Conditions of a ModelService: what is known of its workloads, rolled up to ``Ready``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from msvc_pulumi.cluster.workloads import available, shortfall, unit
from msvc_pulumi.plan import Plan

__all__ = ["ROLES", "Condition", "Role", "Workload", "dated", "now", "roll_up", "workloads_of"]

Truth = Literal["True", "False", "Unknown"]
MAX_MESSAGE = 32768  # metav1.Condition


@dataclass(frozen=True, slots=True)
class Role:
    """A part of a ModelService with pods of its own; ``prefix`` begins its conditions' types."""

    prefix: str
    condition: str
    status: str


# Plan key of a workload → its role. Prefixes and status fields are the original's.
ROLES: dict[str, Role] = {
    **dict.fromkeys(
        ("prefillDeployment", "prefillLeaderWorkerSet"), Role("Prefill", "PrefillReady", "prefill")
    ),
    **dict.fromkeys(
        ("decodeDeployment", "decodeLeaderWorkerSet"), Role("Decode", "DecodeReady", "decode")
    ),
    "eppDeployment": Role("Epp", "EndpointPickerReady", "epp"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition before it is known when it last changed."""

    type: str
    status: Truth
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Workload:
    """A planned workload and what is live of it, None if it is not there.

    ``pending`` is what the scheduler says of its pods that no node takes, as far as it was asked.
    """

    role: Role
    manifest: Mapping[str, Any]
    live: Mapping[str, Any] | None
    pending: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def wanted(self) -> int:
        """Replicas that are asked for now."""
        return int(self.live["spec"].get("replicas", 1)) if self.live else 0

    @property
    def ready(self) -> int:
        return int(self.live["status"].get("readyReplicas") or 0) if self.live else 0

    @property
    def available(self) -> int:
        return available(self.live) if self.live else 0

    @property
    def lacks_pods(self) -> bool:
        """Whether its controller has done its part, and pods do not come up."""
        lacks = shortfall(self.live) if self.live else None
        return lacks is not None and lacks.reason == "PodsNotReady"

    def condition(self) -> Condition:
        """Whether the role has all the pods it is to have, all of them up to date."""
        name = f"{self.manifest['kind']} {self.name}"
        if self.live is None:
            return self._not("Missing", f"{name} does not exist")
        lacks = shortfall(self.live)
        if lacks is not None:
            why = "; ".join((lacks.message, *self.pending))
            return self._not("Unschedulable" if self.pending else lacks.reason, f"{name}: {why}")
        if self.wanted == 0:
            return Condition(self.role.condition, "True", "ScaledToZero", f"{name} wants no pods")
        text = f"{self.available} of {self.wanted} {unit(self.live)} are available"
        return Condition(self.role.condition, "True", "PodsReady", f"{name}: {text}")

    def copies(self) -> list[dict[str, Any]]:
        """The workload's own conditions with the role in front, as the original has them."""
        if self.live is None:
            return []
        return [
            {
                "type": f"{self.role.prefix}{item['type']}",
                "status": item["status"],
                "reason": item.get("reason") or "Unknown",
                "message": item.get("message") or "",
                "lastTransitionTime": item.get("lastTransitionTime") or now(),
            }
            for item in self.live["status"].get("conditions") or ()
        ]

    def _not(self, reason: str, message: str) -> Condition:
        return Condition(self.role.condition, "False", reason, message)


def workloads_of(
    plan: Plan,
    live: Mapping[tuple[str, str], Mapping[str, Any]],
    pending: Mapping[str, tuple[str, ...]],
) -> list[Workload]:
    """The workloads of ``plan`` in the original's order: prefill, decode, endpoint picker.

    ``pending`` is what is known of pods without a node, by the workload's name.
    """
    manifests = {planned.key: planned.manifest for planned in plan}
    found = []
    for key, role in ROLES.items():
        if (manifest := manifests.get(key)) is not None:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            found.append(Workload(role, manifest, live.get((kind, name)), pending.get(name, ())))
    return found


def roll_up(parts: Sequence[Condition]) -> Condition:
    """``Ready``: true if all ``parts`` are, else for the reason of the first that is not."""
    failing = [part for part in parts if part.status != "True"]
    if not failing:
        return Condition("Ready", "True", "Ready", "everything is applied and all pods are ready")
    message = "; ".join(part.message for part in failing)
    return Condition("Ready", failing[0].status, failing[0].reason, message)


def dated(
    conditions: Iterable[Condition], before: Iterable[Mapping[str, Any]], generation: int
) -> list[dict[str, Any]]:
    """The conditions as the API has them; an unchanged one keeps its time."""
    known = {item["type"]: item for item in before}
    result = []
    for condition in conditions:
        old = known.get(condition.type, {})
        unchanged = old.get("status") == condition.status
        result.append(
            {
                "type": condition.type,
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message[:MAX_MESSAGE],
                "lastTransitionTime": old["lastTransitionTime"] if unchanged else now(),
                "observedGeneration": generation,
            }
        )
    return result


def now() -> str:
    """This second, as the API writes times."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
