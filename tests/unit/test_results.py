"""For programs: the result on standard output, one list of diagnostics on standard error."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi import cli
from msvc_pulumi.cli.diagnostics import is_coloured

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = str(ROOT / "samples" / "facebook")
VALUES = str(ROOT / "tests/unit/helmchart/cases/claims/values.yaml")
# Commands that speak a language of their own: pulumi's, logs, which have --log-format, a shell's.
SPEAK_OTHERWISE = {"pulumi", "operator run", "run", "completion"}


def commands(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, Any]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, child in action.choices.items():
                yield from commands(child, f"{name} {word}".strip())
            return
    yield name, parser


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, Any]:
    status = cli.main(arguments)
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else None, json.loads(err) if err else []


def test_every_command_has_a_form_for_programs() -> None:
    without = {
        name
        for name, parser in commands(cli.parser([]))
        if not any("--format" in action.option_strings for action in parser._actions)
    }
    assert without == SPEAK_OTHERWISE


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("generate", "-m", SAMPLE, "-o", "json"), {"apiVersion", "kind", "items"}),
        (("validate", "-m", SAMPLE), {"valid", "modelServices", "objects", "checked"}),
        (("local", "status"), {"running", "ready", "kubeconfig", "nodes", "processes"}),
        (("graph", "-m", SAMPLE), {"language", "picture"}),
        (("schema",), {"$schema", "properties"}),
        (("explain", "spec.decode"), {"fields"}),
        (("convert", "chart", VALUES, "--release", "r"), {"apiVersion", "kind", "items"}),
        (("crd",), {"apiVersion", "kind", "metadata", "spec"}),
        (("operator", "manifests", "--image", "i"), {"apiVersion", "kind", "items"}),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_results_are_objects(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    keys: set[str],
) -> None:
    monkeypatch.setenv("MSVC_LOCAL_DIR", str(tmp_path / "none"))
    status, result, problems = printed(capsys, *arguments, "--format", "json")
    assert status == 0
    assert problems == []
    assert keys <= result.keys()


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "--format", "json"),
        ("nope", "--format=json"),
        ("init", "--gpus", "0", "--format", "json"),
        ("init", "--source=oci", "--model=hf://a/b", "--format", "json"),
        ("operator", "manifests", "--format", "json"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_a_diagnostic(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    [problem] = json.loads(err)
    assert problem["code"] == "wrong-usage"


def test_what_differs_is_a_list(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    service = yaml.safe_load((ROOT / "samples/facebook/msvc.yaml").read_text())
    service["spec"]["decode"]["replicas"] = 7
    (tmp_path / "msvc.yaml").write_text(yaml.safe_dump(service))
    (tmp_path / "base.yaml").write_text((ROOT / "samples/facebook/baseconfig.yaml").read_text())

    status, changes, _ = printed(
        capsys, "diff", SAMPLE, str(tmp_path), "--exit-code", "--format", "json"
    )

    assert status == 1
    [change] = changes
    assert (change["action"], change["kind"]) == ("update", "Deployment")
    assert "+  replicas: 7" in change["diff"]


def test_all_diagnostics_are_one_list(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two inputs with a warning each, and an error at the end: still one JSON value."""
    service = yaml.safe_load((ROOT / "samples/facebook/msvc.yaml").read_text())
    service["spec"]["unknownField"] = 1
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(yaml.safe_dump(service))

    status, _, problems = printed(
        capsys, "diff", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"), "--format", "json"
    )

    assert {Path(item["file"]).name for item in problems if "file" in item} >= {"a.yaml"}
    assert all(item["code"] and item["severity"] for item in problems)
    assert status in (0, 1)


COLOURS = [
    ({}, True, True),
    ({}, False, False),
    ({"NO_COLOR": "1"}, True, False),
    ({"NO_COLOR": ""}, True, True),
    ({"TERM": "dumb"}, True, False),
    ({"CLICOLOR": "0"}, True, False),
    ({"FORCE_COLOR": "1"}, False, True),
    ({"FORCE_COLOR": "0"}, False, False),
    ({"CLICOLOR_FORCE": "1"}, False, True),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
]


@pytest.mark.parametrize(("variables", "terminal", "coloured"), COLOURS, ids=str)
def test_colours_are_as_wished(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], terminal: bool, coloured: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    assert is_coloured(stream) is coloured
