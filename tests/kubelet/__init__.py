"""A kubelet for tests: pods bound to its nodes run as processes, each pod in a network of its own.

`Kubelet` starts and ends it. It works in namespaces that the kernel ends with it (`isolation`), so
two of them never meet and nothing is left behind, also when a test is killed.
"""

from __future__ import annotations

from kubelet.images import Image
from kubelet.isolation import obstacle
from kubelet.process import Kubelet

__all__ = ["Image", "Kubelet", "obstacle"]
