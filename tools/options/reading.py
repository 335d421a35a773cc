"""The options that a release of vLLM defines, read from its source without running it.

    python tools/options/reading.py UNPACKED_WHEEL... > read.json

Each argument is a folder named after the release that holds ``vllm/engine/arg_utils.py``,
``vllm/config*`` and ``vllm/entrypoints``. What the release computes (types, choices) is not known
here: spellings are exact, kinds follow the call's own words and else the annotation of the field.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BOOLEAN = re.compile(r"(Optional\[)?bool\]?( \| None)?")
LIST = re.compile(r"(Optional\[)?(list|List|set|tuple)\b")
MAPPING = re.compile(r"(Optional\[)?(dict|Dict|Mapping|\w*Config)\b")
INVERSE = {"--enable-": "--disable-", "--disable-": "--enable-"}


def options(release: Path) -> dict[str, dict[str, Any]]:
    """The options of ``vllm serve`` by name: kind, whether JSON, spellings and inverses."""
    package = release / "vllm"
    annotations: dict[str, str] = {}
    for file in [*package.glob("config.py"), *package.glob("config/**/*.py")]:
        annotations |= dict(_fields(ast.parse(file.read_text("utf-8")), "Config"))
    found: dict[str, dict[str, Any]] = {}
    files = [
        package / "engine" / "arg_utils.py",
        *package.glob("entrypoints/**/cli_args.py"),
        package / "entrypoints" / "cli" / "serve.py",
    ]
    paired = "class EnableDisableAction" in "".join(
        file.read_text("utf-8") for file in package.glob("utils/arg*.py")
    )
    for file in files:
        if not file.is_file():
            continue
        tree = ast.parse(file.read_text("utf-8"))
        frontend = dict(_fields(tree, "FrontendArgs"))
        if any(isinstance(node, ast.JoinedStr) for node in _option_words(tree)):
            for field, annotation in frontend.items():
                entry = _entry([f"--{field.replace('_', '-')}"], annotation, paired=paired)
                found.setdefault(field.replace("_", "-"), entry)
        known = {**annotations, **dict(_fields(tree, "EngineArgs"))}
        for call in _calls(tree):
            spellings = [a.value for a in call.args if isinstance(a, ast.Constant)]
            if spellings and spellings[0].startswith("-"):
                name = next((s for s in spellings if s.startswith("--")), spellings[0]).lstrip("-")
                found[name] = _called(call, spellings, known, paired=paired)
    return found


def _fields(tree: ast.Module, suffix: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(suffix):
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield line.target.id, ast.unparse(line.annotation)


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "add_argument"
            and node.args
        ):
            yield node


def _option_words(tree: ast.Module) -> Iterator[ast.expr]:
    for call in _calls(tree):
        yield call.args[0]
    for node in ast.walk(tree):  # names made ahead of the call
        if isinstance(node, ast.JoinedStr):
            yield node


def _called(
    call: ast.Call, spellings: list[str], known: dict[str, str], *, paired: bool
) -> dict[str, Any]:
    words = {k.arg: ast.unparse(k.value).strip("'\"") for k in call.keywords if k.arg}
    spread = next((k.value for k in call.keywords if k.arg is None), None)
    field = spellings[0].lstrip("-").replace("-", "_")
    if isinstance(spread, ast.Subscript) and isinstance(spread.slice, ast.Constant):
        field = str(spread.slice.value)
    action = words.get("action", "")
    if action.startswith("store_"):
        return _row("switch", spellings, [])
    if action == "append":
        return _row("append", spellings, [])
    if "Boolean" in action and "nargs" not in words:
        return _row("switch", spellings, _inverses(spellings, paired=paired))
    if "nargs" in words:
        return _row("optional" if words["nargs"] == "?" else "many", spellings, [])
    if spread is None:
        return _row("one", spellings, [], is_json="json" in words.get("type", ""))
    return _entry(spellings, known.get(field, "str"), paired=paired)


def _entry(spellings: list[str], annotation: str, *, paired: bool) -> dict[str, Any]:
    if BOOLEAN.fullmatch(annotation):
        return _row("switch", spellings, _inverses(spellings, paired=paired))
    if LIST.match(annotation):
        return _row("many", spellings, [])
    return _row("one", spellings, [], is_json=bool(MAPPING.match(annotation)))


def _inverses(spellings: list[str], *, paired: bool) -> list[str]:
    long = [spelling for spelling in spellings if spelling.startswith("--")]
    return [
        *(f"--no-{spelling[2:]}" for spelling in long),
        *(
            inverse + spelling.removeprefix(prefix)
            for spelling in long
            for prefix, inverse in INVERSE.items()
            if paired and spelling.startswith(prefix)
        ),
    ]


def _row(
    kind: str, spellings: list[str], inverses: list[str], *, is_json: bool = False
) -> dict[str, Any]:
    return {"kind": kind, "json": is_json, "spellings": spellings, "inverses": inverses}


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:]]
    json.dump({folder.name: options(folder) for folder in folders}, sys.stdout, indent=1)
