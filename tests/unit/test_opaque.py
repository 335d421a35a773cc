"""Outputs among a component's arguments: handed on closed, or refused where they decide."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from msvc_pulumi.components.arguments import described
from msvc_pulumi.components.opaque import STAMP
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.report import render

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SERVICE, BASE = (
    yaml.safe_load((SAMPLES / "facebook" / name).read_text())
    for name in ("msvc.yaml", "baseconfig.yaml")
)
SERVICE["spec"]["endpointPicker"] = {"containers": [{"name": "epp"}]}
CONTAINER = "model_service.spec.decode.containers.0"
HANDED_ON = (
    f"{CONTAINER}.image",
    f"{CONTAINER}.args.1",
    f"{CONTAINER}.command.0",
    f"{CONTAINER}.env.0.value",
    f"{CONTAINER}.env.0.valueFrom.secretKeyRef.name",
    f"{CONTAINER}.envFrom.0.secretRef.name",
    "model_service.spec.endpointPicker.containers.0.args.0",
    "model_service.spec.decode.tolerations.0.value",
    "model_service.spec.decode.acceleratorTypes.labelValues.0",
    "model_service.spec.prefill.priorityClassName",
    "model_service.spec.modelArtifacts.authSecretName",
    "model_service.spec.routing.gatewayRefs.0.name",
    "model_service.metadata.namespace",
    "namespace",
    "epp_cluster_role",
    "pd_pull_secrets.0",
)
DECIDING = (
    "model_service",
    "base_config",
    "base_config.data.decodeDeployment",
    "inference_api",
    "capabilities.0",
    "model_service.metadata.name",
    "model_service.spec.modelArtifacts.uri",
    "model_service.spec.routing.modelName",
    "model_service.spec.decode.replicas",
    f"{CONTAINER}.name",
    f"{CONTAINER}.env.0.name",
    f"{CONTAINER}.resources.limits.memory",
)
LABELS = st.from_regex(r"[a-z][a-z0-9-]{0,60}[a-z0-9]", fullmatch=True)


def arguments(path: str, value: Any) -> Any:
    """Good arguments with ``value`` at ``path``; containers on the way are made."""
    args: Any = {"model_service": copy.deepcopy(SERVICE), "base_config": copy.deepcopy(BASE)}
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    at = args
    for step, following in pairwise(steps):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(at, list):
            at.extend({"name": "A"} for _ in range(step + 1 - len(at)))
        elif at.get(step) is None:
            at[step] = empty
        at = at[step]
    if isinstance(at, list):
        at.extend("text" for _ in range(steps[-1] + 1 - len(at)))
    at[steps[-1]] = value
    return args


def run(program: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(program())  # only there is the event loop that an Output belongs to


async def objects(args: Any) -> tuple[Any, Any, bool]:
    """What would be declared, the plan's hash, and whether there is a secret among it."""
    found = described(args)
    manifests = [(one.key, one.manifest) for one in found.plan]
    made = pulumi.Output.from_input(found.opaque.revealed(manifests))
    hashed = pulumi.Output.from_input(found.opaque.hash_of(found.plan))
    return await made.future(), await hashed.future(), await made.is_secret()


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


@settings(max_examples=16, deadline=None)
@given(path=st.sampled_from(HANDED_ON), text=LABELS)
def test_objects_are_those_of_the_plain_value(path: str, text: str) -> None:
    """Whatever the Output holds, what is declared is what its value would have made."""

    async def program() -> None:
        opaque, its_hash, is_secret = await objects(arguments(path, pulumi.Output.secret(text)))
        expected, hashed, _ = await objects(arguments(path, text))
        assert plain(opaque) == plain(expected)
        assert its_hash == hashed
        assert is_secret

    run(program)


@pytest.mark.parametrize("path", HANDED_ON)
def test_what_is_unknown_stays_so(path: str) -> None:
    """In a preview a value may be missing; the plan is made all the same."""

    async def program() -> None:
        found = described(arguments(path, pulumi.output.UNKNOWN))
        made = pulumi.Output.from_input(found.opaque.revealed([one.manifest for one in found.plan]))
        assert not await made.is_known()

    run(program)


@pytest.mark.parametrize("path", DECIDING)
@pytest.mark.parametrize(
    "make", [lambda: pulumi.Output.secret("hush"), lambda: pulumi.output.UNKNOWN]
)
def test_what_decides_is_refused(path: str, make: Callable[[], Any]) -> None:
    """The place is named, the remedy given, the value never shown."""

    async def program() -> None:
        described(arguments(path, make()))

    with pytest.raises(ModelServiceError) as caught:
        run(program)
    (problem,) = caught.value.diagnostics
    assert problem.code == "output-in-arguments"
    assert str(problem.field).replace("[", ".").replace("]", "") == path
    assert "plainly" in problem.help
    assert "hush" not in render(caught.value.diagnostics)


