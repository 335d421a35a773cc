"""Models whose weights alone are more than the accelerators hold that they are spread over."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from msvc_pulumi.artifacts import MOUNT_PATH
from msvc_pulumi.policies.graphicsmemory import GIB, product
from msvc_pulumi.policies.modelsize import weights
from msvc_pulumi.policies.servers import Server, servers
from msvc_pulumi.policies.workload import Workload
from msvc_pulumi.rules.finding import Finding, advice

__all__ = ["models_too_large"]

SHARES = ("gpu-memory-utilization", "mem-fraction-static")


def models_too_large(workload: Workload) -> Iterator[Finding]:
    """Servers that cannot load their model, by the name of it and of the GPUs."""
    for server in servers(workload):
        gpu, size = product(server.pod), weights(_model(server, workload), server.options)
        asked, share = server.asked, _share(server)
        if gpu is None or size is None or asked is None or share is None:
            continue
        pods = max(server.pod.group, server.stated.number("nodes") or 1)
        count = max(server.total, asked.number * pods)
        if size.least <= count * gpu.memory * share[0]:
            continue
        total = Fraction(count * gpu.memory) * share[0]
        held = f"{count} x {_gib(gpu.memory)} ({gpu.name}){share[1]}"
        held += f" = {_gib(total)}" if count > 1 or share[1] else ""
        yield advice(
            server.words,
            "model-too-large",
            f"{size.text} are {_gib(size.size)} of weights, and there are {held} to hold them: the "
            "server cannot load the model",
            "spread it over more accelerators, ask for larger ones, or take a model of fewer bits",
            (gpu.place, "the accelerators"),
        )


def _model(server: Server, workload: Workload) -> str:
    """The name of what the server loads; of a mounted one its ModelService knows it."""
    if server.model.startswith(MOUNT_PATH) and workload.model:
        return workload.model
    return server.model if "$" not in server.model else ""


def _share(server: Server) -> tuple[Fraction, str] | None:
    """The part of each accelerator that the server takes, and how that is written."""
    stated = next((server.options[name] for name in SHARES if name in server.options), None)
    if stated is None:
        return Fraction(1), ""
    try:
        share = float(stated.value or "")
    except ValueError:
        return None
    return (Fraction(share), f" x {share:g}") if 0 < share <= 1 else None


def _gib(size: Fraction | int) -> str:
    number = float(size / GIB)
    return f"{number:.0f} GiB" if number >= 100 else f"{number:.3g} GiB"
