"""`Image`: name and tag of a container's image, by which its program and release are known."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PICKERS", "SIDECARS", "Image"]

PICKERS = frozenset({"llm-d-router-endpoint-picker", "llm-d-inference-scheduler", "epp"})
SIDECARS = frozenset({"llm-d-router-disagg-sidecar", "llm-d-routing-sidecar"})


class Image(NamedTuple):
    """The last part of an image's name, without registry and digest, and its tag."""

    name: str
    tag: str

    @classmethod
    def of(cls, reference: str | None) -> Image:
        """The image that a container names; without a name if it names none."""
        name, _, tag = (reference or "").partition("@")[0].rpartition("/")[2].partition(":")
        return cls(name, tag)
