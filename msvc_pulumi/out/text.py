"""A Plan as text: apply-able manifests, the original's sections, JSON, and who set each field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

from msvc_pulumi.document.emitter import leaf_lines, to_yaml
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = [
    "json_items",
    "json_list",
    "manifests",
    "section_document",
    "sections",
    "stream",
]

PD_DEPLOYMENTS = ("prefillDeployment", "decodeDeployment")


def manifests(plan: Plan, *, provenance: bool = False) -> list[str]:
    """The objects of ``plan`` as documents that ``kubectl apply`` takes.

    With ``provenance`` every line ends in a comment that says who set the field, and where.
    """
    documents = [(to_yaml(planned.manifest), planned) for planned in plan]
    return [_commented(text, planned) if provenance else text for text, planned in documents]


def section_document(plan: Plan) -> list[str]:
    """The mapping that the original's ``generate`` prints, as the one document of ``plan``."""
    return [to_yaml(sections(plan))]


def json_items(plan: Plan) -> list[str]:
    """The objects of ``plan`` as items of a `json_list`."""
    return [json.dumps(planned.manifest, indent=2) for planned in plan]


def stream(documents: Iterable[Iterable[str]]) -> str:
    """The documents of all plans as one multi-document YAML stream."""
    return "---\n".join(chain.from_iterable(documents))


def json_list(items: Iterable[Iterable[str]]) -> str:
    """The items of all plans as one ``v1 List``."""
    texts = [text.replace("\n", "\n    ") for text in chain.from_iterable(items)]
    inner = "[\n    " + ",\n    ".join(texts) + "\n  ]" if texts else "[]"
    return f'{{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": {inner}\n}}\n'


def sections(plan: Plan) -> dict[str, Any]:
    """The plan in the shape of the original's ``generate``: a mapping by section key.

    Objects look as Go serialises the original's types, zero values included (semantics: Go
    ``encoding/json`` on the pinned Kubernetes API types).
    """
    result: dict[str, Any] = {}
    for planned in plan:
        key, listed, _ = planned.key.partition("[")
        if key == "eppRole":
            continue
        value = _as_in_go(key, planned)
        if listed:
            result.setdefault(key, []).append(value)
        else:
            result[key] = value
    return result


def _as_in_go(key: str, planned: PlannedObject) -> dict[str, Any]:
    from msvc_pulumi.schema.encode import encode_zero  # noqa: PLC0415  only sections need it

    child = planned.child
    manifest = child.manifest
    if key not in ("configMaps", "inferenceModel"):
        manifest = _merged_as_in_go(manifest, with_affinity=key in PD_DEPLOYMENTS)
    if key == "eppRoleBinding" and manifest["roleRef"]["kind"] == "Role":
        reference = {**manifest["roleRef"], "kind": "ClusterRole", "name": ""}
        manifest = {**manifest, "roleRef": reference}
    return dict(encode_zero(child.kind.type_name, manifest))


def _merged_as_in_go(manifest: dict[str, Any], *, with_affinity: bool) -> dict[str, Any]:
    """What mergo left behind in the original: no creation times, an affinity even if empty."""
    metadata = {k: v for k, v in manifest["metadata"].items() if k != "creationTimestamp"}
    result = {**manifest, "metadata": metadata}
    template = manifest.get("spec", {}).get("template")
    if template is not None:
        inner = {k: v for k, v in template["metadata"].items() if k != "creationTimestamp"}
        pod = {"affinity": {}, **template["spec"]} if with_affinity else template["spec"]
        template = {**template, "metadata": inner, "spec": pod}
        result["spec"] = {**manifest["spec"], "template": template}
    return result


def _commented(text: str, planned: PlannedObject) -> str:
    """``text`` with the origin of every leaf as a comment at the end of its line."""
    lines = text.splitlines()
    for path, line in leaf_lines(text):
        origin = planned.origin(path)
        place = f" {origin.span.file}:{origin.span.line}" if origin.span else ""
        lines[line] += f"  # {origin.kind}{place}"
    return "\n".join(lines) + "\n"
