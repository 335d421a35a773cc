"""The contents of a pod's volumes, one folder each."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kubelet.environment import Object, Sources, UnsupportedError, field_value

__all__ = ["TokenSource", "fill"]

TokenSource = Callable[[Mapping[str, Any]], str]
"""A ``serviceAccountToken`` projection → a token of the pod's account, bound to the pod."""

# Claims and images hold no data here: a model server of the tests reads none.
EMPTY = ("emptyDir", "persistentVolumeClaim", "image")


def fill(
    volume: Object, folder: Path, pod: Object, *, sources: Sources, token: TokenSource, address: str
) -> None:
    """``folder`` holds what the volume holds. Raises UnsupportedError for what is not to be had."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    kind = next(key for key in volume if key != "name")
    if kind in EMPTY:
        return
    stated = volume[kind]
    for each in stated.get("sources") or () if kind == "projected" else [{kind: stated}]:
        for path, content in _files(each, pod, sources, token, address).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o644)


def _files(
    source: Object, pod: Object, sources: Sources, token: TokenSource, address: str
) -> dict[str, bytes]:
    [(kind, stated)] = source.items()
    if kind == "serviceAccountToken":
        return {stated["path"]: token(stated).encode()}
    if kind == "downwardAPI":
        return {
            item["path"]: _field(item, pod, address).encode() for item in stated.get("items") or ()
        }
    if kind not in ("configMap", "secret"):
        raise UnsupportedError(f"a volume of the kind {kind}")
    name = stated.get("name") or stated.get("secretName")
    found = sources("ConfigMap" if kind == "configMap" else "Secret", name)
    if found is None:
        if stated.get("optional"):
            return {}
        raise UnsupportedError(f"{kind} {name} does not exist")
    content = {
        key: base64.b64decode(value) if kind == "secret" else value.encode()
        for key, value in (found.get("data") or {}).items()
    }
    for key, value in (found.get("binaryData") or {}).items():
        content[key] = base64.b64decode(value)
    if not stated.get("items"):
        return content
    missing = [item["key"] for item in stated["items"] if item["key"] not in content]
    if missing and not stated.get("optional"):
        raise UnsupportedError(f"{kind} {name} has no key {missing[0]}")
    return {
        item["path"]: content[item["key"]] for item in stated["items"] if item["key"] in content
    }


def _field(item: Object, pod: Object, address: str) -> str:
    if "fieldRef" not in item:
        raise UnsupportedError("a resourceFieldRef")
    path = item["fieldRef"]["fieldPath"]
    if path in ("metadata.labels", "metadata.annotations"):
        values = pod["metadata"].get(path.partition(".")[2]) or {}
        return "\n".join(f'{key}="{value}"' for key, value in sorted(values.items()))
    return field_value(path, pod, address, "")
