"""Images that may be others tomorrow."""

from __future__ import annotations

from collections.abc import Iterator

from msvc_pulumi.commandline.image import Image
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.policies.workload import Workload
from msvc_pulumi.rules.finding import Finding, advice, items

__all__ = ["unpinned_images"]

# Tags that say of themselves that they move on.
MOVING = frozenset({"latest", "nightly", "main", "master", "edge", "canary"})
REMEDY = "write the tag of a release, or a digest: {name}@sha256:…"


def unpinned_images(workload: Workload) -> Iterator[Finding]:
    """Images of containers and volumes that state neither a digest nor a tag that stays."""
    for pod in workload.pods():
        for at, container in pod.containers("initContainers", "containers"):
            yield from _unpinned(container.get("image"), at.child("image"))
        for number, volume in items(pod.spec.get("volumes")):
            reference = (volume.get("image") or {}).get("reference")
            yield from _unpinned(reference, pod.at.child("volumes", number, "image", "reference"))


def _unpinned(image: str | None, at: FieldPath) -> Iterator[Finding]:
    if not image or "@" in image:
        return
    tag = Image.of(image).tag
    if tag and tag not in MOVING:
        return
    what = f'the tag "{tag}" moves on' if tag else "without a tag it is :latest"
    name = image.removesuffix(f":{tag}") if tag else image
    yield advice(
        at,
        "unpinned-image",
        f'"{image}": {what}, and two pods of one kind may get different ones',
        REMEDY.format(name=name),
    )
