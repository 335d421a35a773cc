"""``parallelism`` turned into vLLM's flags and an accelerator count, where the ModelService asks.

``tensor`` alone does nothing, as in the original (quirk Q22): it is there for templates. With
``data``, ``pipeline``, ``expert`` or ``multiNode`` beside it all of them count. What the
BaseConfig or the ModelService states itself is never changed; a contradiction is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from msvc_pulumi.api.podsection import Parallelism
from msvc_pulumi.artifacts import MODEL_VOLUME_NAME
from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.commandline.invocation import Invocation, invocation, script_of
from msvc_pulumi.commandline.parallelsizes import Sizes, StatedSizes, flag_name
from msvc_pulumi.commandline.reader import REST, SGLANG, VLLM, Dialect, Statement, read
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.naming import Role

__all__ = ["apply"]

VARIABLE = re.compile(r"\$\(([A-Za-z_][\w.-]*)\)")
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
    asked = section.parallelism
    report = _Report(context, child, FieldPath.of("spec", role, "parallelism"))
    places = [
        _container(template, number)
        for template in templates
        for number in _servers(child, template)
    ]
    servers = [_Server.of(child, place) for place in places]
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


@dataclass(frozen=True, slots=True)
class _Server:
    """A model server's container: what its command line states, None where nobody can tell.

    ``is_fixed`` says why no flags can be added to it, empty where they can.
    """

    place: FieldPath
    program: Invocation
    stated: StatedSizes | None
    is_fixed: str = ""

    @classmethod
    def of(cls, child: Child, place: FieldPath) -> _Server:
        container = child.get(place)
        args: list[str] = container.get("args") or []
        program = invocation(container)
        fixed = ""
        script = script_of([*(container.get("command") or ()), *args])
        if script is not None:
            fixed = "the command is a shell script"
            inner = script.invocation()
            if inner is None:
                return cls(place, program, None, fixed)
            program, args = inner, []
        if not program.dialect.table:
            return cls(place, program, None)
        statements = program.statements(args)
        stated = StatedSizes.of(_expanded(statements, container), program.dialect)
        config = stated.statements.get("config")
        if config is not None and config.stop - config.start == 2:  # --config=FILE is never read
            fixed = fixed or "the file of --config may state them"
        if program.is_opaque:
            fixed = "the command is a shell script with variables"
        if REST in [s.option for s in read(program.lead, program.dialect)]:
            fixed = fixed or "the command has a -- that ends its options"
        return cls(place, program, stated, fixed)


def _expanded(statements: Sequence[Statement], container: Mapping[str, Any]) -> Iterator[Statement]:
    """``statements`` with ``$(NAME)`` as Kubernetes expands it from the container's own values."""
    env = {v.get("name"): v.get("value") for v in container.get("env") or ()}
    for statement in statements:
        match = VARIABLE.fullmatch(statement.value or "")
        value = env.get(match[1]) if match else None
        yield replace(statement, values=(value,)) if value is not None else statement


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


