"""ConfigMaps.

Rules: ``pkg/apis/core/validation/validation.go`` (``ValidateConfigMap``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import Finding, advice, invalid
from msvc_pulumi.rules.metadata import name, object_metadata
from msvc_pulumi.rules.names import config_map_key, dns_subdomain

__all__ = ["config_map"]

MAX_SIZE = 1 << 20  # bytes of all values
DATA = FieldPath.of("data")


def config_map(manifest: dict[str, Any]) -> Iterator[Finding]:
    yield from name(manifest["metadata"], dns_subdomain)
    yield from object_metadata(manifest["metadata"])
    data, binary = manifest.get("data") or {}, manifest.get("binaryData") or {}
    for kind, values in (("data", data), ("binaryData", binary)):
        for key in values:
            if problem := config_map_key(key):
                yield invalid(FieldPath.of(kind, key), key, problem)
    for key in data:
        if key in binary:
            other = (FieldPath.of("binaryData", key), "the other value")
            yield invalid(
                DATA.child(key), key, "duplicate of key present in binaryData", "remove one", other
            )
    size = sum(len(value.encode()) for value in data.values())
    size += sum(len(value) * 3 // 4 for value in binary.values())
    if size > MAX_SIZE:
        yield Finding(DATA, "too-long", f"Too long: may not be more than {MAX_SIZE} bytes")
    if manifest.get("immutable"):
        yield advice(
            FieldPath.of("immutable"),
            "immutable-object",
            "an immutable ConfigMap takes no change: msvc up makes it anew, kubectl is refused",
            "remove immutable, or change the name together with the data",
        )
