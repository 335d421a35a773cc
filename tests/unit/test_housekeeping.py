"""What a public repository is expected to have is there, and says the same everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

import msvc_pulumi
from msvc_pulumi import cli

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
PRE_COMMIT = ROOT / ".pre-commit-config.yaml"


def test_the_version_is_stated_once(capsys: pytest.CaptureFixture[str]) -> None:
    """pyproject.toml has it; the metadata, the module and the command line repeat it."""
    assert version("msvc-pulumi") == msvc_pulumi.__version__ == PROJECT["version"]
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code in (None, 0)
    assert capsys.readouterr().out == f"msvc {PROJECT['version']}\n"


def test_nobody_else_states_the_version() -> None:
    stated = re.compile(
        rf"\b(version|VERSION)\b[^\n]{{0,8}}[\"'=]{re.escape(PROJECT['version'])}[\"']"
    )
    for file in [*(ROOT / "msvc_pulumi").rglob("*.py"), ROOT / "Dockerfile"]:
        assert not stated.search(file.read_text()), file


def test_a_module_without_an_attribute_says_so() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        msvc_pulumi.nothing  # noqa: B018


def test_the_changelog_is_kept_in_its_form() -> None:
    """Newest first, Unreleased on top, known headings, and no version that is not released."""
    text = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## \[([^\]]+)\](?: - (\d{4}-\d\d-\d\d))?$", text, re.MULTILINE)
    assert releases[0] == ("Unreleased", "")
    assert all(date for _, date in releases[1:])
    assert [date for _, date in releases[1:]] == sorted(
        (date for _, date in releases[1:]), reverse=True
    )
    known = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= known
    assert text.count("\n## ") == len(releases)


@pytest.mark.parametrize(
    "name",
    ["LICENSE", "NOTICE", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md"],
)
def test_links_of_the_papers_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text()
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith("https://"):
            assert (ROOT / target).exists(), target


def test_licence_and_package_agree() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    for name in PROJECT["license-files"]:
        assert (ROOT / name).is_file()


def test_the_public_ci_runs_what_ours_runs() -> None:
    """One job that ends with `.ci/run`, with no rights but to read, and a Python we support."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    assert job["steps"][-1] == {"run": ".ci/run"}
    settings: dict[str, Any] = {}
    for step in job["steps"]:
        settings |= step.get("with", {})
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert settings["python-version"] == oldest
    newest = max(
        tuple(map(int, found.split(".")[:2]))
        for file in (ROOT / "tools").glob("*/go.mod")
        for found in re.findall(r"^go (\S+)$", file.read_text(), re.MULTILINE)
    )
    assert tuple(map(int, settings["go-version"].split("."))) >= newest
    [key] = [step["with"]["key"] for step in job["steps"] if "key" in step.get("with", {})]
    assert "tools/**/go.sum" in key


def hooks() -> list[dict[str, Any]]:
    [local] = yaml.safe_load(PRE_COMMIT.read_text())["repos"]
    assert local["repo"] == "local"
    return list(local["hooks"])


def test_hooks_are_the_locked_tools() -> None:
    """Each runs what `make quick` runs, from this checkout's environment."""
    used = MAKEFILE.replace("$(BIN)", ".venv/bin")
    for hook in hooks():
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
        assert hook["entry"].removesuffix(" --force-exclude") in used, hook["id"]
        for pattern in (hook.get("files"), hook.get("exclude")):
            assert pattern is None or re.compile(pattern)


@pytest.mark.parametrize("hook", [hook for hook in hooks() if hook["id"].startswith("ruff")])
def test_hooks_of_single_files_take_files(hook: dict[str, Any]) -> None:
    [program, *arguments] = hook["entry"].split()
    command = [Path(sys.executable).with_name(Path(program).name), *arguments, __file__]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("file", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md")))
def test_issue_forms_have_a_head(file: Path) -> None:
    _, head, body = file.read_text().split("---\n", 2)
    assert {"name", "about"} <= yaml.safe_load(head).keys()
    assert body.strip()
