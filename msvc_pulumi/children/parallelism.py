"""``parallelism`` turned into vLLM's flags and an accelerator count, where the ModelService asks.

``tensor`` alone does nothing, as in the original (quirk Q22): it is there for templates. With
``data``, ``pipeline``, ``expert`` or ``multiNode`` beside it all of them count. What the
BaseConfig or the ModelService states itself is never changed; a contradiction is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from msvc_pulumi.api.podsection import Parallelism
from msvc_pulumi.artifacts import MODEL_VOLUME_NAME
from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.errors import FieldPath, Label, Span
from msvc_pulumi.naming import Role

__all__ = ["apply"]

# vLLM's flags with their short forms, by the field that gives their value.
FLAGS = {
    "tensor": ("--tensor-parallel-size", "-tp"),
    "pipeline": ("--pipeline-parallel-size", "-pp"),
    "data": ("--data-parallel-size", "-dp"),
    "local": ("--data-parallel-size-local", "-dpl"),
}
EXPERT = "--enable-expert-parallel"  # a switch: vLLM spreads the experts over tensor x data

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
    if section is None or section.parallelism is None:
        return
    sizes = _Sizes.of(section.parallelism)
    at = FieldPath.of("spec", role, "parallelism")
    report = _Report(context, child, at)
    servers = [(template, number) for template in templates for number in _servers(child, template)]
    if not _is_effective(section.parallelism) and section.multi_node is None:
        for template, number in servers:
            place = _container(template, number)
            if _runs_vllm(child.get(place)):
                report.unused_tensor(sizes.tensor, place)
        return
    report.expert(sizes)
    if not servers:
        report.not_applied("no container mounts the model, and there is more than one")
        return
    running = [place for place in servers if _runs_vllm(child.get(_container(*place)))]
    if not running and sizes.world > 1:
        report.not_applied("the model server's command is not `vllm serve`")
    for template, number in running:
        _add_flags(child, _container(template, number), sizes, nodes, report)
    per_pod, rest = divmod(sizes.world, nodes)
    if rest:
        report.uneven(f"{sizes.world} accelerators", nodes, "tensor x pipeline x data")
        return
    if sizes.data % nodes and nodes % sizes.data:
        report.uneven(f"{sizes.data} data-parallel ranks", nodes, "data")
        return
    label = section.accelerator_types.label_key if section.accelerator_types else ""
    for template, number in servers:
        container = _container(template, number)
        _add_accelerators(child, container, per_pod, _resource(label), report)


@dataclass(frozen=True, slots=True)
class _Sizes:
    tensor: int
    pipeline: int
    data: int
    expert: int

    @classmethod
    def of(cls, stated: Parallelism) -> _Sizes:
        return cls(stated.tensor or 1, stated.pipeline or 1, stated.data or 1, stated.expert or 1)

    @property
    def world(self) -> int:
        """Accelerators of one replica."""
        return self.tensor * self.pipeline * self.data

    def flags(self, nodes: int) -> Iterator[tuple[str, tuple[str, ...], int]]:
        """Field, spellings and value of each flag that differs from vLLM's default of 1."""
        values = {"tensor": self.tensor, "pipeline": self.pipeline, "data": self.data}
        for name, value in values.items():
            if value > 1:
                yield name, FLAGS[name], value
        if self.data > 1 and nodes > 1 and self.data % nodes == 0:
            yield "data", FLAGS["local"], self.data // nodes


def _is_effective(stated: Parallelism) -> bool:
    return any(size is not None for size in (stated.data, stated.pipeline, stated.expert))


def _container(template: FieldPath, number: int) -> FieldPath:
    return template.child("spec", "containers", number)


def _servers(child: Child, template: FieldPath) -> list[int]:
    """Indices of the containers that mount the model, else of the only container."""
    containers = child.get(template.child("spec", "containers")) or []
    mounting = [
        number
        for number, container in enumerate(containers)
        if any(m.get("name") == MODEL_VOLUME_NAME for m in container.get("volumeMounts", ()))
    ]
    return mounting or ([0] if len(containers) == 1 else [])


def _runs_vllm(container: dict[str, Any]) -> bool:
    """Whether args reach vLLM's server: by its command, or by an image whose entrypoint it is."""
    command = container.get("command") or []
    if command:
        program = command[0].rpartition("/")[2]
        serves = program == "vllm" and command[1:2] in ([], ["serve"])
        return bool(serves or any(word.startswith("vllm.entrypoints.") for word in command))
    image: str = container.get("image", "")
    return image.rpartition("/")[2].startswith("vllm")


