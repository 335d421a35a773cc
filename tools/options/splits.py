"""Inputs of ``parallelism`` beside args that state some of it, and what is planned for them.

    python tools/options/splits.py 400 1 > splits.jsonl

`splitanswers` asks vLLM about them.
"""

from __future__ import annotations

import json
import sys
from random import Random
from typing import Any

from lines import option_words

from msvc_pulumi.plan import plan_model_service

STATED = (
    "tensor-parallel-size",
    "pipeline-parallel-size",
    "data-parallel-size",
    "data-parallel-size-local",
    "enable-expert-parallel",
    "nnodes",
    "prefill-context-parallel-size",
    "data-parallel-rank",
    "data-parallel-external-lb",
)
OTHER = ("port", "served-model-name", "compilation-config", "enable-prefix-caching", "api-key")


def words(random: Random, name: str, pods: int) -> list[str]:
    if name == "nnodes":
        return random.choice([["-n", str(pods)], [f"-n{pods}"], ["--nnodes", str(pods)]])
    if name == "prefill-context-parallel-size":
        return random.choice([["-pcp", "2"], ["--prefill_context_parallel_size=2"]])
    if name == "data-parallel-rank":
        return random.choice([["-dpn", "1"], ["--data-parallel-rank=0"]])
    if name == "data-parallel-external-lb":
        return random.choice([["-dpe", "-dpn", "0"], ["--data_parallel_external_lb", "-dpn=1"]])
    return option_words(name, random)


def given(random: Random) -> dict[str, Any]:
    """A ModelService's part: sizes, pods of a replica, and what command and args state."""
    sizes = {
        name: random.choice([1, 2, 4] if name != "pipeline" else [1, 2])
        for name in ("tensor", "pipeline", "data")
        if random.random() < 0.6
    }
    if random.random() < 0.3:
        sizes["expert"] = sizes.get("tensor", 1) * sizes.get("data", 1)
    pods = random.choice([1, 1, 2])
    names = random.sample(STATED, random.choice([0, 1, 1, 2, 3]))
    if pods == 1:
        names = [name for name in names if name != "nnodes"]
    elif "nnodes" not in names and random.random() < 0.5:
        names.append("nnodes")
    if "nnodes" in names:  # vLLM takes a rank beside it for some sizes only
        names = [n for n in names if n not in ("data-parallel-rank", "data-parallel-external-lb")]
    names += random.sample(OTHER, random.randint(0, 2))
    random.shuffle(names)
    stated = ["acme/moe", *(word for name in names for word in words(random, name, pods))]
    if random.random() < 0.2:
        return {"parallelism": sizes, "pods": pods, "lead": stated, "args": []}
    return {"parallelism": sizes, "pods": pods, "lead": [], "args": stated}


def planned(case: dict[str, Any]) -> dict[str, Any]:
    """The args and accelerators of the first pod, and the codes of the warnings."""
    container = {"name": "c", "command": ["vllm", "serve", *case["lead"]], "args": case["args"]}
    decode: dict[str, Any] = {"parallelism": case["parallelism"], "containers": [container]}
    if case["pods"] > 1:
        decode["multiNode"] = {"size": case["pods"]}
    service = {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "demo"},
        "spec": {
            "routing": {"modelName": "acme/moe"},
            "modelArtifacts": {"uri": "hf://acme/moe"},
            "decode": decode,
        },
    }
    plan = plan_model_service(service, None)
    manifest = next(o.manifest for o in plan if o.key.startswith("decode") and "spec" in o.manifest)
    spec = manifest["spec"]
    template = spec.get("template") or spec["leaderWorkerTemplate"]["workerTemplate"]
    found = template["spec"]["containers"][0]
    limits = found.get("resources", {}).get("limits", {})
    count = limits.get("nvidia.com/gpu")
    return {
        "result": [*found["command"][2:], *found.get("args", [])],
        "accelerators": None if count is None else int(count),
        "warnings": sorted({item.code for item in plan.diagnostics}),
    }


if __name__ == "__main__":
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    chance = Random(seed)
    for _ in range(count):
        case = given(chance)
        print(json.dumps({**case, **planned(case)}))
