"""The BaseConfig's ConfigMaps, as written there.

Semantics: the original's ``internal/controller/child_resources.go`` (``mergeConfigMaps``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.children.child import Child, Origin, Overlay
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.target.kinds import KINDS

__all__ = ["build"]


def build(context: BuildContext) -> Iterator[Child]:
    """One child per ConfigMap, in the BaseConfig's order, with keys ``configMaps[0]`` and so on.

    A ConfigMap may name a namespace of its own; it then has no owner, since owners do not reach
    across namespaces (quirk Q26), and `outreach` says so.
    """
    section = context.base_config.get("configMaps")
    if section is None:
        return
    kind = KINDS["configMaps"]
    for number, item in enumerate(section.value):
        metadata: dict[str, Any] = {**item.get("metadata", {})}
        if not metadata.get("namespace", "").strip():
            metadata.pop("namespace", None)
            if context.namespace:
                metadata["namespace"] = context.namespace
        manifest = {**item, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        context.owner.adopt(manifest)
        root = FieldPath()
        yield Child(
            f"configMaps[{number}]",
            kind,
            manifest,
            section,
            Overlay({}, context.document),
            {root: ("base", FieldPath.of(number))},
            {FieldPath.of("metadata", "ownerReferences"): Origin("generated")},
        )
