"""``parallelism`` turned into vLLM's flags and an accelerator count, where the ModelService asks.

``tensor`` alone does nothing, as in the original (quirk Q22): it is there for templates. With
``data``, ``pipeline``, ``expert`` or ``multiNode`` beside it all of them count. What the
BaseConfig or the ModelService states itself is never changed; a contradiction is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msvc_pulumi.api.podsection import Parallelism
from msvc_pulumi.children.child import Child
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.modelserver import ModelServer, effective_sizes, model_servers
from msvc_pulumi.children.parallelreport import Report
from msvc_pulumi.commandline.parallelsizes import StatedSizes, flag_name
from msvc_pulumi.commandline.reader import REST, SGLANG, VLLM
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.naming import Role

__all__ = ["apply"]

DEFAULT_RESOURCE = "nvidia.com/gpu"
# Extended resources that count accelerators, by the domain of the node labels that go with them.
RESOURCES = {
    "nvidia.com": DEFAULT_RESOURCE,
    "amd.com": "amd.com/gpu",
    "habana.ai": "habana.ai/gaudi",
    "gpu.intel.com": "gpu.intel.com/i915",
    "cloud.google.com/gke-tpu-accelerator": "google.com/tpu",
    "cloud.google.com/gke-tpu-topology": "google.com/tpu",
    "rebellions.ai": "rebellions.ai/ATOM",
}
COUNTED = frozenset(RESOURCES.values()) | {"gpu.intel.com/xe"}


def apply(
    role: Role,
    context: BuildContext,
    child: Child,
    templates: Sequence[FieldPath],
    nodes: int = 1,
) -> None:
    """Give the model servers of ``child`` the role's flags and accelerators.

    ``templates`` are its pod templates, ``nodes`` the pods that one replica spans. A model server
    is the container that mounts the model, else the only one; flags go to those that run vLLM.
    """
    section = context.role(role)
    if section is None:
        return
    if section.parallelism is None:
        if section.multi_node is not None and nodes > 1:
            _check_nodes(child, templates, nodes, role, context)
        return
    asked = section.parallelism
    report = Report(context, child, FieldPath.of("spec", role, "parallelism"))
    servers = model_servers(child, templates)
    if not _is_effective(asked) and section.multi_node is None:
        for server in servers:
            if server.stated is not None:
                report.unused_tensor(asked.tensor or 1, server)
        return
    if not servers:
        report.expert(asked, None)
        report.not_applied("no container mounts the model, and there is more than one")
        return
    known = [server for server in servers if server.stated is not None]
    if not known:
        report.expert(asked, None)
        if max(asked.tensor or 1, asked.pipeline or 1, asked.data or 1) > 1:
            report.not_applied("the model server's command is not `vllm serve`")
    for server in known:
        report.expert(asked, server)
        _add_flags(child, server, asked, nodes, report)
    label = section.accelerator_types.label_key if section.accelerator_types else ""
    for server in servers:
        count = _count(server, asked, nodes, report)
        if count is not None:
            _add_accelerators(child, server.place, count, _resource(label), report)


def _check_nodes(
    child: Child, templates: Sequence[FieldPath], nodes: int, role: Role, context: BuildContext
) -> None:
    """Tell of servers that ask for more accelerators than their pod has, and know no other pod."""
    report = Report(context, child, FieldPath.of("spec", role, "multiNode"))
    for server in model_servers(child, templates):
        stated = server.stated
        if stated is None or server.is_fixed:
            continue
        group = stated.rank
        limits = child.get(server.place.child("resources", "limits")) or {}
        held = [str(quantity) for name, quantity in limits.items() if name in COUNTED]
        if not stated.joins_nodes and any(q.isdigit() and 0 < int(q) < group for q in held):
            report.apart(nodes, stated.dialect)


def _is_effective(stated: Parallelism) -> bool:
    return any(size is not None for size in (stated.data, stated.pipeline, stated.expert))


def _add_flags(
    child: Child, server: ModelServer, asked: Parallelism, nodes: int, report: Report
) -> None:
    """Add the flags that nobody states, in front of a ``--``; tell of those that differ."""
    stated = server.stated
    assert stated is not None  # noqa: S101  of known servers only
    added: list[tuple[str, str]] = []
    missing: list[str] = []
    for name, value in _wanted(asked, stated, nodes):
        meaning = "attention" if name == "data" and "attention" in stated else name
        if meaning not in stated:
            flag = flag_name(name, stated.dialect)
            words = (flag,) if value is None else (flag, str(value))
            if value != 1 or name == "local":
                missing.append(" ".join(words))
                added += [(word, "data" if name == "local" else name) for word in words]
        elif name == "expert" and value is None:
            if not stated.switch("expert"):
                report.mismatch(name, asked.expert or 1, "it is switched off", server)
        elif stated.number(meaning) not in (value, None):
            flag = f"--{stated.statements[meaning].option}"
            report.mismatch(name, value or 1, f"{flag} is {stated.text(meaning)}", server, meaning)
    if not added:
        return
    if server.is_fixed:
        report.not_applied(f"{server.is_fixed}, and {', '.join(missing)} is not stated in sight")
        return
    place = server.place.child("args")
    args = [*(child.get(place) or [])]
    ends = (s for s in server.program.statements(args) if s.option == REST)
    lead = len(server.program.lead)
    end = next((s.start - lead + server.program.skip for s in ends), len(args))
    moved = {
        place.child(number): child.origin(place.child(number)) for number in range(end, len(args))
    }
    fields = {at: child.field(at) for at in moved}
    child.put(place, [*args[:end], *(word for word, _ in added), *args[end:]])
    for at, origin in moved.items():
        there = place.child(int(at[-1]) + len(added))
        child.overrides[there] = origin._replace(field=fields[at])
    for number, (_, name) in enumerate(added, start=end):
        child.overrides[place.child(number)] = report.origin(name)


def _wanted(
    asked: Parallelism, stated: StatedSizes, nodes: int
) -> Iterator[tuple[str, int | None]]:
    """Each size that ``parallelism`` asks for, None for a switch."""
    for name in ("tensor", "pipeline", "data"):
        value: int | None = getattr(asked, name)
        if value is not None:
            yield name, value
    if stated.dialect is SGLANG:
        if asked.expert is not None:
            yield "expert", asked.expert
        return
    data = stated.number("data") or asked.data or 1
    own = stated.is_external or "nodes" in stated or stated.uses_ray
    if "local" not in stated and not own and data > 1 and nodes > 1 and data % nodes == 0:
        yield "local", data // nodes
    if (asked.expert or 1) > 1:
        yield "expert", None


def _count(server: ModelServer, asked: Parallelism, nodes: int, report: Report) -> int | None:
    """Accelerators of a pod; None, and a warning, where they cannot be told or do not spread."""
    sizes = effective_sizes(asked, server.stated)
    if isinstance(sizes, str):
        report.not_applied(sizes, "no accelerators are requested")
        return None
    stated = server.stated or StatedSizes(VLLM, {})
    told = stated.number("nodes")
    if nodes > 1 and told not in (None, nodes):
        report.other_nodes(nodes, told or 0)
    total, pods = stated.accelerators(sizes, nodes)
    per_pod, rest = divmod(total, pods)
    if rest:
        report.uneven(f"{total} accelerators", pods, "tensor x pipeline x data")
        return None
    spread = stated.dialect is not SGLANG and pods == nodes
    if spread and sizes.data % pods and pods % sizes.data:
        report.uneven(f"{sizes.data} data-parallel ranks", pods, "data")
        return None
    together = server.is_fixed or stated.finds_others(sizes, nodes)
    if server.stated is not None and nodes > 1 and total > 1 and not together:
        report.apart(nodes, stated.dialect)
    return per_pod


def _resource(label_key: str) -> str:
    """The extended resource that goes with nodes of this label."""
    domain = label_key.partition("/")[0]
    return RESOURCES.get(label_key) or RESOURCES.get(domain) or DEFAULT_RESOURCE


def _add_accelerators(
    child: Child, container: FieldPath, count: int, resource: str, report: Report
) -> None:
    place = container.child("resources")
    resources = child.get(place) or {}
    stated = {
        name: (kind, quantity)
        for kind in ("requests", "limits")
        for name, quantity in (resources.get(kind) or {}).items()
        if name in COUNTED
    }
    for name, (kind, quantity) in stated.items():
        if str(quantity) not in ("0", str(count)):
            wanted = f"{count} accelerators a pod"
            report.differs(wanted, "", f"{name} is {quantity}", place.child(kind, name))
    if not stated and not resources.get("claims"):
        child.put(place.child("limits", resource), str(count), report.origin(""))
