"""What vLLM's own parser says of merged args: runs where vLLM is installed.

    python answers.py 400 < pairs.jsonl > tests/unit/commandline/pairs.jsonl

Keeps the pairs whose sides the parser takes one by one, and ends with an error at the first whose
merge it refuses or reads in another way than: the overlay's value for every option that the overlay
states, the base's for every other, and of a JSON option stated by entries the base's with those.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from vllm.entrypoints.common.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser

JSON_NAMES = {
    "compilation_config",
    "kv_transfer_config",
    "hf_overrides",
    "override_generation_config",
    "limit_mm_per_prompt",
    "additional_config",
    "structured_outputs_config",
    "default_chat_template_kwargs",
}


class RefusedError(Exception):
    """The parser does not take these words."""


def program() -> tuple[FlexibleArgumentParser, FlexibleArgumentParser]:
    """The parser of the ``vllm`` program, and that of its ``serve`` below it."""
    top = FlexibleArgumentParser(prog="vllm")
    serve = top.add_subparsers(dest="subparser").add_parser("serve", prog="vllm serve")
    make_arg_parser(serve)
    return top, serve


def plain() -> FlexibleArgumentParser:
    """The same parser, but it sets only what is stated, and JSON stays as it is written."""
    top, serve = program()
    for action in serve._actions:
        action.default = argparse.SUPPRESS
        if action.dest in JSON_NAMES:
            action.type = json.loads
    return top


def parsed(parser: argparse.ArgumentParser, words: list[str]) -> dict[str, Any]:
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            found = vars(parser.parse_args(["serve", *words]))
    except (SystemExit, ValueError, IndexError, AssertionError) as error:
        raise RefusedError(f"{errors.getvalue().strip()[-300:]} {error}") from error
    tag = found.pop("model_tag", None)
    if tag is not None:
        found["model"] = tag
    return found


def keys(words: list[str], name: str) -> set[tuple[str, ...]]:
    """The dotted entries of the option in ``words``, which states it in no other way."""
    spellings = {name, {"compilation_config": "cc"}.get(name, name)}
    result = set()
    for word in words:
        head, dot, key = word.partition("=")[0].partition(".")
        if dot and head.lstrip("-").replace("-", "_") in spellings:
            result.add(tuple(key.removesuffix("+").split(".")))
    return result


def has(value: Any, path: tuple[str, ...]) -> bool:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def expected(
    base: dict[str, Any], overlay: dict[str, Any], overlay_words: list[str]
) -> dict[str, Any]:
    result = {**base, **overlay}
    for name in JSON_NAMES & base.keys() & overlay.keys():
        stated = keys(overlay_words, name)
        if not stated:
            continue
        value = copy.deepcopy(base[name])
        for path in sorted(stated):
            here, there = value, overlay[name]
            if not has(there, path):  # of a spelling whose entries another's replace
                continue
            for step in path[:-1]:
                if not isinstance(here.get(step), dict):
                    here[step] = {}
                here, there = here[step], there[step]
            here[path[-1]] = there[path[-1]]
        result[name] = value
    return result


def checked(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    real, bare = program()[0], plain()
    for text in lines:
        entry = json.loads(text)
        try:
            sides = {side: parsed(bare, entry[side]) for side in ("base", "overlay")}
            for side in sides:
                parsed(real, entry[side])
        except RefusedError:
            continue
        try:
            found = parsed(bare, entry["merged"])
            parsed(real, entry["merged"])
        except RefusedError as error:
            sys.exit(f"refused: {text}\n{error}")
        wanted = expected(sides["base"], sides["overlay"], entry["overlay"])
        if found != wanted:
            differ = {k for k in {*found, *wanted} if found.get(k) != wanted.get(k)}
            sys.exit(f"differs in {differ}: {text}\nfound {found}\nwanted {wanted}")
        yield entry


if __name__ == "__main__":
    for answer in islice(checked(iter(sys.stdin)), int(sys.argv[1])):
        print(json.dumps(answer))
