"""Which nodes a role's pods may run on: ``acceleratorTypes`` as required node affinity.

A ModelService's accelerator choice narrows what the BaseConfig asks for: the expression is added to
every base term (AND). The original appended a term of its own, which OR-ed it away (quirk Q01).
"""

from __future__ import annotations

import copy
from typing import Any

__all__ = ["require_accelerators"]


def require_accelerators(
    affinity: dict[str, Any] | None, label_key: str, label_values: list[str]
) -> dict[str, Any]:
    """``affinity`` narrowed to nodes whose label ``label_key`` is one of ``label_values``.

    Preferred terms and pod affinities stay as they are. The argument is not changed.
    """
    result = copy.deepcopy(affinity) if affinity else {}
    node_affinity = result.setdefault("nodeAffinity", {})
    required = node_affinity.setdefault("requiredDuringSchedulingIgnoredDuringExecution", {})
    terms = required.setdefault("nodeSelectorTerms", [])
    expression = {"key": label_key, "operator": "In", "values": list(label_values)}
    if not terms:
        terms.append({"matchExpressions": [expression]})
        return result
    for term in terms:
        if term:  # an empty term matches no node, and must go on matching none
            term.setdefault("matchExpressions", []).append(copy.deepcopy(expression))
    return result
