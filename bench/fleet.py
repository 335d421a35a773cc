"""A fleet of ModelServices: its objects, and how to wait for what becomes of them."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.plan import PlanOptions, plan_model_service

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "facebook"
SERVICE = yaml.safe_load((SAMPLE / "msvc.yaml").read_text())
BASE = yaml.safe_load((SAMPLE / "baseconfig.yaml").read_text())
for _key, _text in BASE["data"].items():  # a fleet needs more GPUs than the plane's nodes have
    for _large, _small in (('cpu: "4"', "cpu: 1m"), ("memory: 16Gi", "memory: 1Mi")):
        _text = _text.replace(_large, _small)
    BASE["data"][_key] = _text.replace("nvidia.com/gpu: 1", "memory: 32Gi")
MODEL_SERVICE = (API_VERSION, KIND)
CLIENTS = 8  # more make one API server slower
SHARE = 100  # ModelServices of a namespace; the controller manager looks through all its Services
PATIENCE = 900.0  # seconds
# Seconds between two looks, for so many objects: looking costs the API server as much as the work.
PAUSE, LOOKED_AT = 0.2, 300


def services(count: int, fleet: str) -> list[dict[str, Any]]:
    found = []
    for number in range(count):
        service = copy.deepcopy(SERVICE)
        service["metadata"] = {"name": f"m{number:04d}", "namespace": f"{fleet}-{number // SHARE}"}
        service["spec"]["routing"]["modelName"] = f"model/{number:04d}"
        found.append(service)
    return found


def edit(service: Mapping[str, Any]) -> dict[str, Any]:
    """What of a spec is new when one replica is taken off decode."""
    return {"decode": {**service["spec"]["decode"], "replicas": 1}}


def made(count: int) -> Counter[tuple[str, str]]:
    """How many objects of each kind so many ModelServices are."""
    plan = plan_model_service(services(1, "fleet")[0], BASE, PlanOptions())
    kinds = Counter((item.manifest["apiVersion"], item.manifest["kind"]) for item in plan)
    return Counter({kind: number * count for kind, number in kinds.items()})


def until(holds: Callable[[], bool], objects: int = 0) -> float:
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit("it did not come about")
        time.sleep(PAUSE * max(1.0, objects / LOOKED_AT))
    return time.perf_counter() - began


def all_at_once(act: Callable[[Any], object], items: list[Any]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for result in [pool.submit(act, item) for item in items]:
            result.result()


def base_configs(count: int, fleet: str) -> list[dict[str, Any]]:
    """One in each namespace."""
    spaces = [f"{fleet}-{number}" for number in range(-(-count // SHARE))]
    return [{**BASE, "metadata": {**BASE["metadata"], "namespace": space}} for space in spaces]


def prepare(cluster: Cluster, count: int, fleet: str) -> None:
    for config in base_configs(count, fleet):
        space = config["metadata"]["namespace"]
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        cluster.wait("v1", "ServiceAccount", "default", space, until=bool, timeout=60)
        cluster.apply(config)


def listed(cluster: Cluster, kind: tuple[str, str], fleet: str) -> list[dict[str, Any]]:
    """The objects of that kind in the namespaces of a fleet."""
    found, _ = cluster.list(*kind)
    return [item for item in found if item["metadata"]["namespace"].startswith(f"{fleet}-")]


def there(cluster: Cluster, kind: tuple[str, str], count: int, fleet: str) -> int:
    """How many objects of that kind a fleet's namespaces hold; the API server only counts them."""
    found = 0
    for config in base_configs(count, fleet):
        path = cluster.resource(*kind).path(config["metadata"]["namespace"])
        page = cluster.server.request_object("GET", path, params={"limit": 1})
        found += len(page["items"] or ()) + page["metadata"].get("remainingItemCount", 0)
    return found


def until_there(
    cluster: Cluster, wanted: Mapping[tuple[str, str], int], count: int, fleet: str
) -> None:
    """Wait for so many of each kind; a kind is not asked for again once it is there."""
    for kind, number in wanted.items():
        until(partial(_has, cluster, kind, count, fleet, number))


def _has(cluster: Cluster, kind: tuple[str, str], count: int, fleet: str, number: int) -> bool:
    return there(cluster, kind, count, fleet) == number


def told(cluster: Cluster, fleet: str, wanted: str, count: int) -> bool:
    """Whether the statuses of all say ``wanted``, the type of a condition that holds."""
    found = listed(cluster, MODEL_SERVICE, fleet)
    conditions = [item.get("status", {}).get("conditions", ()) for item in found]
    done = [any(c["type"] == wanted and c["status"] == "True" for c in some) for some in conditions]
    return sum(done) == count


def replicas(cluster: Cluster, namespace: str, service: str) -> int:
    found = cluster.get("apps/v1", "Deployment", f"{service}-decode", namespace)
    return int(found["spec"]["replicas"]) if found else 0


def deployed(cluster: Cluster, fleet: str, field: str, value: Any) -> int:
    found = listed(cluster, ("apps/v1", "Deployment"), fleet)
    mine = [item for item in found if item["metadata"]["name"].endswith("-decode")]
    return sum(item["spec"].get(field) == value for item in mine)
