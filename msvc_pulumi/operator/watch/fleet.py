"""`Fleet`: what the operator has seen of the cluster, kept up to date by events."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msvc_pulumi.cluster.modelservices import API_VERSION, KIND, base_config_of, without_managers
from msvc_pulumi.operator.executor import Key

__all__ = ["Fleet", "key_of", "owner_of"]

Object = dict[str, Any]


class Fleet:
    """ModelServices, the BaseConfigs they refer to and the workloads they own. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._services: dict[Key, Object] = {}
        self._marks: dict[Key, str] = {}
        self._base_configs: dict[Key, Object] = {}
        self._dependants: dict[Key, set[Key]] = defaultdict(set)
        self._workloads: dict[Key, dict[tuple[str, str], Object]] = defaultdict(dict)

    def service(self, key: Key) -> Object | None:
        """The ModelService as last seen."""
        with self._lock:
            return self._services.get(key)

    def services(self) -> list[Key]:
        with self._lock:
            return list(self._services)

    def see_service(self, service: Mapping[str, Any]) -> bool:
        """Whether anything about it is new that the operator did not write itself."""
        key, mark = key_of(service), _mark(service)
        with self._lock:
            self._forget_reference(key)
            if reference := base_config_of(service):
                self._dependants[Key(*reference)].add(key)
            self._services[key] = without_managers(service)
            new = self._marks.get(key) != mark
            self._marks[key] = mark
            return new

    def forget_service(self, key: Key) -> None:
        """It is gone from the cluster."""
        with self._lock:
            self._forget_reference(key)
            self._services.pop(key, None)
            self._marks.pop(key, None)
            self._workloads.pop(key, None)

    def base_config(self, key: Key) -> Object | None:
        """The ConfigMap as last seen; only those that are referred to are kept."""
        with self._lock:
            return self._base_configs.get(key)

    def see_base_config(self, config: Mapping[str, Any], *, gone: bool = False) -> set[Key]:
        """The ModelServices that depend on it, if its content is new."""
        key = key_of(config)
        with self._lock:
            dependants = set(self._dependants.get(key, ()))
            if not dependants:
                self._base_configs.pop(key, None)
                return set()
            before = self._base_configs.pop(key, None)
            if gone:
                return dependants
            self._base_configs[key] = without_managers(config)
            return set() if before and _content(before) == _content(config) else dependants

    def workloads(self, key: Key) -> dict[tuple[str, str], Object]:
        """(kind, name) → workload that the ModelService owns."""
        with self._lock:
            return dict(self._workloads.get(key, {}))

    def see_workload(self, workload: Mapping[str, Any], *, gone: bool = False) -> Key | None:
        """The ModelService that owns it."""
        key = owner_of(workload)
        if key is None:
            return None
        identity = (workload["kind"], workload["metadata"]["name"])
        with self._lock:
            if gone:
                self._workloads[key].pop(identity, None)
            else:
                self._workloads[key][identity] = _summary(workload)
        return key

    def _forget_reference(self, key: Key) -> None:
        before = self._services.get(key)
        found = base_config_of(before) if before else None
        if found is not None:
            reference = Key(*found)
            self._dependants[reference].discard(key)
            if not self._dependants[reference]:
                del self._dependants[reference]
                self._base_configs.pop(reference, None)


def key_of(item: Mapping[str, Any]) -> Key:
    """Namespace and name of an object."""
    metadata = item["metadata"]
    return Key(metadata.get("namespace", ""), metadata["name"])


def owner_of(item: Mapping[str, Any]) -> Key | None:
    """The ModelService that owns an object."""
    for owner in item["metadata"].get("ownerReferences") or ():
        if owner.get("kind") == KIND and owner.get("apiVersion") == API_VERSION:
            return Key(item["metadata"].get("namespace", ""), owner["name"])
    return None


def _mark(service: Mapping[str, Any]) -> str:
    """Changes with everything but the status and what the server writes."""
    metadata = service["metadata"]
    kept = ("uid", "labels", "annotations", "generation", "deletionTimestamp")
    return json.dumps([metadata.get(name) for name in kept], sort_keys=True)


def _content(config: Mapping[str, Any]) -> tuple[Any, ...]:
    metadata = config["metadata"]
    parts = (config.get("data"), config.get("binaryData"), metadata.get("annotations"))
    return (metadata.get("uid"), *parts)


def _summary(workload: Mapping[str, Any]) -> Object:
    """What readiness is told from."""
    metadata = workload["metadata"]
    return {
        "kind": workload["kind"],
        "metadata": {
            key: metadata[key]
            for key in ("name", "generation", "deletionTimestamp")
            if key in metadata
        },
        "spec": {"replicas": (workload.get("spec") or {}).get("replicas", 1)},
        "status": workload.get("status") or {},
    }
