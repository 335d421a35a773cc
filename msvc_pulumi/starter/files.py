"""The two files of a start: `model_service` and `base_config` return their texts."""

from __future__ import annotations

import json
import pkgutil
import textwrap
from collections.abc import Iterator

from msvc_pulumi.starter.choices import Choices

__all__ = ["base_config", "model_service"]

MIN_REPLICAS, MAX_REPLICAS = 1, 4
LIMITS = {"hpa": ("minReplicas", "maxReplicas"), "keda": ("minReplicaCount", "maxReplicaCount")}


def model_service(choices: Choices) -> str:
    """The ModelService, with a word on what to change."""
    return "\n".join(_service(choices)) + "\n"


def base_config(choices: Choices) -> str:
    """The BaseConfig: sections for what was chosen, ready to be shared by other ModelServices."""
    sections = "\n".join(_sections(choices))
    return (
        "# What a platform offers to its ModelServices: every value is a template.\n"
        "# See `msvc explain data`.\n"
        "apiVersion: v1\n"
        "kind: ConfigMap\n"
        "metadata:\n"
        f"  name: {_base(choices)}\n"
        f"{_namespace(choices)}"
        "data:\n"
        f"{textwrap.indent(sections, '  ')}"
    )


def _service(choices: Choices) -> Iterator[str]:
    yield "# One model and how it is served. See `msvc explain spec`."
    yield "apiVersion: llm-d.ai/v1alpha1"
    yield "kind: ModelService"
    yield "metadata:"
    yield f"  name: {_quoted(choices.name)}"
    if choices.namespace:
        yield f"  namespace: {_quoted(choices.namespace)}"
    yield "spec:"
    yield "  baseConfigMapRef:"
    yield f"    name: {_base(choices)}"
    yield "  routing:"
    yield f"    modelName: {_quoted(choices.served_as)} # its name in requests"
    yield "    ports:"
    if choices.prefill:
        yield "      - name: app_port # the routing sidecar of decode, vLLM itself in prefill"
        yield "        port: 8000"
        yield "      - name: internal_port # vLLM behind the sidecar"
        yield "        port: 8200"
    else:
        yield "      - name: app_port"
        yield "        port: 8000"
    if choices.routing != "none":
        yield "    gatewayRefs:"
        yield f"      - name: {_quoted(choices.gateway)}"
    yield "  modelArtifacts:"
    yield f"    uri: {_quoted(choices.model)}"
    if choices.secret:
        what = "with the key HF_TOKEN" if choices.is_in_hub_layout else "of the image registry"
        yield f"    authSecretName: {_quoted(choices.secret)} # a Secret {what}"
    if choices.size:
        yield f"    size: {_quoted(choices.size)} # limit of the volume that it is downloaded to"
    for role in choices.roles:
        yield from _role(role, choices)


def _role(role: str, choices: Choices) -> Iterator[str]:
    yield f"  {role}:"
    if choices.autoscaling == "none":
        yield "    replicas: 1"
    else:
        least, most = LIMITS[choices.autoscaling]
        yield "    autoscaling:"
        yield f"      {choices.autoscaling}:"
        yield f"        {least}: {MIN_REPLICAS}"
        yield f"        {most}: {MAX_REPLICAS}"
    yield "    parallelism:"
    yield f"      tensor: {choices.gpus} # GPUs of one pod"
    yield "      pipeline: 1 # with it, flags and GPUs are made from parallelism"
    yield "    containers:"
    yield "      - name: vllm"
    yield "        mountModelVolume: true"
    yield "        args:"
    variable = "HFModelName" if choices.is_in_hub_layout else "MountedModelPath"
    yield f'          - "{{{{ .{variable} }}}}"'


def _sections(choices: Choices) -> Iterator[str]:
    for role in choices.roles:
        yield _deployment(role, choices)
        yield _text("service", role=role)
        if choices.autoscaling != "none":
            yield _text(
                choices.autoscaling,
                role=role,
                Role=role.capitalize(),
                prometheus=choices.prometheus,
            )
    if choices.routing == "v1":
        plugins = _text("plugins-prefill" if choices.prefill else "plugins-decode")
        yield _text("routing-v1", plugins=textwrap.indent(plugins, " " * 8))
    elif choices.routing == "v1alpha2":
        variables = _text("disaggregated") if choices.prefill else ""
        yield _text("routing-v1alpha2", disaggregated=textwrap.indent(variables, " " * 14))


def _deployment(role: str, choices: Choices) -> str:
    behind_sidecar = choices.prefill and role == "decode"
    generation = "v1alpha2" if choices.routing == "v1alpha2" else "v1"
    sidecar = _text(f"sidecar-{generation}") if behind_sidecar else ""
    return _text(
        "deployment",
        role=role,
        port="internal_port" if behind_sidecar else "app_port",
        sidecar=textwrap.indent(sidecar, " " * 8),
        transfer=textwrap.indent(_text("transfer") if choices.prefill else "", " " * 14),
        **{
            "side-channel": textwrap.indent(
                _text("side-channel") if choices.prefill else "", " " * 12
            )
        },
    )


def _text(name: str, **words: str) -> str:
    """The text ``name``.yaml beside this module, with ``<word>`` filled in."""
    data = pkgutil.get_data(__package__, f"{name}.yaml")
    assert data is not None  # noqa: S101  only a loader without files says so
    text = data.decode()
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    return text


def _base(choices: Choices) -> str:
    return _quoted(f"{choices.name}-base")


def _namespace(choices: Choices) -> str:
    return f"  namespace: {_quoted(choices.namespace)}\n" if choices.namespace else ""


def _quoted(text: str) -> str:
    """The text as YAML reads it back, in quotes only where it needs them."""
    from msvc_pulumi.document.emitter import to_yaml  # noqa: PLC0415  only texts of users

    line = to_yaml({"a": text}).removeprefix("a: ").rstrip("\n")
    return json.dumps(text) if "\n" in line else line