def _add_flags(
    child: Child, server: _Server, asked: Parallelism, nodes: int, report: _Report
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
        child.overrides[there] = replace(origin, field=fields[at])
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


def _sizes(asked: Parallelism, stated: StatedSizes | None) -> Sizes | str:
    """Effective sizes: what the command line states, else what is asked; or what is unreadable."""
    values: dict[str, int] = {}
    for name in ("tensor", "pipeline", "data"):
        value = stated.number(name) if stated is not None else None
        if value is None and stated is not None and name in stated and getattr(asked, name) is None:
            return f"{flag_name(name, stated.dialect)} is {stated.text(name)}"
        values[name] = value or getattr(asked, name) or 1
    return Sizes(**values)


def _count(server: _Server, asked: Parallelism, nodes: int, report: _Report) -> int | None:
    """Accelerators of a pod; None, and a warning, where they cannot be told or do not spread."""
    sizes = _sizes(asked, server.stated)
    if isinstance(sizes, str):
        report.not_applied(sizes, "no accelerators are requested")
        return None
    stated = server.stated or StatedSizes(VLLM, {})
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
            wanted = f"{count} accelerators a pod"
            report.differs(wanted, "", f"{name} is {quantity}", place.child(kind, name))
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

    def unused_tensor(self, tensor: int, server: _Server) -> None:
        assert server.stated is not None  # noqa: S101  of known servers only
        stated = server.stated.text("tensor")
        unknown = stated is not None and server.stated.number("tensor") is None
        if tensor == 1 or stated == str(tensor) or unknown or (stated is None and server.is_fixed):
            return
        self._warn(
            "parallelism-not-applied",
            f"tensor: {tensor} has no effect by itself"
            + (f"; {flag_name('tensor', server.stated.dialect)} is {stated}" if stated else ""),
            "tensor",
            "state pipeline: 1 beside it to have flags and accelerators made from it, or use "
            "the template variables DecodeTensorParallelism and PrefillTensorParallelism",
        )

    def expert(self, asked: Parallelism, server: _Server | None) -> None:
        if (asked.expert or 1) == 1:
            return
        stated = server.stated if server else None
        sizes = _sizes(asked, stated)
        if isinstance(sizes, str):
            return
        if stated is not None and stated.dialect is SGLANG:
            name, product, what = "SGLang", sizes.tensor, "tensor"
        else:
            context = (stated.number("context") if stated else None) or 1
            name, product, what = "vLLM", sizes.tensor * context * sizes.data, "tensor x data"
            if context > 1:
                what = "tensor x prefill context x data"
        if asked.expert != product:
            self._warn(
                "parallelism-mismatch",
                f"expert: {asked.expert} is not {what}, which is {product}",
                "expert",
                f"{name} always spreads the experts over {what} accelerators",
            )

    def not_applied(self, why: str, what: str = "no flags are added") -> None:
        self._warn(
            "parallelism-not-applied",
            f"{what}: {why}",
            "",
            "use the template variables, such as DecodeTensorParallelism, in the container's "
            "args or script",
        )

    def apart(self, nodes: int, dialect: Dialect) -> None:
        other = "" if dialect is SGLANG else " or --distributed-executor-backend ray"
        self._warn(
            "nodes-apart",
            f"{nodes} pods make up a replica, but {dialect.name} is not told of the others",
            "",
            f"state --nnodes and --node-rank{other}, for each pod its own, for example by "
            "$(LWS_WORKER_INDEX)",
        )

    def uneven(self, what: str, nodes: int, product: str) -> None:
        self._warn(
            "parallelism-mismatch",
            f"{what} do not spread evenly over {nodes} pods; no accelerators are requested",
            "",
            f"{product} must be a multiple of multiNode.size",
        )

    def mismatch(
        self, name: str, value: int, found: str, server: _Server, meaning: str = ""
    ) -> None:
        """Tell that the server's command line differs from what ``parallelism`` asks for."""
        program, stated = server.program, server.stated
        statement = stated.statements.get(meaning or name) if stated else None
        lead = len(program.lead)
        args = server.place.child("args")
        if statement is None or server.is_fixed:
            self.differs(f"{name}: {value}", name, found, args)
        elif statement.start < lead:
            self.differs(f"{name}: {value}", name, found, server.place.child("command"))
        else:
            word = statement.start - lead + program.skip
            self.differs(f"{name}: {value}", name, found, args.child(word))

    def differs(self, wanted: str, name: str, found: str, place: FieldPath) -> None:
        span = self.child.origin(place).span
        self._warn(
            "parallelism-mismatch",
            f"parallelism asks for {wanted}, but {found}",
            name,
            f"change {self.child.field(place)}"
            + (f" ({span})" if span else "")
            + ", or take it away to have it made from parallelism",
        )

    def _warn(self, code: str, summary: str, name: str, advice: str) -> None:
        field = self.at.child(name) if name else self.at
        self.context.diagnostics.warning(
            code, summary, field=field, span=self.context.document.span(field), help=advice
        )
