"""The options of a released server, asked of its real parser: runs where the server is installed.

    python running.py vllm|sglang > ran.json

Prints the release and, for each option, kind, whether it takes JSON, spellings and inverses.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
from typing import Any

KINDS = {None: "one", "+": "many", "*": "many", "?": "optional", 0: "switch"}


def parser(program: str) -> argparse.ArgumentParser:
    """The program's own parser, as ``vllm serve`` and ``sglang.launch_server`` build it."""
    if program == "vllm":
        from vllm.entrypoints.common.cli_args import make_arg_parser
        from vllm.utils.argparse_utils import FlexibleArgumentParser

        return make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))
    from sglang.srt.server_args import ServerArgs

    result = argparse.ArgumentParser(prog="sglang.launch_server")
    ServerArgs.add_cli_args(result)
    if "--config" not in result._option_string_actions:
        result.add_argument("--config")
    return result


def options(of: argparse.ArgumentParser) -> dict[str, dict[str, Any]]:
    """The parser's options by their first long name."""
    actions: dict[int, argparse.Action] = {}
    spellings: dict[int, list[str]] = {}
    for spelling, action in of._option_string_actions.items():
        actions[id(action)] = action
        spellings.setdefault(id(action), []).append(spelling)
    return dict(_option(actions[key], spellings[key]) for key in actions)


def _option(action: argparse.Action, spellings: list[str]) -> tuple[str, dict[str, Any]]:
    inverses: set[str] = set(getattr(action, "negative_option_strings", ()))
    if isinstance(action, argparse.BooleanOptionalAction) and not inverses:
        inverses = {spelling for spelling in spellings if spelling.startswith("--no-")}
    kind = KINDS.get(action.nargs, "one")
    if type(action).__name__ == "_AppendAction":
        kind = "append"
    positive = [spelling for spelling in spellings if spelling not in inverses]
    name = next((s for s in positive if s.startswith("--")), positive[0]).lstrip("-")
    return name, {
        "kind": kind,
        "json": kind == "one" and _takes_json(action),
        "spellings": positive,
        "inverses": [spelling for spelling in spellings if spelling in inverses],
    }


def _takes_json(action: argparse.Action) -> bool:
    if action.dest.endswith("_config") and action.dest not in ("generation_config", "config"):
        return action.dest != "log_config_file"
    if action.type is None or action.type in (str, int, float):
        return False
    try:
        return action.type is json.loads or not isinstance(action.type("{}"), (str, int, list))
    except (argparse.ArgumentTypeError, ValueError, TypeError):
        return False


if __name__ == "__main__":
    program = sys.argv[1]
    json.dump(
        {"release": importlib.metadata.version(program), "options": options(parser(program))},
        sys.stdout,
        indent=1,
    )
