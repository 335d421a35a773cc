"""`Exemption`: an annotation by which an object's owner switches one policy off, and says why.

``skip-policy.llm-d.ai/NAME: REASON``, after kube-linter's ``ignore-check.kube-linter.io/NAME``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.nearest import nearest
from msvc_pulumi.policies.catalogue import POLICIES
from msvc_pulumi.rules.finding import Finding, advice

__all__ = ["ANNOTATIONS", "PREFIX", "Exemption", "exemptions", "unknown_exemptions"]

PREFIX = "skip-policy.llm-d.ai/"
ANNOTATIONS = FieldPath.of("metadata", "annotations")


class Exemption(NamedTuple):
    """A policy that is off, and the words of who switched it off."""

    policy: str
    reason: str


def exemptions(stated: Any) -> Iterator[Exemption]:
    """Those that an object with these annotations has."""
    if isinstance(stated, Mapping):
        for key, reason in stated.items():
            if isinstance(key, str) and key.startswith(PREFIX):
                yield Exemption(key.removeprefix(PREFIX), str(reason or ""))


def unknown_exemptions(stated: Any) -> Iterator[Finding]:
    """Those among an object's annotations that are of no policy."""
    for name, _ in exemptions(stated):
        if name not in POLICIES:
            close = nearest(name, POLICIES)
            yield advice(
                ANNOTATIONS.child(PREFIX + name),
                "unknown-policy",
                f'there is no policy "{name}": the annotation switches nothing off',
                f"did you mean {PREFIX}{close}?" if close else f"there are {', '.join(POLICIES)}",
            )
