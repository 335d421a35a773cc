"""How much memory the accelerators have of the nodes that a pod asks for, where that is sure.

Names: the labels of NVIDIA's GPU feature discovery and AMD's device plugin, of GKE, CoreWeave and
Karpenter. Sizes: the makers' data sheets; of a name that stands for several, the largest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.pattern import pattern
from msvc_pulumi.policies.workload import Pod
from msvc_pulumi.rules.affinity import REQUIRED
from msvc_pulumi.rules.finding import items

__all__ = ["GIB", "Product", "product"]

GIB = 1 << 30
PRODUCTS = frozenset(
    {
        "amd.com/gpu.product-name",
        "cloud.google.com/gke-accelerator",
        "gpu.nvidia.com/class",
        "gpu.nvidia.com/model",
        "karpenter.k8s.aws/instance-gpu-name",
        "nvidia.com/gpu.product",
    }
)
# Their values are the memory of one, in MiB.
MEMORY = frozenset({"karpenter.k8s.aws/instance-gpu-memory", "nvidia.com/gpu.memory"})
# GiB by the word in a product's name; the first that is there counts.
SIZES = {
    "GB300": 288, "GB200": 192, "GH200": 144, "B300": 288, "B200": 192, "H200": 141, "H20": 141,
    "H100": 96, "H800": 80, "A100": 80, "A800": 80, "L40S": 48, "L40": 48, "L20": 48, "L4": 24,
    "L2": 24, "A40": 48, "A30": 24, "A16": 16, "A10G": 24, "A10": 24, "A2": 16, "A6000": 48,
    "V100": 32, "T4": 16, "P100": 16, "P40": 24, "P4": 8,
    "MI355X": 288, "MI350X": 288, "MI325X": 256, "MI300X": 192, "MI308X": 192, "MI300A": 128,
    "MI250X": 128, "MI250": 128, "MI210": 64,
}  # fmt: skip
_STATED = pattern(r"(?<![0-9])(\d{1,3})GB(?![A-Z0-9])")
_SLICE = pattern(r"MIG-\d+G\.(\d{1,3})GB")
_WORD = pattern(r"[A-Z0-9]+")


class Product(NamedTuple):
    """What nodes have: its name, the memory of one in bytes, and the field that asks for it."""

    name: str
    memory: int
    place: FieldPath


def product(pod: Pod) -> Product | None:
    """The largest accelerators that the pod can get; None where some are not known."""
    found = [one for one in (_selected(pod), _required(pod)) if one is not None]
    return min(found, key=lambda one: one.memory, default=None)


def _selected(pod: Pod) -> Product | None:
    at = pod.at.child("nodeSelector")
    stated = pod.spec.get("nodeSelector") or {}
    found = [_largest(key, [value], at.child(key)) for key, value in stated.items()]
    return _smallest(found)


def _required(pod: Pod) -> Product | None:
    path = FieldPath.of("affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")
    terms = [
        _smallest(_expressions(term, pod.at.child(*path, number)))
        for number, term in items(path.find(pod.spec))
    ]
    known = [term for term in terms if term is not None]
    if not terms or len(known) < len(terms):
        return None
    return max(known, key=lambda one: one.memory)


def _expressions(term: dict[str, Any], at: FieldPath) -> Iterator[Product | None]:
    for number, expression in items(term.get("matchExpressions")):
        if expression.get("operator") == "In":
            here = at.child("matchExpressions", number, "values")
            yield _largest(expression.get("key") or "", expression.get("values") or [], here)


def _smallest(found: Any) -> Product | None:
    """Of what has to hold together."""
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: one.memory, default=None)


def _largest(key: str, values: list[str], place: FieldPath) -> Product | None:
    """Of what one label may be."""
    found = [(_memory(key, value), value) for value in values]
    if not found or any(memory is None for memory, _ in found):
        return None
    memory, name = max((memory or 0, name) for memory, name in found)
    return Product(name if key in PRODUCTS else f"{key}: {name}", memory, place)


def _memory(key: str, value: str) -> int | None:
    if key in MEMORY:
        return int(value) << 20 if re.fullmatch(r"[0-9]{4,7}", value) else None
    if key not in PRODUCTS:
        return None
    name = value.upper()
    if (part := _SLICE.search(name)) is not None:
        return int(part[1]) * GIB
    words = _WORD.findall(name)
    size = next((size for word, size in SIZES.items() if word in words), None)
    if size is None:
        return None
    stated = [int(number) for number in _STATED.findall(name)]
    # A superchip states the memory of its processor.
    return min([size, *stated] if stated and stated[0] <= size else [size]) * GIB
