"""What stands for the images of samples where their own programs are in no registry of modules.

Pickers: the Inference Extension's `epp` of the generation that the llm-d scheduler or router is
built on. Model servers: a simulator under the names and on the port that vLLM's words state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml
from kubelet.images import Image, Words

from msvc_pulumi.commandline.invocation import invocation
from msvc_pulumi.commandline.reader import POSITIONAL
from msvc_pulumi.engine.tools.toolchain import find_or_build_all
from msvc_pulumi.plan import Plan

__all__ = [
    "V1",
    "V1ALPHA2",
    "generation",
    "images",
    "missing",
    "model_server",
    "only_router",
    "router",
]

V1ALPHA2, V1 = "endpoint-picker-v1alpha2", "endpoint-picker-v1"
SIMULATOR = "model-server-simulator"
# Repository → the picker of its generation; tags of one repository may be of several.
SCHEDULER = "ghcr.io/llm-d/llm-d-inference-scheduler"
ROUTER = "ghcr.io/llm-d/llm-d-router-endpoint-picker"
EXTENSION = "registry.k8s.io/gateway-api-inference-extension/epp"
MODEL_SERVERS = ("vllm/vllm-openai", "ghcr.io/llm-d/llm-d", "ghcr.io/llm-d/llm-d-cuda")
# Plugins that the router adds to those of the Inference Extension, of those that samples name.
ROUTER_PLUGINS = {
    "prefill-filter",
    "decode-filter",
    "disagg-profile-handler",
    "prefix-based-pd-decider",
    "by-label",
    "pd-profile-handler",
    "prefill-header-handler",
    "disagg-headers-handler",
}
# The router's configuration is the Inference Extension's under another group.
CONFIGURATIONS = {"llm-d.ai/v1alpha1": "inference.networking.x-k8s.io/v1alpha1"}


def generation(image: str) -> str:
    """The tool that stands for a picker's image; empty where none does."""
    repository, _, tag = image.partition(":")
    if repository == ROUTER:
        return V1
    if repository == EXTENSION:
        return V1ALPHA2 if tag.startswith("v0.") else V1
    if repository == SCHEDULER:
        # 0.2 is built on 0.5 of the Inference Extension, 0.3 on 1.0.
        release = re.match(r"v?0\.(\d+)", tag)
        return V1ALPHA2 if release and int(release[1]) <= 2 else V1
    return ""


def images(references: set[str]) -> dict[str, Image]:
    """What stands for each of ``references`` that something stands for; tools are built."""
    programs = find_or_build_all(V1ALPHA2, V1, SIMULATOR)
    pickers = {
        reference: Image(
            str(programs[tool]), adapter="standins:router" if reference.startswith(ROUTER) else ""
        )
        for reference in references
        if (tool := generation(reference))
    }
    server = Image(str(programs[SIMULATOR]), adapter="standins:model_server")
    return {**pickers, **dict.fromkeys(MODEL_SERVERS, server)}


def only_router(plan: Plan) -> str:
    """Why the Inference Extension's picker cannot stand for a plan's; empty if it can."""
    for each in plan:
        texts: dict[str, str] = each.manifest.get("data") or {}
        for text in texts.values() if each.manifest["kind"] == "ConfigMap" else ():
            if "kind: EndpointPickerConfig" in text:
                kinds = {plugin["type"] for plugin in yaml.safe_load(text)["plugins"]}
                if beyond := kinds & ROUTER_PLUGINS:
                    return (
                        f"{', '.join(sorted(beyond))} are the llm-d router's own, and the router "
                        "is in no registry of modules"
                    )
    return ""


def missing(references: Iterable[str]) -> str:
    """Why nothing stands for one of these images; empty if something does."""
    for reference in references:
        if not generation(reference) and reference.partition(":")[0] not in MODEL_SERVERS:
            return f"{reference} is in no registry of modules"
    return ""


def router(words: Words) -> tuple[list[str], dict[str, str]]:
    """The router's words for the Inference Extension's picker: its configuration comes as text."""
    arguments = [*words.command[1:], *words.args]
    for number, word in enumerate(arguments):
        name, _, path = word.partition("=")
        if name.lstrip("-") == "config-file" and path:
            configuration = yaml.safe_load(words.read(path))
            version = configuration["apiVersion"]
            configuration["apiVersion"] = CONFIGURATIONS.get(version, version)
            arguments[number] = f"--config-text={yaml.safe_dump(configuration)}"
    return arguments, words.environment


def model_server(words: Words) -> tuple[list[str], dict[str, str]]:
    """vLLM's words for the simulator: what they say of names and the port, and nothing else.

    It answers with its own name and what it was asked.
    """
    image = "vllm/vllm-openai"
    run = invocation({"image": image, "command": words.command, "args": words.args})
    stated: dict[str, Any] = {}
    for each in run.statements(words.args):
        stated.setdefault(each.option, each.values)
    model = (stated.get("model") or stated.get(POSITIONAL) or ("",))[-1]
    arguments = ["--model", model, "--port", (stated.get("port") or ("8000",))[-1]]
    for option in ("served-model-name", "lora-modules"):
        if values := stated.get(option):
            arguments += [f"--{option}", *map(_module if "lora" in option else str, values)]
    arguments += ["--force-dummy-tokenizer", "--mode=echo", "--log-http"]
    arguments += ["--max-model-len=4096"]
    name = {"POD_NAME": words.environment["HOSTNAME"]}
    return arguments, {**words.environment, **name}


def _module(text: str) -> str:
    """vLLM's ``name=path`` as the JSON that the simulator takes."""
    if text.startswith("{"):
        return text
    name, _, path = text.partition("=")
    return json.dumps({"name": name, "path": path})
