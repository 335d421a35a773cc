"""Names of models that requests are sent on under, and no model server of the pool answers to.

A vLLM server answers to its served model names, else to its model as it is written, and to the
adapters it loads; any other name is 404. SGLang answers to all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msvc_pulumi.commandline.invocation import invocation, script_of
from msvc_pulumi.commandline.reader import POSITIONAL, VLLM, Statement
from msvc_pulumi.commandline.references import expanded
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import advice, items
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods, selected_pods

__all__ = ["served_names", "unserved_models"]

SPEC = FieldPath.of("spec")
SHOWN = 5  # names that a message repeats


def unserved_models(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:
    """A warning for every name that the plan's InferenceModel or rewrite sends requests on under,
    and that some of the pool's servers do not have. Of servers of unknown names nothing is said.
    """
    found = {planned.key: planned for planned in plan}
    pool = found.get("inferencePool")
    targets = [target for target in _targets(found) if target.name]
    if pool is None or not targets:
        return
    servers = [
        (pod, path, names)
        for pod in selected_pods(pods, pool.manifest)
        for path, names in [_server(pod)]
        if names
    ]
    for target in targets:
        lacking = [server for server in servers if target.name not in server[2]]
        if not lacking:
            continue
        names = sorted(lacking[0][2])
        known = ", ".join(f'"{name}"' for name in names[:SHOWN])
        finding = advice(
            target.path,
            "unserved-model",
            f'requests are sent on for the model "{target.name}", and the model server answers to '
            f"{known}{' and more' if len(names) > SHOWN else ''} only: they end with 404",
            f"add --served-model-name {target.name} to the server, or --lora-modules with an "
            "adapter of that name",
        )
        others = [(pod.workload, (path, "the server")) for pod, path, _ in lacking]
        yield placed(target.holder, finding, others)


class _Target(NamedTuple):
    """A name that requests are sent on under, and the field that says so."""

    holder: PlannedObject
    path: FieldPath
    name: str


def _targets(found: Mapping[str, PlannedObject]) -> Iterator[_Target]:
    if (model := found.get("inferenceModel")) is not None:
        spec = model.manifest.get("spec") or {}
        stated = list(items(spec.get("targetModels")))
        for number, target in stated:
            if target.get("weight") != 0:
                path = SPEC.child("targetModels", number, "name")
                yield _Target(model, path, target.get("name") or "")
        if not stated:
            yield _Target(model, SPEC.child("modelName"), spec.get("modelName") or "")
    if (rewrite := found.get("inferenceModelRewrite")) is not None:
        for rule, stated_rule in items((rewrite.manifest.get("spec") or {}).get("rules")):
            for number, target in items(stated_rule.get("targets")):
                path = SPEC.child("rules", rule, "targets", number, "modelRewrite")
                yield _Target(rewrite, path, target.get("modelRewrite") or "")


def _server(pod: Pods) -> tuple[FieldPath, frozenset[str] | None]:
    """The pod's one vLLM server and its names; None where they are not to be known."""
    servers = [
        (pod.at.child("containers", number), container)
        for number, container in items(pod.spec.get("containers"))
        if _runs_vllm(container)
    ]
    if len(servers) != 1:
        return pod.at, None
    path, container = servers[0]
    return path.child("args" if container.get("args") else "command"), served_names(container)


def _runs_vllm(container: dict[str, Any]) -> bool:
    script = script_of([*(container.get("command") or ()), *(container.get("args") or ())])
    program = script.invocation() if script is not None else invocation(container)
    return program is not None and program.dialect is VLLM


def served_names(container: dict[str, Any]) -> frozenset[str] | None:
    """The names that the vLLM server in ``container`` answers to.

    None where more may say them: a file, the environment, a shell's variables, who loads adapters
    while it runs; and for one that starts no API server.
    """
    args: Sequence[str] = container.get("args") or ()
    script = script_of([*(container.get("command") or ()), *args])
    program = script.invocation() if script is not None else invocation(container)
    if program is None or program.is_opaque:
        return None
    statements = program.statements(() if script is not None else args)
    said: dict[str, Statement] = {one.option: one for one in statements if not one.key}
    if "config" in said or _is_on(said.get("headless")):
        return None
    adapters = said.get("lora-modules")
    if _is_on(said.get("enable-lora")) and _loads_adapters(container):
        return None
    model = said.get("model")
    if model is None and program.takes_model:
        model = next((one for one in statements if one.option == POSITIONAL), None)
    name = said.get("served-model-name") or model
    stated = [*(name.values if name else ()), *_adapters(adapters)]
    names = [expanded(text, container) for text in stated]
    if not name or any("$" in text for text in names):
        return None
    return frozenset(names)


def _adapters(stated: Statement | None) -> Iterator[str]:
    for text in stated.values if stated is not None else ():
        if not text.startswith(("{", "[")):
            yield text.partition("=")[0]
            continue
        try:
            value = json.loads(text)
        except ValueError:
            yield "$"  # not to be known
            continue
        yield from (
            str(one.get("name", ""))
            for one in (value if isinstance(value, list) else [value])
            if isinstance(one, dict)
        )


def _loads_adapters(container: dict[str, Any]) -> bool:
    """Whether the server may load adapters that its command line does not name."""
    if container.get("envFrom"):
        return True
    return any(
        str(variable.get("name", "")).startswith(("VLLM_LORA_RESOLVER_", "VLLM_PLUGINS"))
        or variable.get("name") == "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
        for _, variable in items(container.get("env"))
    )


def _is_on(switch: Statement | None) -> bool:
    return switch is not None and not switch.is_inverse
