"""Where commands meet the machine: packages that are missing, streams that take nothing."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from msvc_pulumi.cli.extras import EXTRAS, missing

ROOT = Path(__file__).parents[2]
SIMPLE = str(ROOT / "samples" / "simple")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Modules of what every installation has.
ALWAYS = {
    "goduration",
    "gotime",
    "jinja2",
    "markupsafe",
    "pydantic",
    "pydantic_core",
    "re2",
    "yaml",
}
OURS = {"msvc_pulumi"}
# Runs beside pulumi-policy, which is no extra (docs/decisions/0025-policies.md).
PACK = ROOT / "msvc_pulumi" / "policypack"
COMMANDS = [
    "operator run",
    "operator run --executor pko --workspace-image image",
    "operator uninstall",
    "run",
    f"up -m {SIMPLE}",
    f"preview -m {SIMPLE}",
    f"destroy -m {SIMPLE}",
    "pulumi stack",
    "local up",
    f"diff {SIMPLE}",
    f"validate --server -m {SIMPLE}",
]
BARE = """
import sys
sys.modules.update(dict.fromkeys({absent}))
from msvc_pulumi.cli import main
for command in {commands}:
    print(main(command.split()))
"""


def imported() -> set[str]:
    """Every package outside of the standard library that a module of ours imports somewhere."""
    trees = [
        ast.parse(file.read_text())
        for folder in ("msvc_pulumi", "components")
        for file in (ROOT / folder).rglob("*.py")
        if file.parent != PACK
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {
        node.module or ""
        for node in nodes
        if isinstance(node, ast.ImportFrom) and not node.level and node.module
    }
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - OURS


def test_every_package_is_of_an_extra_or_always_there() -> None:
    assert imported() - ALWAYS == set(EXTRAS)
    assert set(EXTRAS.values()) <= set(PROJECT["optional-dependencies"])


def test_another_modules_absence_is_a_fault_of_ours() -> None:
    assert missing(ModuleNotFoundError("", name="msvc_pulumi.nothing")) is None
    assert missing(ModuleNotFoundError("", name=None)) is None


def environment(tmp_path: Path) -> dict[str, str]:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
        "contexts: [{name: a, context: {cluster: a, user: a}}]\n"
        "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "users: [{name: a, user: {}}]\n"
    )
    own = {"KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    return {**os.environ, **own}


def test_every_command_names_the_extra_it_lacks(tmp_path: Path) -> None:
    script = BARE.format(absent=list(EXTRAS), commands=COMMANDS)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.split() == ["3"] * len(COMMANDS)
    assert done.stderr.count("pip install 'msvc-pulumi[") == len(COMMANDS)
    assert done.stderr.count("pip install 'msvc-pulumi[operator]'") == 3


CLOSED = "closed"
STREAMS = [
    ("generate -m SIMPLE", "stdout", "/dev/full", (1, r"error\[file-unwritable\]: .*No space")),
    ("generate -m SIMPLE", "stdout", CLOSED, (0, "^$")),
    ("generate -m nothing", "stderr", "/dev/full", (1, "^$")),
    ("generate -m nothing", "stderr", CLOSED, (1, "^$")),
    ("generate -m nothing --format json", "stderr", CLOSED, (1, "^$")),
]


@pytest.mark.parametrize(("command", "stream", "to", "ends"), STREAMS)
def test_streams_that_take_nothing(
    command: str, stream: str, to: str, ends: tuple[int, str], tmp_path: Path
) -> None:
    """No traceback, and an exit code that tells the truth of the input."""
    status, said = ends
    if to == CLOSED:
        reader, writer = os.pipe()
        os.close(reader)
    elif not Path(to).exists():
        pytest.skip(f"no {to} here")
    else:
        writer = os.open(to, os.O_WRONLY)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writer}
    words = command.replace("SIMPLE", SIMPLE).split()
    done = subprocess.run(
        [sys.executable, "-m", "msvc_pulumi", *words],
        cwd=tmp_path,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **streams,
    )
    os.close(writer)
    assert done.returncode == status
    assert re.search(said, done.stderr or "")
