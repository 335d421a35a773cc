"""ModelServices for tests of the operator, and what is asked of them in the cluster."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.operator.watch.childwatch import CHILD_KINDS
from msvc_pulumi.operator.watch.fleet import owner_of
from msvc_pulumi.plan import PlanOptions, plan_model_service
from msvc_pulumi.target.kinds import Kind

__all__ = [
    "API_VERSION",
    "BASE_CONFIG",
    "MODEL_SERVICE",
    "SCENARIOS",
    "children",
    "condition",
    "create_namespace",
    "create_scenario",
    "eventually",
    "get",
    "holds",
    "is_established",
    "is_ready",
    "model_service",
    "planned",
    "wait_ready",
    "work_through",
]

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "facebook"
MODEL_SERVICE: dict[str, Any] = yaml.safe_load((SAMPLE / "msvc.yaml").read_text())
BASE_CONFIG: dict[str, Any] = yaml.safe_load((SAMPLE / "baseconfig.yaml").read_text())
API_VERSION = "llm-d.ai/v1alpha1"
SCENARIOS = ("facebook", "hpa", "keda", "multi-node", "inference-v1", "oci-image", "jinja2")
"""Samples that together have every kind of child."""
KINDS = (
    ("apps/v1", "Deployment"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferencePool"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferenceModel"),
)
WAIT = 240.0  # seconds; an update takes one, on a machine with nothing else to do


def model_service(namespace: str, name: str, **spec: Any) -> dict[str, Any]:
    """The sample under another name, with parts of its spec replaced."""
    result = copy.deepcopy(MODEL_SERVICE)
    result["metadata"] = {"name": name, "namespace": namespace}
    result["spec"] |= spec
    return result


def create_scenario(cluster: Cluster, namespace: str, scenario: str) -> str:
    """The name of the ModelService of a sample, which is in ``namespace`` now."""
    folder, name = SAMPLE.parent / scenario, f"z-{scenario}"
    config = yaml.safe_load((folder / "baseconfig.yaml").read_text())
    config["metadata"] |= {"namespace": namespace, "name": scenario}
    service = yaml.safe_load((folder / "msvc.yaml").read_text())
    service["metadata"] |= {"namespace": namespace, "name": name}
    service["spec"]["baseConfigMapRef"] = {"name": scenario}
    if scenario == "inference-v1":  # with an election the picker's Role hands out more
        election = {"name": "epp", "args": ["--ha-enable-leader-election"]}
        service["spec"]["endpointPicker"] = {"containers": [election]}
    cluster.create(config)
    cluster.create(service)
    return name


def work_through(cluster: Cluster, namespace: str) -> None:
    """Let the operator do with every kind of child whatever it does with any: ModelServices that
    own them are made, edited and removed, and every child is edited by hand meanwhile.
    """
    names = [create_scenario(cluster, namespace, scenario) for scenario in SCENARIOS]

    def all_applied() -> bool:
        services = [get(cluster, namespace, name) for name in names]
        return all(
            found.get("observedGeneration") == service["metadata"]["generation"]
            and found["status"] == "True"
            for service in services
            for found in [condition(service, "Applied")]
        )

    def owned() -> set[tuple[Kind, str]]:
        return {
            (kind, item["metadata"]["name"])
            for kind in CHILD_KINDS
            if cluster.serves(kind.api_version, kind.kind)
            for item in cluster.list(kind.api_version, kind.kind, namespace)[0]
            if owner_of(item) is not None
        }

    eventually(all_applied)
    for name in names:
        decode = copy.deepcopy(get(cluster, namespace, name)["spec"]["decode"])
        decode["containers"][0]["args"] = ["--edited"]
        edit = {"spec": {"decode": decode}}
        cluster.patch(API_VERSION, "ModelService", name, namespace, body=edit)
    eventually(all_applied)
    edited = owned()
    for kind, name in edited:
        body = {"metadata": {"ownerReferences": None}}
        cluster.patch(kind.api_version, kind.kind, name, namespace, body=body)
    eventually(lambda: edited <= owned())
    eventually(all_applied)
    for name in names:
        cluster.delete(API_VERSION, "ModelService", name, namespace)
    eventually(lambda: not cluster.list(API_VERSION, "ModelService", namespace)[0])


def create_namespace(cluster: Cluster, name: str) -> None:
    # Applied: a request that is made again after it got no answer may find it made.
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.wait("v1", "ServiceAccount", "default", name, until=bool, timeout=300)


def get(cluster: Cluster, namespace: str, name: str) -> dict[str, Any]:
    found = cluster.get(API_VERSION, "ModelService", name, namespace)
    assert found is not None, name
    return found


def condition(service: dict[str, Any] | None, kind: str) -> dict[str, Any]:
    """The condition of that type; {} if there is none."""
    conditions = ((service or {}).get("status") or {}).get("conditions") or ()
    return next((item for item in conditions if item["type"] == kind), {})


def is_ready(service: dict[str, Any] | None) -> bool:
    """Whether it is ready in its present generation."""
    if service is None:
        return False
    ready = condition(service, "Ready")
    seen = ready.get("observedGeneration") == service["metadata"]["generation"]
    return seen and ready.get("status") == "True"


def wait_ready(
    cluster: Cluster, namespace: str, names: Iterable[str], seconds: float = WAIT
) -> float:
    """How many seconds it took until all are ready."""
    began, missing = time.monotonic(), set(names)
    while missing:
        listed, _ = cluster.list(API_VERSION, "ModelService", namespace)
        missing -= {item["metadata"]["name"] for item in listed if is_ready(item)}
        late = [item for item in listed if item["metadata"]["name"] in missing]
        assert time.monotonic() - began < seconds, [item.get("status") for item in late]
        _pause(began)
    return time.monotonic() - began


def _pause(began: float) -> None:
    """Looking costs the server and us; what took long may be seen a little later, too."""
    time.sleep(min(0.1 + 0.05 * (time.monotonic() - began), 0.3))


def is_established(definition: dict[str, Any] | None) -> bool:
    """Whether the API server serves what a CustomResourceDefinition defines."""
    conditions = ((definition or {}).get("status") or {}).get("conditions") or ()
    return any((one["type"], one["status"]) == ("Established", "True") for one in conditions)


def eventually(holds: Callable[[], object], seconds: float = WAIT) -> None:
    """``holds`` becomes true."""
    began = time.monotonic()
    end = began + seconds
    while True:
        try:
            if holds():
                return
        except ClusterError:
            if time.monotonic() > end:
                raise
        assert time.monotonic() < end, "it did not come about"
        _pause(began)


def children(cluster: Cluster, namespace: str, owner: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(kind, name) → object, for everything that the ModelService owns."""
    return {
        (kind, item["metadata"]["name"]): item
        for version, kind in KINDS
        for item in cluster.list(version, kind, namespace)[0]
        if any(
            reference["name"] == owner for reference in item["metadata"].get("ownerReferences", ())
        )
    }


def planned(service: dict[str, Any], base_config: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """(kind, name) → manifest, as ``msvc generate`` makes it."""
    options = PlanOptions(owner_uid=service["metadata"].get("uid", ""))
    plan = plan_model_service(service, base_config, options)
    return {
        (item.manifest["kind"], item.manifest["metadata"]["name"]): item.manifest for item in plan
    }


def holds(live: Any, wanted: Any) -> bool:
    """Whether ``live`` has everything that ``wanted`` states."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(
            holds(live.get(key), item) for key, item in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(live) == len(wanted)
            and all(holds(*pair) for pair in zip(live, wanted, strict=True))
        )
    return live == wanted or (wanted in ("", None) and live is None)
