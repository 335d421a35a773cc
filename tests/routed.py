"""ModelServices that have an endpoint picker, applied to a cluster whose pods really run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from samplestacks import NAMES, planned, sample

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.capabilities import Capabilities

__all__ = ["CASES", "REFERENCES", "ROUTED", "Routed", "is_ready"]

FOLDER = Path(__file__).parent / "routing" / "cases"
CASES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
"""Cases of our own, beyond the samples."""
ROUTED = [name for name in NAMES if "eppDeployment" in sample(name)[1]["data"]]
"""Samples with an endpoint picker."""
WORKLOADS = ("Deployment", "StatefulSet")
Object = dict[str, Any]


@dataclass(frozen=True)
class Routed:
    """One ModelService and its objects, in a namespace named after it."""

    name: str
    plan: Plan

    @classmethod
    def of(cls, cluster: Cluster, name: str) -> Routed:
        """The plan of a sample or case for this cluster."""
        served = Capabilities.discover(cluster.serves)
        return cls(name, planned(*_documents(name), name, capabilities=served))

    def apply(self, cluster: Cluster) -> None:
        """The namespace has all the objects."""
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}
        cluster.create(namespace)
        cluster.wait("v1", "ConfigMap", "kube-root-ca.crt", self.name, until=bool, timeout=300)
        for each in self.plan:
            metadata = {**each.manifest["metadata"], "namespace": self.name}
            cluster.apply({**each.manifest, "metadata": metadata})

    @cached_property
    def model(self) -> str:
        """The name that clients ask for."""
        return str(_documents(self.name)[0]["spec"]["routing"]["modelName"])

    @property
    def route(self) -> str:
        [name] = [each["metadata"]["name"] for each in self.objects("HTTPRoute")]
        return str(name)

    @property
    def picker(self) -> Object:
        """The picker's Deployment."""
        [found] = [
            each for each in self.objects("Deployment") if each["metadata"]["name"].endswith("-epp")
        ]
        return found

    @property
    def rules(self) -> list[Object]:
        """What the picker's Role grants."""
        [role] = [
            each for each in self.objects("Role") if each["metadata"]["name"].endswith("-epp-role")
        ]
        return list(role["rules"])

    @property
    def extension(self) -> str:
        """The Inference Extension's version."""
        [pool] = self.objects("InferencePool")
        return str(pool["apiVersion"].rpartition("/")[2])

    @property
    def app_port(self) -> int:
        """The port that the pool sends requests to."""
        [pool] = self.objects("InferencePool")
        spec = pool["spec"]
        number = spec.get("targetPortNumber") or spec["targetPorts"][0]["number"]
        return int(number)

    @property
    def targets(self) -> set[str]:
        """The names under which a request for `model` may be sent on."""
        named = {
            target["name"]
            for each in self.objects("InferenceModel")
            for target in each["spec"].get("targetModels") or ()
        }
        named |= {
            target["modelRewrite"]
            for each in self.objects("InferenceModelRewrite")
            for rule in each["spec"]["rules"]
            for target in rule["targets"]
        }
        return named or {self.model}

    def objects(self, kind: str) -> list[Object]:
        manifests = (dict(each.manifest) for each in self.plan)
        return [each for each in manifests if each["kind"] == kind]

    def picker_pods(self, cluster: Cluster) -> list[Object]:
        """The pods of the picker's Deployment."""
        labels: Mapping[str, str] = self.picker["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        return cluster.list("v1", "Pod", self.name, labels=selector)[0]

    def role_pods(self, cluster: Cluster, role: str) -> list[Object]:
        """The pods that decode or prefill."""
        return cluster.list("v1", "Pod", self.name, labels=f"llm-d.ai/role={role}")[0]

    def images(self) -> Iterator[str]:
        """Of every container."""
        for manifest in (each.manifest for each in self.plan):
            if manifest["kind"] in WORKLOADS:
                pod = manifest["spec"]["template"]["spec"]
                for container in [*(pod.get("initContainers") or ()), *pod["containers"]]:
                    yield container["image"]


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether the pod reports that it is."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _documents(name: str) -> tuple[Object, Object]:
    """ModelService and BaseConfig."""
    if name in NAMES:
        return sample(name)
    service, base = yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text())
    return service, base


REFERENCES = {
    image
    for name in [*ROUTED, *CASES]
    for image in Routed(name, planned(*_documents(name), name)).images()
}
"""Every image of the samples and cases."""
