"""The simulated nodes: `Node.manifest` is labelled and sized as a GPU operator leaves a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["DEFAULT_NODES", "MANAGED", "STORAGE_CLASS", "Node"]

MANAGED = ("kwok.x-k8s.io/node", "fake")  # annotation by which kwok knows its nodes


@dataclass(frozen=True, slots=True)
class Node:
    """One node; ``product`` is the value of the label nvidia.com/gpu.product, empty for no GPU."""

    name: str
    product: str = ""
    gpus: int = 8
    pods: int = 500

    def manifest(self, ordinal: int) -> dict[str, Any]:
        """The v1.Node; ``ordinal`` (from 1) makes its address."""
        labels = {
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
        }
        resources = {
            "cpu": "512",
            "memory": "4Ti",
            "ephemeral-storage": "16Ti",
            "pods": str(self.pods),
        }
        if self.product:
            labels |= {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": self.product}
            labels |= {"nvidia.com/gpu.count": str(self.gpus)}
            resources |= {"nvidia.com/gpu": str(self.gpus)}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": labels, "annotations": dict([MANAGED])},
            "status": {
                # TEST-NET-1 (RFC 5737): no packet to it ever leaves this machine by mistake.
                "addresses": [{"type": "InternalIP", "address": f"192.0.2.{ordinal % 254 + 1}"}],
                "allocatable": resources,
                "capacity": resources,
            },
        }


DEFAULT_NODES = (
    Node("h100-0", "NVIDIA-H100-80GB-HBM3"),
    Node("h100-1", "NVIDIA-H100-80GB-HBM3"),
    Node("a100-0", "NVIDIA-A100-SXM4-80GB"),
    Node("a100-1", "NVIDIA-A100-SXM4-80GB"),
    Node("cpu-0"),
)
"""Two GPU types, so that accelerator affinity has something to choose between."""

STORAGE_CLASS: dict[str, Any] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "kwok-volume",  # the name that kwok's volume stages select by
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "kwok.x-k8s.io/volume",
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
}
"""Volume claims are bound at once, without a volume behind them."""
