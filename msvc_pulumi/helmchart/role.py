"""One role of the chart: its section of the ModelService, its templates, the objects beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msvc_pulumi.helmchart.accelerators import Accelerators, Parallelism
from msvc_pulumi.helmchart.container import PROXY_PORT, SERVER_PORT, Containers
from msvc_pulumi.helmchart.model import Model
from msvc_pulumi.helmchart.proxy import has_proxy, routing_proxy
from msvc_pulumi.helmchart.tracing import Tracing
from msvc_pulumi.helmchart.values import ChartValues

__all__ = ["Role"]

TOPOLOGY = "leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology"
HOST = ("hostIPC", "hostPID")


@dataclass(frozen=True)
class Role:
    """Prefill or decode of the values."""

    values: ChartValues
    name: str
    model: Model

    @property
    def exists(self) -> bool:
        return bool(self.values.get(self.name, "create"))

    @property
    def is_multi_node(self) -> bool:
        return bool(self.values.get("multinode"))

    @property
    def accelerators(self) -> Accelerators:
        return Accelerators(self.values, self.name, Parallelism.of(self.values, self.name))

    def split(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The role's section of the ModelService and the BaseConfig's sections for it, by key."""
        port = PROXY_PORT if self.name == "decode" and has_proxy(self.values) else SERVER_PORT
        containers = Containers(
            self.values, self.name, self.model, self.accelerators, Tracing(self.values), port
        )
        halves = [containers.split(number) for number in self._containers()]
        section = {**self._scale(), **self._placement(), "containers": [own for own, _ in halves]}
        pod = self._pod([rest for _, rest in halves])
        return section, self._templates(pod)

    def _containers(self) -> list[int]:
        """Numbers of the containers; of what is no container, a diagnostic."""
        stated = self.values.sequence(self.name, "containers")
        numbers = [number for number, one in enumerate(stated) if isinstance(one, dict)]
        for number in set(range(len(stated))) - set(numbers):
            self.values.mapping(self.name, "containers", number)
        return numbers

    def _scale(self) -> dict[str, Any]:
        scale: dict[str, Any] = {}
        replicas = self.values.number(self.name, "replicas")
        scale["replicas"] = replicas if self.values.get(self.name, "replicas") is not None else 1
        if self.values.get(self.name, "autoscaling", "enabled"):
            scale["autoscaling"] = {"external": {}}
        if self.is_multi_node:
            scale["multiNode"] = {"size": self.accelerators.parallelism.workers}
        return scale

    def _placement(self) -> dict[str, Any]:
        placement: dict[str, Any] = {}
        types = self.values.mapping(self.name, "acceleratorTypes")
        if types.get("labelKey"):
            labels = self.values.sequence(self.name, "acceleratorTypes", "labelValues")
            placement["acceleratorTypes"] = {
                "labelKey": types["labelKey"],
                "labelValues": [str(label) for label in labels],
            }
        if tolerations := self.values.mappings(self.name, "tolerations"):
            placement["tolerations"] = tolerations
        priority = self.values.text(self.name, "priorityClassName")
        if priority and priority.lower() != "none":
            placement["priorityClassName"] = priority
        return placement

    def _pod(self, containers: list[dict[str, Any]]) -> dict[str, Any]:
        """The pod's fields that no ModelService has; those that the chart writes itself win."""
        values, at = self.values, self.name
        pod: dict[str, Any] = values.rendered_mapping(at, "extraConfig")
        scheduler = values.text(at, "schedulerName") or values.text("schedulerName")
        volumes = [*values.mappings(at, "volumes")]
        stated = (values.mapping(at, "containers", number) for number in self._containers())
        mounted = any(one.get("mountModelVolume") for one in stated)
        if mounted and not self.model.is_mounted_as_here:
            volumes.append(self.model.volume())
        own = {
            "imagePullSecrets": values.mappings(at, "imagePullSecrets"),
            "schedulerName": scheduler,
            "securityContext": values.mapping(at, "podSecurityContext"),
            "nodeSelector": values.mapping(at, "nodeSelector"),
            "initContainers": self._init_containers(),
            "volumes": volumes,
            "resourceClaims": self.accelerators.claims(),
        }
        pod |= {key: value for key, value in own.items() if value}
        kept = ("enableServiceLinks", "terminationGracePeriodSeconds")
        hosts = HOST if self.is_multi_node else ()
        for key in (*kept, *hosts):
            if key in values.mapping(at):
                pod[key] = values.get(at, key)
        self._report_ignored()
        return {**pod, "containers": containers}

    def _report_ignored(self) -> None:
        only = ("subGroupPolicy", "subGroupExclusiveTopology", *HOST)
        for key in () if self.is_multi_node else only:
            if self.values.states(self.name, key):
                reason = "the chart has it for LeaderWorkerSets only, and multinode is not set"
                self.values.not_carried(reason, self.name, key)

    def _init_containers(self) -> list[Any]:
        own = self.values.mappings(self.name, "initContainers")
        if self.name == "decode" and has_proxy(self.values):
            return [routing_proxy(self.values), *own]
        return own

    def _templates(self, pod: dict[str, Any]) -> dict[str, Any]:
        values, at = self.values, self.name
        annotations = dict(values.mapping(at, "annotations"))
        metadata: dict[str, Any] = {"labels": dict(values.mapping("modelArtifacts", "labels"))}
        on_pods = dict(values.mapping(at, "podAnnotations"))
        if self.is_multi_node and values.get(at, "subGroupExclusiveTopology"):
            annotations[TOPOLOGY] = on_pods[TOPOLOGY] = "kubernetes.io/hostname"
        if on_pods:
            metadata["annotations"] = on_pods
        annotated = {"metadata": {"annotations": annotations}} if annotations else {}
        spec: dict[str, Any] = {"template": {"metadata": metadata, "spec": pod}}
        if not self.is_multi_node:
            strategy = values.mapping(at, "strategy")
            spec = {"strategy": strategy, **spec} if strategy else spec
            return {f"{at}Deployment": {**annotated, "spec": spec}}
        labels = metadata["labels"]
        group: dict[str, Any] = (
            {"metadata": {"labels": labels, **annotated.get("metadata", {})}}
            if labels
            else annotated
        )
        if policy := values.mapping(at, "subGroupPolicy"):
            group = {**group, "spec": {"leaderWorkerTemplate": {"subGroupPolicy": policy}}}
        templates = {f"{at}Deployment": {"spec": spec}}
        return {**templates, f"{at}LeaderWorkerSet": group} if group else templates

    def beside(self, workload: str) -> list[dict[str, Any]]:
        """Objects that the chart makes for the role and no BaseConfig holds."""
        found = [self.accelerators.claim_template(), self._pod_monitor(workload)]
        return [one for one in found if one]

    def _pod_monitor(self, workload: str) -> dict[str, Any] | None:
        at = (self.name, "monitoring", "podmonitor")
        monitor = self.values.mapping(*at)
        if not monitor.get("enabled"):
            return None
        endpoint = {
            "port": monitor.get("portName") or "metrics",
            "path": monitor.get("path") or "/metrics",
            "interval": monitor.get("interval") or "30s",
        }
        kept = ("scrapeTimeout", "relabelings", "metricRelabelings")
        endpoint |= {key: monitor[key] for key in kept if monitor.get(key)}
        labels = {"app.kubernetes.io/component": self.name, **self.values.mapping(*at, "labels")}
        metadata: dict[str, Any] = {"name": f"{workload}-podmonitor", "labels": labels}
        if monitor.get("annotations"):
            metadata["annotations"] = monitor["annotations"]
        selected = {**self.values.mapping("modelArtifacts", "labels"), "llm-d.ai/role": self.name}
        spec: dict[str, Any] = {
            "selector": {"matchLabels": selected},
            "podMetricsEndpoints": [endpoint],
        }
        if monitor.get("namespaceSelector"):
            spec["namespaceSelector"] = monitor["namespaceSelector"]
        return {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PodMonitor",
            "metadata": metadata,
            "spec": spec,
        }
