"""Random command lines of ``vllm serve`` in all the ways that people write its options."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from msvc_pulumi.commandline.options import Option, Options

__all__ = ["line", "option_words"]

VALUES: dict[str, list[Any]] = {
    "tensor-parallel-size": [1, 2, 4, 8],
    "pipeline-parallel-size": [1, 2],
    "data-parallel-size": [1, 2, 4],
    "data-parallel-size-local": [1, 2],
    "data-parallel-address": ["10.0.0.1"],
    "nnodes": [1, 2],
    "node-rank": [0, 1],
    "api-server-count": [1, 2],
    "max-model-len": ["8192", "32k", "16K", "auto", "-1"],
    "max-num-batched-tokens": ["8k", "4096"],
    "max-num-seqs": [64, 256],
    "gpu-memory-utilization": ["0.9", ".85"],
    "port": [8000, 8200],
    "host": ["0.0.0.0"],  # noqa: S104
    "dtype": ["auto", "bfloat16", "half"],
    "seed": [0, 7],
    "block-size": [16, 32],
    "kv-cache-dtype": ["auto", "fp8"],
    "quantization": ["fp8", "awq"],
    "tokenizer": ["acme/tokenizer"],
    "revision": ["main"],
    "download-dir": ["/models"],
    "load-format": ["auto", "safetensors"],
    "uvicorn-log-level": ["info", "warning"],
    "chat-template": ["/t/a b.jinja", "{{ messages }}"],
    "tool-call-parser": ["hermes", "llama3_json"],
    "distributed-executor-backend": ["mp", "ray"],
    "optimization-level": [0, 1, 2, 3],
    "served-model-name": [["scout"], ["scout", "acme/scout"]],
    "api-key": [["k1"], ["k1", "k2"]],
    "lora-modules": [["a=/l/a"], ["a=/l/a", "b=/l/b"]],
    "cudagraph-capture-sizes": [["1", "2", "4"], ["8"]],
    "middleware": ["pkg.one", "pkg.two"],
    "hf-token": [["secret"], []],
    "allowed-origins": ['["*"]', '["https://a.example"]'],
}
SWITCHES = (
    "enable-prefix-caching",
    "enable-expert-parallel",
    "enforce-eager",
    "trust-remote-code",
    "enable-chunked-prefill",
    "enable-auto-tool-choice",
    "disable-log-stats",
    "enable-log-requests",
    "async-scheduling",
    "disable-uvicorn-access-log",
    "disable-cascade-attn",
)
ENTRIES: dict[str, dict[str, list[Any]]] = {
    "compilation-config": {
        "mode": [0, 3],
        "max_cudagraph_capture_size": [8, 64],
        "pass_config.fuse_norm_quant": [True, False],
        "pass_config.fuse_act_quant": [True, False],
        "custom_ops": [["none"], ["all"]],
    },
    "kv-transfer-config": {
        "kv_connector": ["NixlConnector", "LMCacheConnectorV1"],
        "kv_role": ["kv_both", "kv_producer"],
        "kv_connector_extra_config.backends": [["UCX"]],
        "kv_buffer_device": ["cuda", "cpu"],
    },
    "hf-overrides": {
        "max_position_embeddings": [4096, 131072],
        "rope_parameters.factor": [4.0, 2.0],
        "rope_parameters.rope_type": ["yarn"],
    },
    "override-generation-config": {"temperature": [0.5, 1], "top_p": [0.9]},
    "limit-mm-per-prompt": {"image": [1, 4], "video": [0]},
    "additional-config": {"level": [1, 2], "deep.er.key": ["x", "10k"]},
    "structured-outputs-config": {"backend": ["auto", "guidance"]},
    "default-chat-template-kwargs": {"enable_thinking": [True, False]},
}
MODELS = ("acme/scout", "acme/scout-2", "/models/scout")


def _flag(option: Option, random: Random, *, inverse: bool = False) -> str:
    spellings = [
        spelling
        for spelling in (option.inverses if inverse else option.spellings)
        if spelling in Options.of("vllm").newest
        and not Options.of("vllm").refuses(spelling, Options.of("vllm").releases[-1])
    ]
    flag = random.choice(spellings)
    way = random.random()
    if flag.startswith("--") and way < 0.25:
        return "--" + flag[2:].replace("-", "_")
    if flag.startswith("--") and way < 0.4:
        return _shortened(flag, random)
    return flag


def _shortened(flag: str, random: Random) -> str:
    """A beginning of ``flag`` that begins no other."""
    newest = Options.of("vllm").newest
    shortest = next(
        length
        for length in range(3, len(flag) + 1)
        if sum(known.startswith(flag[:length]) for known in newest) == 1 or length == len(flag)
    )
    return flag[: random.randint(shortest, len(flag))]


def option_words(name: str, random: Random) -> list[str]:
    """One statement of the option ``name``."""
    option = Options.of("vllm").by_name[name]
    if name in ENTRIES:
        return _json_words(name, option, random)
    if option.kind == "switch":
        return [_flag(option, random, inverse=bool(option.inverses) and random.random() < 0.4)]
    value = random.choice(VALUES[name])
    flag = _flag(option, random)
    if isinstance(value, list):
        return (
            [f"{flag}={value[0]}"] if len(value) == 1 and random.random() < 0.3 else [flag, *value]
        )
    if name == "optimization-level" and random.random() < 0.6:
        return random.choice([[f"-O{value}"], [f"-O={value}"], ["-O", str(value)]])
    if len(flag) == 2 and random.random() < 0.4:
        return [f"{flag}{value}"]
    return [f"{flag}={value}"] if random.random() < 0.4 else [flag, str(value)]


def _json_words(name: str, option: Option, random: Random) -> list[str]:
    keys = random.sample(sorted(ENTRIES[name]), random.randint(1, len(ENTRIES[name])))
    values = {key: random.choice(ENTRIES[name][key]) for key in keys}
    flag = random.choice([s for s in option.spellings if s in Options.of("vllm").newest])
    if random.random() < 0.4:
        whole: dict[str, Any] = {}
        for key, value in values.items():
            *path, last = key.split(".")
            here = whole
            for step in path:
                here = here.setdefault(step, {})
            here[last] = value
        text = json.dumps(whole)
        return [f"{flag}={text}"] if random.random() < 0.3 else [flag, text]
    words: list[str] = []
    for key, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if isinstance(value, list) and random.random() < 0.5:
            words += [f"{flag}.{key}+", ",".join(value)]
            continue
        if random.random() < 0.2 and flag.startswith("--"):
            flag = "--" + flag[2:].replace("-", "_")
        words += [f"{flag}.{key}={text}"] if random.random() < 0.4 else [f"{flag}.{key}", text]
    return words


def line(random: Random, names: list[str], *, model: str = "") -> list[str]:
    """A command line that states ``names`` in this order and the model in one of its places."""
    groups = [option_words(name, random) for name in names]
    if model:
        place = random.random()
        if place < 0.5:
            groups.insert(0, [model])
        elif place < 0.7:
            groups.insert(random.randint(0, len(groups)), ["--model", model])
        elif place < 0.75:
            groups.append(["--", model])
        else:
            groups.insert(random.randint(0, len(groups)), [model])
    return [word for group in groups for word in group]
