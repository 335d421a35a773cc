"""`Server`: a model server whose command line says all that it does with its accelerators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from msvc_pulumi.children.modelserver import ModelServer
from msvc_pulumi.commandline.invocation import script_of
from msvc_pulumi.commandline.parallelsizes import SPREAD, Sizes, StatedSizes
from msvc_pulumi.commandline.reader import POSITIONAL, Dialect, Statement
from msvc_pulumi.commandline.references import expanded
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.policies.workload import Pod, Workload
from msvc_pulumi.rules.accelerators import ACCELERATORS
from msvc_pulumi.rules.finding import items
from msvc_pulumi.rules.resources import amount

__all__ = ["WHOLE", "Asked", "Server", "servers"]

SIZES = ("tensor", "pipeline", "data", "context", "nodes", "local", "attention")
# Resources of which one is what a server counts as one; a TPU or a slice of a GPU may not be.
WHOLE = ("nvidia.com/gpu", "amd.com/gpu", "habana.ai/gaudi")
MOST = 10_000  # that one container has; a quantity may have as many digits as it likes


class Asked(NamedTuple):
    """So many of a resource, and where that is stated."""

    resource: str
    number: int
    place: FieldPath


@dataclass(frozen=True, slots=True)
class Server:
    """A container that runs vLLM or SGLang with words that can all be read.

    ``options`` has the last statement of each option, ``model`` what it loads as it is written.
    """

    pod: Pod
    at: FieldPath
    container: Mapping[str, Any]
    stated: StatedSizes
    sizes: Sizes
    options: Mapping[str, Statement]
    model: str
    is_script: bool

    @property
    def dialect(self) -> Dialect:
        return self.stated.dialect

    @property
    def words(self) -> FieldPath:
        """Where the command line is."""
        return self.at.child("args" if self.container.get("args") else "command")

    @property
    def total(self) -> int:
        """Accelerators that the model can be spread over, data-parallel ranks included."""
        sizes = self.sizes
        return sizes.tensor * sizes.pipeline * sizes.data * (self.stated.number("context") or 1)

    @property
    def asked(self) -> Asked | None:
        """The accelerators that the container asks for, a number of 0 for none.

        None where that does not say how many it has.
        """
        resources = self.container.get("resources") or {}
        if resources.get("claims") or self.pod.spec.get("resourceClaims"):
            return None
        found = {
            name: (amount(quantity), self.at.child("resources", kind, name))
            for kind in ("requests", "limits")
            for name, quantity in (resources.get(kind) or {}).items()
            if name.startswith(ACCELERATORS) and amount(quantity) > 0
        }
        if not found:
            return Asked("", 0, self.words)
        [*others, (name, (number, place))] = found.items()
        if others or name not in WHOLE or number > MOST:
            return None
        return Asked(name, int(number), place)


def servers(workload: Workload) -> Iterator[Server]:
    """The model servers of a workload that are known well enough."""
    for pod in workload.pods():
        for at, container in pod.containers():
            if (server := _server(pod, at, container)) is not None:
                yield server


def _server(pod: Pod, at: FieldPath, container: dict[str, Any]) -> Server | None:
    found = ModelServer.of(container, at)
    stated = found.stated
    if stated is None or found.program.is_opaque or "config" in stated:
        return None
    if stated.text("executor") not in (None, "mp") or stated.uses_ray:
        return None
    args: list[str] = container.get("args") or []
    script = script_of([*(container.get("command") or ()), *args])
    if _joins_ray(container, "" if script is None else script.text):
        return None
    for name in SIZES:
        if name in stated and (stated.number(name) or 0) < 1:
            return None
    sizes = Sizes(*(stated.number(name) or 1 for name in SIZES[:3]))
    is_spread = any(stated.switch(name) for name in SPREAD) and not stated.is_external
    if is_spread and sizes.data > 1 and "local" not in stated:
        return None  # how many ranks are in this pod is its own affair
    statements = found.program.statements(args if script is None else ())
    if any(one.option != POSITIONAL and not one.is_known for one in statements):
        return None  # a program that only looks like one we know, such as vLLM-Omni
    options = {one.option: one for one in statements if not one.key and one.option != POSITIONAL}
    model = _model(statements, options, takes=found.program.takes_model)
    return Server(
        pod,
        at,
        container,
        stated,
        sizes,
        options,
        expanded(model, container),
        is_script=script is not None,
    )


def _joins_ray(container: dict[str, Any], script: str) -> bool:
    """Whether the server may find accelerators of other pods: vLLM asks a cluster of Ray's."""
    if "ray" in script or container.get("envFrom"):
        return True
    names = (str(variable.get("name")) for _, variable in items(container.get("env")))
    return any(name.startswith("RAY_") for name in names)


def _model(statements: list[Statement], options: Mapping[str, Statement], *, takes: bool) -> str:
    stated = options.get("model") or options.get("model-path")
    if stated is None and takes:
        stated = next((one for one in statements if one.option == POSITIONAL), None)
    return (stated.value or "") if stated is not None else ""
