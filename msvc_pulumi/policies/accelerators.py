"""How many accelerators a server spreads its model over, and how many its container asks for.

vLLM and SGLang end at their start where they find fewer than their command line needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.commandline.image import Image
from msvc_pulumi.commandline.parallelsizes import flag_name
from msvc_pulumi.policies.servers import WHOLE, Server, servers
from msvc_pulumi.policies.workload import Workload
from msvc_pulumi.rules.accelerators import ACCELERATORS
from msvc_pulumi.rules.finding import Finding, advice, items

__all__ = ["idle_accelerators", "too_few_accelerators"]

# Images whose servers need no accelerator that Kubernetes counts as one of `WHOLE`.
OTHERWISE = frozenset({"cpu", "tpu", "neuron", "xpu", "ascend", "arm64", "aarch64", "x86"})
VISIBLE = frozenset({"NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"})
NAMES = {"tensor": "tensor", "pipeline": "pipeline", "context": "prefill context", "data": "data"}


def too_few_accelerators(workload: Workload) -> Iterator[Finding]:
    """Servers that need more accelerators than their container asks for."""
    for server in servers(workload):
        needed, asked = _needed(server), server.asked
        if needed is None or asked is None or asked.number >= needed:
            continue
        resource, count, place = asked
        if not count and (needed == 1 or _may_have_others(server)):
            continue
        has = f"{count} {resource}" if count else "none"
        yield advice(
            place,
            "too-few-accelerators",
            f"the server spreads the model over {_counted(server, needed)}, and the container asks "
            f"for {has}: it ends at its start",
            f"ask for {resource or WHOLE[0]}: {needed}, or state smaller sizes "
            f"({flag_name('tensor', server.dialect)})",
            (server.words, "the server"),
        )


def idle_accelerators(workload: Workload) -> Iterator[Finding]:
    """Accelerators that a container asks for and its server does not use.

    Of a script nothing is said: what else it starts may use them.
    """
    for server in servers(workload):
        needed, asked = _needed(server), server.asked
        if needed is None or asked is None or asked.number <= needed or server.is_script:
            continue
        resource, count, place = asked
        idle = count - needed
        flag = flag_name("tensor", server.dialect)
        yield advice(
            place,
            "idle-accelerators",
            f"the container asks for {count} {resource}, and the server spreads the model over "
            f"{_counted(server, needed)}: {idle} {'is' if idle == 1 else 'are'} idle",
            f"ask for {resource}: {needed}, or let the server use them, for example by {flag}",
            (server.words, "the server"),
        )


def _needed(server: Server) -> int | None:
    """Accelerators that the server needs in its own pod."""
    stated, sizes = server.stated, server.sizes
    group = server.pod.group
    if group > 1 and not stated.is_external and not stated.finds_others(sizes, group):
        return None  # each runs by itself, or a script brings them together
    if group > 1 and stated.number("nodes") not in (None, group):
        return None
    total, pods = stated.accelerators(sizes, group)
    needed, rest = divmod(total, pods)
    return None if rest else needed


def _counted(server: Server, needed: int) -> str:
    """``8 accelerators (tensor 4 x data 2)``."""
    stated = [name for name in NAMES if name in server.stated]
    stated = [name for name in stated if server.stated.number(name) != 1] or stated
    sizes = " x ".join(f"{NAMES[name]} {server.stated.number(name)}" for name in stated)
    total = server.total
    each = f", {needed} of them here" if total != needed else ""
    what = f"{total} accelerator{'s' * (total != 1)}"
    return f"{what} ({sizes or 'no parallel size is stated'}{each})"


def _may_have_others(server: Server) -> bool:
    """Whether accelerators may come to the container that it does not ask for."""
    container, pod = server.container, server.pod.spec
    name, _ = Image.of(container.get("image"))
    if not OTHERWISE.isdisjoint(name.split("-")) or "device" in server.options:
        return True
    if pod.get("runtimeClassName") or (container.get("securityContext") or {}).get("privileged"):
        return True
    variables = {variable.get("name") for _, variable in items(container.get("env"))}
    if container.get("envFrom") or not VISIBLE.isdisjoint(variables):
        return True
    return any(_asks(other) for _, other in server.pod.containers("containers", "initContainers"))


def _asks(container: dict[str, Any]) -> bool:
    limits = (container.get("resources") or {}).get("limits") or {}
    return any(name.startswith(ACCELERATORS) for name in limits)
