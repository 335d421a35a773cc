"""What vLLM's engine makes of the args that are planned for ``parallelism``: runs where vLLM is.

    python splitanswers.py 200 < splits.jsonl > tests/unit/commandline/splits.jsonl

Keeps the inputs that vLLM takes, and ends with an error at the first where a value that the user
stated is another afterwards, a size that only ``parallelism`` states is not taken, or the engine's
processes in a pod are not the accelerators that are planned. The engine's configuration is made
from the real arguments for a mixture of experts; the model itself is not there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any
from unittest.mock import MagicMock, patch

from answers import RefusedError, parsed, plain, program
from vllm import AsyncEngineArgs
from vllm.engine import arg_utils

FIELDS = {
    "tensor": "tensor_parallel_size",
    "pipeline": "pipeline_parallel_size",
    "data": "data_parallel_size",
}


class ReachedError(Exception):
    """The engine's arguments came to its parallel configuration."""


def split(words: list[str]) -> dict[str, Any]:
    """What the engine passes to its parallel configuration."""
    known = program()[0].parse_args(["serve", *words])
    known.model = known.model_tag or known.model
    arguments = AsyncEngineArgs.from_cli_args(known)
    model = MagicMock(is_moe=True)

    def reached(**values: Any) -> None:
        raise ReachedError(values)

    with (
        patch.object(AsyncEngineArgs, "create_model_config", return_value=model),
        patch.object(AsyncEngineArgs, "_check_feature_supported"),
        patch.object(AsyncEngineArgs, "_set_default_chunked_prefill_and_prefix_caching_args"),
        patch.object(AsyncEngineArgs, "_set_default_reasoning_config_args"),
        patch.object(arg_utils, "maybe_override_with_speculators", return_value=("m", None, None)),
        patch.object(arg_utils, "resolve_kv_cache_dtype_string", return_value="auto"),
        patch.object(arg_utils, "CacheConfig"),
        patch.object(arg_utils, "DeviceConfig"),
        patch.object(arg_utils, "ParallelConfig", side_effect=reached),
        patch.object(arg_utils.current_platform, "validate_environ", create=True),
    ):
        arguments.enable_prefix_caching = True
        try:
            arguments.create_engine_config(headless=known.headless)
        except ReachedError as values:
            return values.args[0]
        except (ValueError, AssertionError) as error:
            raise RefusedError(str(error)) from error
    raise AssertionError("the engine made no parallel configuration")


def processes(values: dict[str, Any]) -> int:
    """Accelerators of one pod: its ranks times what a rank has here."""
    rank = (
        values["tensor_parallel_size"]
        * values["pipeline_parallel_size"]
        * values["prefill_context_parallel_size"]
    )
    nodes = values.get("nnodes") or 1
    if nodes > 1:
        return rank * values["data_parallel_size"] // nodes
    return rank * values["data_parallel_size_local"]


def checked(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    bare = plain()
    for text in lines:
        case = json.loads(text)
        try:
            stated = parsed(bare, [*case["lead"], *case["args"]])
            split([*case["lead"], *case["args"]])
        except (RefusedError, SystemExit):
            continue
        try:
            found = parsed(bare, case["result"])
            values = split(case["result"])
        except (RefusedError, SystemExit) as error:
            if "must evenly divide" in str(error) and case["accelerators"] is None:
                continue
            sys.exit(f"refused: {text}\n{error}")
        changed = {name for name, value in stated.items() if found.get(name) != value}
        missing = {
            field
            for field, name in FIELDS.items()
            if name not in stated and case["parallelism"].get(field, 1) not in (found.get(name, 1),)
        }
        is_effective = set(case["parallelism"]) - {"tensor"} or case["pods"] > 1
        if changed or (missing and is_effective):
            sys.exit(f"changed {changed}, missing {missing}: {text}")
        counted = case["accelerators"] is not None and "nodes-apart" not in case["warnings"]
        if counted and processes(values) != case["accelerators"]:
            sys.exit(f"needs {processes(values)}: {text}")
        if is_effective:
            yield case


if __name__ == "__main__":
    for answer in islice(checked(iter(sys.stdin)), int(sys.argv[1])):
        print(json.dumps(answer))
