"""What the operator's own objects are called and labelled by."""

from __future__ import annotations

from typing import Any

__all__ = ["INSTANCE", "LABELS", "NAME", "metadata"]

NAME = "modelservice-operator"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "msvc-pulumi"}
"""Of its pods, too; selectors of them cannot be changed."""
INSTANCE = "app.kubernetes.io/instance"
"""Label of everything that an installation has: its namespace, for there may be several."""


def metadata(home: str, name: str = NAME, *, namespace: str | None = None) -> dict[str, Any]:
    """Of an object of the installation in ``home``; without ``namespace`` it is in none."""
    place = {"namespace": namespace} if namespace else {}
    return {"name": name, **place, "labels": {**LABELS, INSTANCE: home}}