TEMPLATES = {
    "printed": ('"{{ .ModelServiceNamespace }}"', True),
    "quoted": ("{{ .ModelServiceNamespace | quote }}", True),
    "joined": ('"a-{{ .ModelServiceNamespace }}-z"', True),
    "all": ("{{ toJson . | quote }}", True),
    "compared": ('{{ if eq .ModelServiceNamespace "x" }}"y"{{ else }}"n"{{ end }}', False),
    "absent": ('{{ with .ModelServiceNamespace }}"y"{{ end }}', False),
    "changed": ("{{ .ModelServiceNamespace | upper }}", False),
    "counted": ('"{{ len .ModelServiceNamespace }}"', False),
    "digested": ("{{ toJson . | sha256sum }}", False),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_print_it_and_nothing_else(name: str) -> None:
    """A template that looks at the value would have to be rendered when it is known."""
    template, is_good = TEMPLATES[name]
    text = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {key: TEMPLATE}}"

    async def program() -> None:
        args = arguments("namespace", pulumi.Output.from_input("space"))
        args["base_config"]["data"]["configMaps"] = text.replace("TEMPLATE", template)
        opaque, _, _ = await objects(args)
        expected, _, _ = await objects({**args, "namespace": "space"})
        assert plain(opaque) == plain(expected)

    if is_good:
        run(program)
        return
    with pytest.raises(ModelServiceError) as caught:
        run(program)
    assert [item.code for item in caught.value.diagnostics] == ["output-in-arguments"]


def test_a_logical_name_is_never_made_of_it() -> None:
    """A list's item is called after its object in the program, too."""
    text = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: 'a-{{ .ModelServiceNamespace }}'}}"

    async def program() -> None:
        args = arguments("namespace", pulumi.Output.from_input("space"))
        args["base_config"]["data"]["configMaps"] = text
        described(args)

    with pytest.raises(ModelServiceError) as caught:
        run(program)
    assert [item.code for item in caught.value.diagnostics] == ["output-in-arguments"]


VLLM = "vllm/vllm-openai:v0.11.0"
TENSOR = "--tensor-parallel-size"
# Containers whose server gets the flags of `parallelism`; what is None is not known.
LOOKED_AT: dict[str, dict[str, Any]] = {
    "an image that says which server it is": {"image": None},
    "the server that is started": {"image": "a", "command": [None, "serve"]},
    "a size": {"image": VLLM, "args": [TENSOR, None]},
    "a size by its variable": {
        "image": VLLM,
        "args": [TENSOR, "$(SIZE)"],
        "env": [{"name": "SIZE", "value": None}],
    },
}


def unknown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: unknown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unknown(item) for item in value]
    return pulumi.output.UNKNOWN if value is None else value


@pytest.mark.parametrize("case", LOOKED_AT)
def test_what_flags_are_made_for_is_refused(case: str) -> None:
    """Parallelism becomes flags of the server and accelerators, for which it is looked at."""

    async def program() -> None:
        container = {"name": "vllm", **unknown(LOOKED_AT[case])}
        args = arguments(CONTAINER, container)
        args["model_service"]["spec"]["decode"]["parallelism"] = {"tensor": 2, "data": 1}
        args["base_config"]["data"]["decodeDeployment"] = "{}"
        described(args)

    with pytest.raises(ModelServiceError) as caught:
        run(program)
    assert [item.code for item in caught.value.diagnostics] == ["output-in-arguments"]


def test_a_flag_is_never_hidden_in_it() -> None:
    """What is read of flags is read before the value is known: then one is refused."""

    async def program() -> None:
        await objects(arguments(f"{CONTAINER}.args.1", pulumi.Output.secret("--port=1")))

    with pytest.raises(pulumi.RunError, match="as the next item") as caught:
        run(program)
    assert "--port" not in str(caught.value)


def test_a_value_that_is_no_text_is_refused_when_it_is_known() -> None:
    """Numbers and booleans are written out; a list has no place there."""

    async def program(value: Any) -> Any:
        output = pulumi.Output.from_input(value)
        made, _, _ = await objects(arguments(f"{CONTAINER}.env.0.value", output))
        return json.dumps(made)

    assert '"value": "8000"' in run(lambda: program(8000.0))
    assert '"value": "true"' in run(lambda: program(True))
    with pytest.raises(pulumi.RunError, match="must be text"):
        run(lambda: program(["a"]))


@pytest.mark.parametrize("path", [*HANDED_ON[:4], "namespace", "model_service.metadata.name"])
def test_text_with_an_output_in_it_is_refused(path: str) -> None:
    """In Python it has Pulumi's words in the Output's place, which would be deployed."""

    async def program() -> None:
        args = arguments(path, f"Bearer {pulumi.Output.secret('key')}")
        with pytest.raises(ModelServiceError) as caught:
            described(args)
        (problem,) = caught.value.diagnostics
        assert problem.code == "output-in-arguments"
        assert "Output.format" in problem.help

    run(program)


def test_other_mistakes_do_not_show_marks() -> None:
    """A diagnostic about something else names the Output by its place."""
    args = arguments(f"{CONTAINER}.args.0", "{{ .Nonsense }}")

    async def program() -> None:
        args["model_service"]["spec"]["decode"]["containers"][0]["args"].append(
            pulumi.Output.from_input("a")
        )
        described(args)

    with pytest.raises(ModelServiceError) as caught:
        run(program)
    shown = render(caught.value.diagnostics)
    assert "Nonsense" in shown
    assert STAMP not in shown
