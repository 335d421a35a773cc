"""`copy_of`, `original`: a BaseConfig of another namespace, on its way to a workspace.

A workspace may read nothing outside of its ModelService's namespace; the operator may, and leaves
it a copy.
"""

from collections.abc import Mapping
from typing import Any

from msvc_pulumi.cluster.modelservices import Reference

__all__ = ["copy_of", "original"]

COPY_OF = "llm-d.ai/copy-of"
"""Annotation: namespace/name of what was copied."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def copy_of(config: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A ConfigMap with ``metadata`` that `original` makes ``config`` of again."""
    about = config["metadata"]
    kept = {
        key: value
        for key, value in (about.get("annotations") or {}).items()
        if key != LAST_APPLIED  # as long as all the rest
    }
    annotations = {**kept, COPY_OF: f"{about['namespace']}/{about['name']}"}
    content = {key: config[key] for key in ("data", "binaryData") if key in config}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**metadata, "annotations": annotations},
        **content,
    }


def original(copy: Mapping[str, Any], reference: Reference) -> dict[str, Any] | None:
    """The BaseConfig that ``reference`` names, None if ``copy`` is one of another."""
    annotations = dict(copy["metadata"].get("annotations") or {})
    if annotations.pop(COPY_OF, None) != f"{reference.namespace}/{reference.name}":
        return None
    metadata = {
        "name": reference.name,
        "namespace": reference.namespace,
        **({"annotations": annotations} if annotations else {}),
    }
    return {**copy, "metadata": metadata}
