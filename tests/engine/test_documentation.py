"""The commands of README and documentation that need a control plane and an engine, as shown.

Each page is one session of a shell, in a checkout, with a namespace of its own. The home page
starts and ends its own control plane, since it says how.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from documentedcommands import (
    ROOT,
    Block,
    Command,
    blocks,
    checkout,
    output_differs,
    pages,
    variables,
)

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session
from msvc_pulumi.local import LocalControlPlane

OWN_PLANE = "msvc local up"
DEFINITION = "modelservices.llm-d.ai"
# Begins a command's output; what the shell itself prints of jobs stands in front of it.
MARK = "@@@ command"
PAGES = [
    page for page in pages() if any(block.needs and not block.reason for block in blocks(page))
]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A control plane for these pages alone: some install and remove the definition."""
    with LocalControlPlane(tmp_path_factory.mktemp("documented") / "local") as started:
        with started.cluster() as cluster:
            create(cluster, "serving")  # where samples are applied to
        yield started


def create(cluster: Cluster, namespace: str) -> None:
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    cluster.wait("v1", "ServiceAccount", "default", namespace, until=bool, timeout=300)


def script(page: Path) -> tuple[str, list[tuple[Block, Command, bool]]]:
    """All commands of a page as one script, with the block of each and whether it is its last."""
    lines = ["set -m", "trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT"]
    commands = []
    for block in blocks(page):
        if block.reason:
            continue
        if block.title:
            path = Path(block.title)
            lines += [f"mkdir -p {path.parent}", f"cat > {path} <<'END_OF_FILE'"]
            lines += [block.text.rstrip("\n"), "END_OF_FILE"]
        for number, command in enumerate(block.commands, 1):
            lines += [f"echo '{MARK} {len(commands)}'", command.text, 'echo "@@@ exit $?"']
            commands.append((block, command, number == len(block.commands)))
    return "\n".join([*lines, ""]), commands


def played(text: str, folder: Path, environment: Mapping[str, str]) -> dict[int, tuple[int, str]]:
    """Exit code and output of each command that was reached; the script ends all it started."""
    file = folder.with_name("page.sh")
    file.write_text(text)
    printed = subprocess.run(
        ["bash", file],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
        check=False,
    ).stdout
    parts = re.split(rf"^{MARK} (\d+)\n", printed, flags=re.M)[1:]
    found = {}
    for number, output in zip(parts[::2], parts[1::2], strict=True):
        shown, _, code = output.partition("@@@ exit ")
        found[int(number)] = (int(code.split()[0]) if code else -1, shown)
    return found


def kubeconfig(plane: LocalControlPlane, namespace: str, file: Path) -> Path:
    """The administrator's, with ``namespace`` for what names none."""
    value = yaml.safe_load(plane.kubeconfig.read_text())
    for context in value["contexts"]:
        context["context"]["namespace"] = namespace
    file.write_text(yaml.safe_dump(value))
    return file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every command ends and prints as the page says."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    checkout(folder)
    environment = {
        **{name: value for name, value in variables().items() if not name.startswith("PULUMI_")},
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "MSVC_LOCAL_DIR": str(tmp_path / "plane"),
        "PULUMI_SKIP_CONFIRMATIONS": "true",  # as a user who answers yes
    }
    environment.pop("KUBECONFIG", None)
    text, commands = script(page)
    if OWN_PLANE in text:
        with LocalControlPlane(tmp_path / "plane") as own:
            environment = engine_of(own.kubeconfig, environment)
            environment.pop("KUBECONFIG", None)
            check(commands, played(text, folder, environment))
        return
    plane: LocalControlPlane = request.getfixturevalue("plane")
    namespace = re.sub(r"[^a-z0-9]+", "-", str(page.relative_to(ROOT)).lower()).strip("-")
    with plane.cluster() as cluster:
        create(cluster, namespace)
        file = kubeconfig(plane, namespace, tmp_path / "kubeconfig")
        try:
            check(commands, played(text, folder, engine_of(file, environment)))
        finally:
            cleared(cluster, namespace)


def engine_of(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for whoever has pulumi and its plugins, and is logged in to a folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "MSVC_LOCAL_DIR"):
            patch.setenv(name, environment[name])
        with Session.open(file) as session:
            found = {**environment, **session.stack("documented").variables}
            path = os.pathsep.join((str(Path(sys.executable).parent), str(session.pulumi.parent)))
    return {**found, "PATH": f"{path}{os.pathsep}{found['PATH']}", "KUBECONFIG": str(file)}


def check(
    commands: list[tuple[Block, Command, bool]], found: Mapping[int, tuple[int, str]]
) -> None:
    for number, (block, command, is_last) in enumerate(commands):
        place = f"{block.page.name}:{command.line}: {command.text}"
        assert number in found, f"{place}\nwas never reached"
        code, printed = found[number]
        assert code == (block.exits if is_last else 0), f"{place}\n{printed}"
        assert not (said := output_differs(command.output, printed)), f"{place}\n{said}"


def cleared(cluster: Cluster, namespace: str) -> None:
    """Nothing of a page is left for the next one."""
    cluster.delete("v1", "Namespace", namespace)
    cluster.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", DEFINITION)
    cluster.delete("v1", "Namespace", "modelservice-system")
