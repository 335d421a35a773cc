"""What `$(NAME)` in a command line becomes: the kubelet fills in the container's variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msvc_pulumi.pattern import pattern

__all__ = ["expanded"]

_REFERENCE = pattern(r"\$\(([^()]+)\)")


def expanded(text: str, container: Mapping[str, Any]) -> str:
    """``text`` with the values that ``container`` states itself; other references stay.

    Source: Kubernetes, ``third_party/forked/golang/expansion``. A variable without a value is "".
    """
    if "$(" not in text:
        return text
    values = {
        variable.get("name"): variable.get("value") or ""
        for variable in container.get("env") or ()
        if "valueFrom" not in variable
    }
    return _REFERENCE.sub(lambda found: values.get(found[1], found[0]), text)
