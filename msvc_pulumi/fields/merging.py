"""How a field of the ModelService and one of the BaseConfig meet: `counterparts`, `merge_rule`.

The pairs are those of ``children/``; the rules are read from the merge's own tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msvc_pulumi.fields.tree import ITEM, Node
from msvc_pulumi.merge import policies
from msvc_pulumi.merge.deletions import FIELDS
from msvc_pulumi.merge.strategies import (
    Alternatives,
    Associative,
    Atomic,
    Joined,
    JoinedWithin,
    KeepWhenEmpty,
    Policy,
    Rules,
    base_first,
)

__all__ = ["Side", "counterparts", "is_template", "merge_rule", "set_by_program"]

Side = Literal["ModelService", "BaseConfig"]
Steps = tuple[str, ...]

POD = "spec.template.spec"
WORKER = "spec.leaderWorkerTemplate.workerTemplate.spec"


def _pairs() -> Iterator[tuple[str, str]]:
    """Fields of a ModelService with the field of a BaseConfig's section that each is merged onto,
    and so everything in them."""
    for role in ("prefill", "decode"):
        deployment, group = f"data.{role}Deployment", f"data.{role}LeaderWorkerSet"
        section = f"spec.{role}"
        for workload in (deployment, group):
            yield f"{section}.replicas", f"{workload}.spec.replicas"
        for name in ("containers", "initContainers", "tolerations", "priorityClassName"):
            yield f"{section}.{name}", f"{deployment}.{POD}.{name}"
            yield f"{section}.{name}", f"{group}.{WORKER}.{name}"
        yield f"{section}.multiNode.size", f"{group}.spec.leaderWorkerTemplate.size"
        restart = f"{group}.spec.leaderWorkerTemplate.restartPolicy"
        yield f"{section}.multiNode.restartPolicy", restart
        for name in ("hpa", "keda"):
            yield f"{section}.autoscaling.{name}", f"data.{role}Autoscaler.spec"
    yield "spec.endpointPicker.replicas", "data.eppDeployment.spec.replicas"
    for name in ("containers", "initContainers"):
        yield f"spec.endpointPicker.{name}", f"data.eppDeployment.{POD}.{name}"
    yield "spec.routing.gatewayRefs", "data.httpRoute.spec.parentRefs"


PAIRS = tuple((tuple(left.split(".")), tuple(right.split("."))) for left, right in _pairs())
# What is made of several fields, or of none of the BaseConfig's in the same form.
MADE = {
    "spec.modelArtifacts": "Makes the volume of the model, its mount and the variables for it.",
    "spec.routing.modelName": "Makes labels and selectors, and the template variables ModelName "
    "and SanitizedModelName.",
    "spec.routing.ports": "Read by getPort in templates.",
    "spec.{role}.parallelism": "Makes flags and accelerators of a known model server, and template "
    "variables such as {Role}TensorParallelism.",
    "spec.{role}.acceleratorTypes": "Added to every node selector term of the BaseConfig's node "
    "affinity.",
    "spec.{role}.multiNode.leader": "Merged onto the role's own pod template, by the same rules as "
    "that onto the BaseConfig's.",
    "spec.{role}.autoscaling.external": "The number of replicas is left to somebody else.",
    "spec.{role}.containers[].mountModelVolume": "Adds the model's mount and variables to the "
    "container.",
}
SET = ("metadata.name", "metadata.namespace", "metadata.ownerReferences")
TARGET = "spec.scaleTargetRef"
TAKEN_AWAY = "with spec.mergePolicy stated, null or an empty value takes the BaseConfig's away"
ARGS = (
    "as spec.mergePolicy.args says: prepend (the ModelService's first, then the BaseConfig's; the "
    "default), append, replace, or byFlag (each flag of the ModelService in the place of the "
    "BaseConfig's)"
)


def counterparts(node: Node) -> list[Steps]:
    """The fields of the other document that ``node`` is merged with."""
    found = []
    for left, right in PAIRS:
        own, other = (left, right) if node.steps[0] == "spec" else (right, left)
        if node.steps[: len(own)] == own:
            found.append(other + node.steps[len(own) :])
    return list(dict.fromkeys(found))


def merge_rule(node: Node, others: list[Steps]) -> str:
    """What becomes of the field where both documents state it, in words."""
    if not others:
        return _made(node)
    section = next(steps for steps in (node.steps, *others) if steps[0] == "data")
    if section[-1] == "args":
        return f"{ARGS}; {TAKEN_AWAY}"
    if section[-1] == "replicas" and "epp" not in section[1]:
        return "the ModelService's wins, unless an autoscaler sets the number of pods"
    words = _words(_policy(section), node)
    can_be_taken = section[-1] in FIELDS.values() and "ontainers" in section[-3]
    return f"{words}; {TAKEN_AWAY}" if can_be_taken else words


def is_template(node: Node) -> bool:
    """Whether the field may hold template actions."""
    if node.steps[0] == "data":
        return len(node.steps) > 1
    inner = [step for step in node.steps if step != ITEM]
    return inner[-1] == "args" and inner[-2] in ("containers", "initContainers")


def set_by_program(node: Node) -> bool:
    """Whether the field of a section is overwritten, whatever the BaseConfig states."""
    if node.steps[0] != "data" or len(node.steps) < 3:
        return False
    path = ".".join(node.steps[2:])
    if node.steps[1] == "configMaps":
        return path.removeprefix(f"{ITEM}.") in SET[1:]
    return path in SET or path.startswith(TARGET)


def _made(node: Node) -> str:
    path = str(node)
    for role in ("prefill", "decode", "endpointPicker"):
        for key, words in MADE.items():
            if path.startswith(key.format(role=role)):
                return words.format(Role=role.capitalize())
    return ""


def _policy(section: Steps) -> Policy | None:
    rules = _rules(section[1])
    for step in section[2:]:
        rules = rules.child(step)
    return rules.policy


def _rules(key: str) -> Rules:
    if key.endswith("Deployment"):
        return policies.deployment()
    if key.endswith("LeaderWorkerSet"):
        return policies.leader_worker_set()
    return policies.HTTP_ROUTE if key == "httpRoute" else policies.OBJECT


def _words(policy: Policy | None, node: Node) -> str:
    match policy:
        case Associative(key=key):
            return (
                f"items of one {key} are merged, the others of both sides are kept; the "
                "BaseConfig's come first"
            )
        case Joined(order=order):
            first = "BaseConfig" if order is base_first else "ModelService"
            return f"the items of both sides are kept, the {first}'s first"
        case JoinedWithin():
            return ARGS
        case Atomic(keep_when_empty=True):
            return "the ModelService's replaces the BaseConfig's as a whole, unless it is empty"
        case Atomic():
            return "the ModelService's replaces the BaseConfig's as a whole"
        case KeepWhenEmpty():
            return "the ModelService's wins, unless it is empty"
        case Alternatives():
            return (
                "merged field by field; fields that exclude each other go with the one that the "
                "ModelService states"
            )
    if node.type_name.startswith("list"):
        return "the ModelService's list replaces the BaseConfig's, unless it is empty"
    if node.type_name.startswith("mapping"):
        return "merged by name; the ModelService's value wins"
    if node.children:
        return "merged field by field; the ModelService's value wins"
    return "the ModelService's wins, also where it is 0 or false"
