"""Parallelism as flags and accelerators."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msvc_pulumi.plan import plan_model_service

CASES = Path(__file__).parent / "parallelism" / "cases.yaml"
SPLITS = Path(__file__).parent / "commandline" / "splits.jsonl"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """Flags, accelerators and warnings are those that the case says."""
    check_case(planned_case)


def test_flags_and_accelerators_are_those_that_the_engine_runs_with() -> None:
    """Recorded with vLLM 0.33.0 by tools/options: it takes the args and needs that many."""
    cases = [json.loads(line) for line in SPLITS.read_text("utf-8").splitlines()]

    assert len(cases) == 200
    for case in cases:
        assert {**case, **_planned(case)} == case


def _planned(case: dict[str, Any]) -> dict[str, Any]:
    container = {"name": "c", "command": ["vllm", "serve", *case["lead"]], "args": case["args"]}
    decode: dict[str, Any] = {"parallelism": case["parallelism"], "containers": [container]}
    if case["pods"] > 1:
        decode["multiNode"] = {"size": case["pods"]}
    spec = {
        "routing": {"modelName": "acme/moe"},
        "modelArtifacts": {"uri": "hf://acme/moe"},
        "decode": decode,
    }
    service = {"kind": "ModelService", "metadata": {"name": "demo"}, "spec": spec}
    plan = plan_model_service({"apiVersion": "llm-d.ai/v1alpha1", **service})
    (found,) = (o.manifest["spec"] for o in plan if o.key.startswith("decode"))
    template = found.get("template") or found["leaderWorkerTemplate"]["workerTemplate"]
    (server,) = template["spec"]["containers"]
    count = server.get("resources", {}).get("limits", {}).get("nvidia.com/gpu")
    return {
        "result": [*server["command"][2:], *server.get("args", [])],
        "accelerators": None if count is None else int(count),
        "warnings": sorted({item.code for item in plan.diagnostics}),
    }
