"""The pipeline stays light: what it must not load, and that the check would notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("pulumi", "pulumi_kubernetes", "grpc", "httpx", "kopf", "kubernetes_validate")
BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {heavy!r}:
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Block())
sys.argv = ["msvc", "generate", "-m", "samples/facebook"]
{statement}
"""


def run(statement: str) -> subprocess.CompletedProcess[str]:
    code = BLOCK.format(heavy=HEAVY, statement=statement)
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


# What one ModelService has no use for, and takes its time to import.
UNUSED = (
    *("jinja2", "re2", "multiprocessing", "pickle", "difflib"),
    *("msvc_pulumi.api.crd", "msvc_pulumi.api.status", "msvc_pulumi.fields"),
    *("msvc_pulumi.cli.workers", "msvc_pulumi.fleet.conflicts", "msvc_pulumi.jinjatemplate"),
    *("msvc_pulumi.children.leaderworkerset", "msvc_pulumi.children.autoscalerchecks"),
    *("msvc_pulumi.rules.autoscalers", "msvc_pulumi.report"),
    *("msvc_pulumi.progress", "msvc_pulumi.explanations"),
)


def test_generate_loads_neither_pulumi_nor_a_client() -> None:
    """The dry run works where Pulumi, gRPC and HTTP clients are not installed."""
    result = run("from msvc_pulumi.cli import main; sys.exit(main())")

    assert result.returncode == 0, result.stderr
    assert "kind: Deployment" in result.stdout


def test_generate_loads_what_it_uses() -> None:
    """Start-up is most of a short run: nothing is imported for others' sake."""
    loaded = run("from msvc_pulumi.cli import main; main(); print(*sys.modules, file=sys.stderr)")

    names = set(loaded.stderr.split())
    assert "msvc_pulumi.gotemplate" in names
    assert sorted(names.intersection(UNUSED)) == []


def test_a_planner_loads_neither_pulumi_nor_a_client() -> None:
    """What strangers' templates run beside is the pipeline and nothing else."""
    result = run("import msvc_pulumi.operator.planning.forkserver as it; it._warm(); print('warm')")
    assert result.stdout == "warm\n", result.stderr


@pytest.mark.parametrize("module", HEAVY)
def test_the_block_bites(module: str) -> None:
    """The check above would fail if any of the modules were imported."""
    assert "blocked" in run(f"import {module}").stderr
