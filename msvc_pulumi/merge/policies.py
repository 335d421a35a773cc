"""How each kind's fields merge: tables of policies keyed by field path.

What is not listed follows the walker's defaults: mappings merge per key, scalars and lists of the
overlay win. Sources: the original's ``internal/controller/merge_transformers.go`` and
``child_resources.go``; deviations carry their quirk number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msvc_pulumi.merge.strategies import (
    Alternatives,
    Associative,
    Atomic,
    Joined,
    JoinedWithin,
    KeepWhenEmpty,
    Piece,
    Policy,
    Rules,
    base_first,
    overlay_first,
)

__all__ = [
    "ARGS_POLICIES",
    "HTTP_ROUTE",
    "OBJECT",
    "deployment",
    "leader_worker_set",
    "pod_template",
]

MOST_PARENTS = 64  # twice as many as a route may have
PARENT_IDENTITY = ("group", "kind", "namespace", "sectionName", "port")


def _by_flag(base: dict[str, Any], overlay: dict[str, Any]) -> list[Piece]:
    from msvc_pulumi.merge.arguments import by_flag  # noqa: PLC0415  few ModelServices ask for it

    return by_flag(base, overlay)


ARGS_POLICIES: dict[str, Policy] = {
    "prepend": Joined(overlay_first),
    "append": Joined(base_first),
    "replace": Atomic(keep_when_empty=False),
    "byFlag": JoinedWithin(_by_flag),
}


def _pair_parents(
    base: Sequence[dict[str, Any]], overlay: Sequence[dict[str, Any]]
) -> list[tuple[int | None, int | None]]:
    """Pair gateway references: by name while that is unambiguous, else by all stated identity.

    The original used the name alone, so one reference overwrote every base reference of that name
    (quirk Q24). A lone pair of one name still merges, whatever else differs. Of a flood of base
    references of one name only the first free ones are looked at.
    """
    partner: dict[int, int] = {}
    unpaired: dict[Any, list[int]] = {}
    for left, item in enumerate(base):
        unpaired.setdefault(item.get("name"), []).append(left)
    names = Counter(item.get("name") for item in overlay)
    for right, item in enumerate(overlay):
        of_name = unpaired.get(item.get("name"), [])
        free = of_name[:MOST_PARENTS]
        agreeing = [left for left in free if _agreement(base[left], item) is not None]
        if agreeing:
            best = max(agreeing, key=lambda left: (_agreement(base[left], item) or 0, -left))
            partner[best] = right
            of_name.remove(best)
        elif len(free) == 1 and names[item.get("name")] == 1:
            partner[free[0]] = right
            of_name.remove(free[0])
    taken = set(partner.values())
    return [
        *((left, partner.get(left)) for left in range(len(base))),
        *((None, right) for right in range(len(overlay)) if right not in taken),
    ]


def _agreement(base: dict[str, Any], overlay: dict[str, Any]) -> int | None:
    """How many identity fields both state alike; None if any differ."""
    stated = [key for key in PARENT_IDENTITY if key in base and key in overlay]
    return len(stated) if all(base[key] == overlay[key] for key in stated) else None


def _container(args: Policy) -> dict[str, Policy]:
    return {
        "": Associative("name"),
        "[].image": KeepWhenEmpty(),
        "[].command": Atomic(),
        "[].args": args,
        "[].env": Associative("name"),
        "[].env[]": Alternatives(keys=frozenset({"value", "valueFrom"})),
        "[].env[].valueFrom": Alternatives(),
        "[].env[].valueFrom.*.*": KeepWhenEmpty(),
        "[].envFrom": Joined(base_first),
        "[].resources.claims": Joined(base_first),
        "[].volumeMounts": Associative("mountPath"),
    }


def deployment(args: str = "prepend") -> Rules:
    """Rules for the Deployments of all roles; ``args`` is ``spec.mergePolicy.args``."""
    return _DEPLOYMENTS[args]


def leader_worker_set(args: str = "prepend") -> Rules:
    """Rules for a role's LeaderWorkerSet: its worker template merges as a Deployment's template."""
    return _LEADER_WORKER_SETS[args]


def pod_template(args: str = "prepend") -> Rules:
    """Rules for a pod template on its own: a leader's on its workers'."""
    return _POD_TEMPLATES[args]


def _pod_rules(pod: str, args: Policy) -> Rules:
    """Rules for an object whose pod spec is at the dotted path ``pod``."""
    return Rules.of(
        {
            f"{pod}.imagePullSecrets": Associative("name"),
            f"{pod}.tolerations": Joined(base_first),
            f"{pod}.volumes": Associative("name"),
            f"{pod}.volumes[]": Alternatives(besides=frozenset({"name"})),
            **{
                f"{pod}.{containers}{path}": policy
                for containers in ("containers", "initContainers")
                for path, policy in _container(args).items()
            },
        }
    )


def _for_every_args_policy(pod: str) -> dict[str, Rules]:
    return {name: _pod_rules(pod, policy) for name, policy in ARGS_POLICIES.items()}


_DEPLOYMENTS = _for_every_args_policy("spec.template.spec")
_LEADER_WORKER_SETS = _for_every_args_policy("spec.leaderWorkerTemplate.workerTemplate.spec")
_POD_TEMPLATES = _for_every_args_policy("spec")

# An empty group is a group: that of Services.
HTTP_ROUTE = Rules.of(
    {
        "spec.parentRefs": Associative("name", _pair_parents),
        **{
            f"spec.parentRefs[].{name}": KeepWhenEmpty()
            for name in PARENT_IDENTITY
            if name != "group"
        },
    }
)

OBJECT = Rules()
