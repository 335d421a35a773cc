"""Write msvc_pulumi/schema/customresources.json: the schemas and rules of the CRDs that are pinned.

Usage: python tools/crds/schemas.py [OUTPUT]      (needs Go and its module proxy or module cache)

One line a kind: its OpenAPI schema with CEL rules, without descriptions and status. The llm-d
router took two kinds over from the Inference Extension as they were, into its own API group, so
theirs are the Extension's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.engine.tools.toolchain import Toolchain

OUTPUT = Path(__file__).resolve().parents[2] / "msvc_pulumi" / "schema" / "customresources.json"
EXTENSION = "inference.networking.x-k8s.io/v1alpha2"
KINDS = (
    "gateway.networking.k8s.io/v1.HTTPRoute",
    "inference.networking.k8s.io/v1.InferencePool",
    f"{EXTENSION}.InferenceModel",
    f"{EXTENSION}.InferenceModelRewrite",
    f"{EXTENSION}.InferenceObjective",
    f"{EXTENSION}.InferencePool",
    "keda.sh/v1alpha1.ScaledObject",
    "leaderworkerset.x-k8s.io/v1.LeaderWorkerSet",
)
TAKEN_OVER = ("InferenceModelRewrite", "InferenceObjective")
DROPPED = ("description", "x-kubernetes-map-type")


def schemas() -> Iterator[tuple[str, Any]]:
    """Type name and schema of every version of every pinned CRD."""
    for folder in sorted(Toolchain().custom_resource_definitions().values()):
        for file in sorted(folder.glob("*.yaml")):
            for definition in yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader):
                spec = definition["spec"]
                for version in spec["versions"]:
                    name = f"{spec['group']}/{version['name']}.{spec['names']['kind']}"
                    yield name, version["schema"]["openAPIV3Schema"]


def lean(schema: Any) -> Any:
    """The schema without what no object is checked by."""
    if isinstance(schema, list):
        return [lean(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # A property may be called description: then it is a schema, not a text.
    return {
        key: lean(value)
        for key, value in schema.items()
        if key not in DROPPED or isinstance(value, dict)
    }


def main() -> None:
    found: dict[str, Any] = {}
    for name, schema in schemas():
        if name in KINDS:
            schema["properties"].pop("status", None)
            found.setdefault(name, lean(schema))
    for kind in TAKEN_OVER:
        found[f"llm-d.ai/v1alpha2.{kind}"] = found[f"{EXTENSION}.{kind}"]
    missing = set(KINDS) - set(found)
    if missing:
        raise SystemExit(f"no CRD of {', '.join(sorted(missing))}")
    lines = [
        f"{json.dumps(name)}:{json.dumps(found[name], sort_keys=True, separators=(',', ':'))}"
        for name in sorted(found)
    ]
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