def _args(child: Child, container: FieldPath) -> list[str]:
    return [*(child.get(container.child("args")) or [])]


def _flag_value(args: Sequence[str], spellings: Sequence[str]) -> str | None:
    """The value the arguments give a flag, the last one as argparse takes it."""
    found = None
    for number, argument in enumerate(args):
        name, equals, value = argument.partition("=")
        if name in spellings:
            found = value if equals else (args[number + 1] if number + 1 < len(args) else "")
    return found


def _add_flags(
    child: Child, container: FieldPath, sizes: _Sizes, nodes: int, report: _Report
) -> None:
    place = container.child("args")
    args = _args(child, container)
    added: list[tuple[str, str]] = []
    for name, spellings, value in sizes.flags(nodes):
        stated = _flag_value(args, spellings)
        if stated is None:
            added += [(spellings[0], name), (str(value), name)]
        elif stated != str(value):
            report.mismatch(name, value, f"{spellings[0]} is {stated}", place)
    if sizes.expert > 1 and EXPERT not in args:
        added.append((EXPERT, "expert"))
    if not added:
        return
    child.put(place, [*args, *(argument for argument, _ in added)])
    for number, (_, name) in enumerate(added, start=len(args)):
        child.overrides[place.child(number)] = report.origin(name)


def _resource(label_key: str) -> str:
    """The extended resource that goes with nodes of this label."""
    domain = label_key.partition("/")[0]
    return RESOURCES.get(label_key) or RESOURCES.get(domain) or DEFAULT_RESOURCE


def _add_accelerators(
    child: Child, container: FieldPath, count: int, resource: str, report: _Report
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
            report.mismatch("", count, f"{name} is {quantity}", place.child(kind, name))
    if not stated and not resources.get("claims"):
        child.put(place.child("limits", resource), str(count), report.origin(""))


@dataclass(frozen=True, slots=True)
class _Report:
    context: BuildContext
    child: Child
    at: FieldPath

    def origin(self, name: str) -> Origin:
        field = self.at.child(name) if name else self.at
        return Origin("model service", partial(self.context.document.span, field))

    def unused_tensor(self, tensor: int, container: FieldPath) -> None:
        stated = _flag_value(_args(self.child, container), FLAGS["tensor"])
        if tensor > 1 and stated != str(tensor):
            self._warn(
                "parallelism-not-applied",
                f"tensor: {tensor} has no effect by itself"
                + (f"; --tensor-parallel-size is {stated}" if stated else ""),
                "tensor",
                "state pipeline: 1 beside it to have flags and accelerators made from it, or use "
                "the template variables DecodeTensorParallelism and PrefillTensorParallelism",
                self.child.origin(container.child("args")).span if stated else None,
            )

    def expert(self, sizes: _Sizes) -> None:
        if sizes.expert > 1 and sizes.expert != sizes.tensor * sizes.data:
            self._warn(
                "parallelism-mismatch",
                f"expert: {sizes.expert} is not tensor x data, which is "
                f"{sizes.tensor * sizes.data}",
                "expert",
                "vLLM always spreads the experts over tensor x data accelerators",
            )

    def not_applied(self, why: str) -> None:
        self._warn(
            "parallelism-not-applied",
            f"no flags are added: {why}",
            "",
            "use the template variables, such as DecodeTensorParallelism, in the container's "
            "args or script",
        )

    def uneven(self, what: str, nodes: int, product: str) -> None:
        self._warn(
            "parallelism-mismatch",
            f"{what} do not spread evenly over {nodes} pods; no accelerators are requested",
            "",
            f"{product} must be a multiple of multiNode.size",
        )

    def mismatch(self, name: str, value: int, found: str, place: FieldPath) -> None:
        span = self.child.origin(place).span
        wanted = f"{name}: {value}" if name else f"{value} accelerators a pod"
        self._warn(
            "parallelism-mismatch",
            f"parallelism asks for {wanted}, but {found}",
            name,
            f"change {self.child.field(place)}"
            + (f" ({span})" if span else "")
            + ", or take it away to have it made from parallelism",
            span,
        )

    def _warn(
        self, code: str, summary: str, name: str, advice: str, other: Span | None = None
    ) -> None:
        field = self.at.child(name) if name else self.at
        self.context.diagnostics.warning(
            code,
            summary,
            field=field,
            span=self.context.document.span(field),
            related=(Label(other, "stated here"),) if other else (),
            help=advice,
        )
