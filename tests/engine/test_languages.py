"""Programs in YAML and TypeScript, run by Pulumi's own host or SDK, from preview to destroy.

Both state one ModelService as their language sends it; what the cluster has is one expectation.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.tools.toolchain import find_or_build

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests" / "languages"
PLUGIN = ROOT / "components"
HUSH = "hush-9f2c"
AMBIENT = " from $PATH at "  # what the engine says of every plugin of ours
Ran = tuple[int, str]
Run = Callable[..., Ran]
needs_node = pytest.mark.skipif(
    shutil.which("npm") is None, reason="a program in TypeScript needs node and npm, not here"
)


def call(*command: str | Path, **options: Any) -> Ran:
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
        **options,
    )
    return done.returncode, done.stdout


def must(*command: str | Path, **options: Any) -> str:
    code, shown = call(*command, **options)
    assert code == 0, f"{command}\n{shown}"
    return shown


def sdk(language: str, folder: Path) -> Path:
    """The SDK of the checked in schema for ``language``, as `pulumi package add` would make it."""
    generator = find_or_build("pulumi-sdk-generator")
    with (PLUGIN / "schema.json").open() as schema:
        must(generator, language, folder, stdin=schema)
    return folder


def yaml_program(session: Session, folder: Path) -> Run:
    """Runs a command of the program with Pulumi's host for YAML."""
    host = find_or_build("pulumi-language-yaml")
    variables = session.stack("yaml").variables
    variables["PATH"] = os.pathsep.join([variables["PATH"], str(host.parent)])
    written = (PROGRAMS / "yaml" / "Pulumi.yaml").read_text().replace("PLUGIN", str(PLUGIN))
    (folder / "Pulumi.yaml").write_text(written)
    pulumi = (session.pulumi, "--non-interactive", "--color=never")
    must(*pulumi, "stack", "init", "dev", cwd=folder, env=variables)
    commands = {
        "preview": ("preview",),
        "up": ("up", "--yes", "--skip-preview"),
        "no-op": ("up", "--yes", "--skip-preview", "--expect-no-changes"),
        "destroy": ("destroy", "--yes", "--skip-preview"),
    }

    def run(command: str, **values: str) -> Ran:
        if values.get("name") == "renamed":  # in YAML the name is a key of the program
            alias = "urn:pulumi:dev::yaml-models::llmd:index:ModelService::granite"
            renamed = written.replace("  granite:\n", "  renamed:\n")
            renamed = renamed.replace("${granite.", "${renamed.")
            renamed = renamed.replace("# options", f'options: {{ aliases: ["{alias}"] }}')
            (folder / "Pulumi.yaml").write_text(renamed)
        for name in values.keys() - {"name"}:
            secret = ("--secret",) if name == "key" else ()
            must(
                *pulumi,
                "config",
                "set",
                *secret,
                "--",
                name,
                values[name],
                cwd=folder,
                env=variables,
            )
        return call(*pulumi, *commands[command], cwd=folder, env=variables)

    return run


def node_program(session: Session, folder: Path) -> Run:
    """Runs a command of the program in Node, compiled against the SDK of our schema."""
    for file in (PROGRAMS / "node").iterdir():
        shutil.copy(file, folder)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    must("npm", "ci", *quiet, cwd=folder)
    package = sdk("nodejs", folder / "llmd")
    (folder / "node_modules" / "@pulumi" / "llmd").symlink_to(package)
    compiler = folder / "node_modules" / ".bin" / "tsc"
    must(compiler, "--project", package)
    shutil.copy(package / "package.json", package / "bin")  # as its script would after npm install
    must(compiler, "--project", folder)
    variables = session.stack("node").variables
    variables["PATH"] = os.pathsep.join([str(session.pulumi.parent), variables["PATH"]])
    given: dict[str, str] = {}

    def run(command: str, **values: str) -> Ran:
        given.update(values)
        pairs = [f"{name}={value}" for name, value in given.items()]
        return call("node", ".", command, PLUGIN, *pairs, cwd=folder, env=variables)

    return run


@pytest.fixture(params=["yaml", pytest.param("node", marks=needs_node)])
def program(request: pytest.FixtureRequest, session: Session, tmp_path: Path) -> Run:
    """A program in the language, its ModelService's BaseConfig beside it."""
    shutil.copy(ROOT / "samples" / "simple" / "baseconfig.yaml", tmp_path)
    makers = {"yaml": yaml_program, "node": node_program}
    return makers[request.param](session, tmp_path)


def decode_of(cluster: Cluster, namespace: str) -> dict[str, Any]:
    found = cluster.get("apps/v1", "Deployment", "granite-decode", namespace)
    assert found is not None
    return found


def test_life(program: Run, cluster: Cluster, namespace: str) -> None:
    """Numbers arrive whole, nulls as absent, Outputs by their value, a secret unseen.

    An edit and a rename of the component, with an alias, keep the objects.
    """
    code, shown = program("preview", namespace=namespace, name="granite", replicas="2", key=HUSH)
    assert code == 0, shown
    for command in ("up", "no-op"):
        code, more = program(command)
        assert code == 0, more
        shown += more
    assert "granite-decode" in shown
    assert HUSH not in shown
    told = [line for line in shown.splitlines() if "warning:" in line and AMBIENT not in line]
    assert told == []
    live = decode_of(cluster, namespace)
    [container] = live["spec"]["template"]["spec"]["containers"]
    assert live["spec"]["replicas"] == 2
    assert container["args"][:2] == ["--max-model-len", "4096"]
    env = {one["name"]: one for one in container["env"]}
    assert env["KEY"]["value"] == HUSH
    assert env["FLAVOUR"]["value"] == "plain"
    assert env["OTHER"]["valueFrom"]["configMapKeyRef"]["name"].startswith("settings-")
    assert container["resources"]["limits"] == {"nvidia.com/gpu": "1"}

    for change in ({"replicas": "3"}, {"name": "renamed"}):
        code, shown = program("up", **change)
        assert code == 0, shown
        edited = decode_of(cluster, namespace)
        assert edited["spec"]["replicas"] == 3
        assert edited["metadata"]["uid"] == live["metadata"]["uid"]

    code, shown = program("destroy")
    assert code == 0, shown
    assert cluster.list("apps/v1", "Deployment", namespace)[0] == []


def test_refusal(program: Run, cluster: Cluster, namespace: str) -> None:
    """A mistake is told in the caller's words, with the path, and nothing is made of it."""
    code, shown = program("up", namespace=namespace, name="granite", replicas="-1", key=HUSH)
    assert code != 0
    assert "modelService.spec.decode.replicas" in shown
    assert "Traceback" not in shown
    assert HUSH not in shown
    assert cluster.list("apps/v1", "Deployment", namespace)[0] == []
    program("destroy")
