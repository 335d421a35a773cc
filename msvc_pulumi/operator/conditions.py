"""Conditions of a ModelService: what is known of its workloads, rolled up to ``Ready``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

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
    """A planned workload and what is live of it, None if it is not there."""

    role: Role
    kind: str
    name: str
    live: Mapping[str, Any] | None

    @property
    def wanted(self) -> int:
        """Replicas that are asked for now."""
        return int(self.live["spec"].get("replicas", 1)) if self.live else 0

    @property
    def ready(self) -> int:
        return int(self.live["status"].get("readyReplicas") or 0) if self.live else 0

    @property
    def available(self) -> int:
        """Replicas that are ready for long enough; a LeaderWorkerSet only counts ready ones."""
        status = self.live["status"] if self.live else {}
        field = "availableReplicas" if self.kind == "Deployment" else "readyReplicas"
        return int(status.get(field) or 0)

    def condition(self) -> Condition:
        """Whether the role has all the pods it is to have, all of them up to date."""
        name = f"{self.kind} {self.name}"
        if self.live is None:
            return self._not("Missing", f"{name} does not exist")
        status = self.live["status"]
        if status.get("observedGeneration", 0) < self.live["metadata"].get("generation", 0):
            return self._not("Progressing", f"{name} has changed and its controller has not begun")
        updated = int(status.get("updatedReplicas") or 0)
        if updated < self.wanted:
            return self._not("Progressing", f"{name}: {updated} of {self.wanted} pods are new")
        old = int(status.get("replicas") or 0) - updated
        if self.kind == "Deployment" and old > 0:
            return self._not("Progressing", f"{name}: {old} old pods have not ended yet")
        if self.available < self.wanted:
            why = "; ".join(_complaints(status))
            text = f"{name}: {self.available} of {self.wanted} pods are available"
            return self._not("PodsNotReady", f"{text}: {why}" if why else text)
        if self.wanted == 0:
            return Condition(self.role.condition, "True", "ScaledToZero", f"{name} wants no pods")
        text = f"{name}: {self.available} of {self.wanted} pods are available"
        return Condition(self.role.condition, "True", "PodsReady", text)

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


def workloads_of(plan: Plan, live: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[Workload]:
    """The workloads of ``plan`` in the original's order: prefill, decode, endpoint picker."""
    manifests = {planned.key: planned.manifest for planned in plan}
    found = []
    for key, role in ROLES.items():
        if key in manifests:
            kind, name = manifests[key]["kind"], manifests[key]["metadata"]["name"]
            found.append(Workload(role, kind, name, live.get((kind, name))))
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


def _complaints(status: Mapping[str, Any]) -> list[str]:
    return [
        item["message"]
        for item in status.get("conditions") or ()
        if item.get("status") != "True" and item.get("message")
    ]
