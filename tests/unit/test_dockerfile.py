"""The image recipe says what the repository says; ``tests/engine/test_image.py`` runs it."""

from __future__ import annotations

import re
import tomllib

from recipe import ROOT, instructions

from msvc_pulumi.engine.tools.plugins import KUBERNETES, LANGUAGE_HOST
from msvc_pulumi.engine.tools.programs import TOOLS
from msvc_pulumi.engine.tools.toolchain import Toolchain
from msvc_pulumi.installation.manifests import USER
from msvc_pulumi.operator.pko.stackobject import PROGRAM

TEXT = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def stated(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def last_stage() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, rest in instructions():
        found = {} if name == "FROM" else {**found, name: rest}
    return found


def arguments() -> dict[str, str]:
    return dict(rest.split("=") for rest in stated("ARG"))


def test_versions_are_those_of_the_project() -> None:
    """The engine is the one that machines without one build, the plugin that of the locked SDK."""
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)
    )
    assert arguments()["PULUMI_VERSION"] == Toolchain().version(TOOLS["pulumi"]).removeprefix("v")
    assert arguments()["KUBERNETES_PLUGIN_VERSION"] == locked["pulumi-kubernetes"]
    oldest = PROJECT["requires-python"].removeprefix(">=").split(".")
    assert [int(n) for n in arguments()["PYTHON_VERSION"].split(".")] >= [int(n) for n in oldest]


def test_no_image_names_a_registry() -> None:
    """Where images come from is for whoever builds to say."""
    for image in stated("FROM"):
        assert not re.match(r"[^/ ]*[.:][^/ ]*/", image), image


def test_what_is_copied_is_there_and_not_ignored() -> None:
    """Every source from the repository exists, and .dockerignore lets it and nothing else in."""
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        source
        for rest in stated("COPY")
        if not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)


def test_the_package_is_whole() -> None:
    """All that the wheel is made of is copied; the extras are those that the operator may use."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    copied = {source for rest in stated("COPY") for source in rest.split()}
    assert {package.split(".")[0] for package in settings["packages"]} <= copied
    assert set(settings["package-dir"].values()) <= copied
    assert PROJECT["readme"] in copied
    [extras] = re.findall(r'"msvc-pulumi\[([a-z0-9,]+)\]"', TEXT)
    assert {"operator", "s3", "postgres"} == set(extras.split(","))
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_nothing_without_a_hash() -> None:
    """Only the download may reach out, and it demands the lock's hashes."""
    installs = re.findall(r"pip (?:install|download)[^&\n]*", TEXT.replace("\\\n", " "))
    assert len(installs) == 3
    for command in installs:
        assert ("--require-hashes" in command) != ("--no-index" in command), command


def test_the_operator_runs_as_its_manifests_say() -> None:
    """User and entry point are those of the Deployment and of the wheel."""
    assert last_stage()["USER"] == f"{USER}:{USER}"
    assert last_stage()["ENTRYPOINT"] == '["msvc"]'
    assert "msvc" in PROJECT["scripts"]


def test_a_workspace_finds_its_program_and_plugins() -> None:
    """The program is where Stacks copy it from, and the engine finds both plugins on PATH."""
    copies = [rest.split() for rest in stated("COPY")]
    assert ["workspace", PROGRAM] in copies
    for name in ("Pulumi.yaml", "__main__.py"):
        assert (ROOT / "workspace" / name).is_file()
    [engine] = [rest for rest in stated("RUN") if "plugin install" in rest]
    folder = "/opt/pulumi/bin"
    for program in ("/pulumi/bin/pulumi", f"/pulumi/bin/{LANGUAGE_HOST}*", KUBERNETES):
        assert program in engine
    assert ["--from=engine", folder, folder] in copies
    path = re.search(r"PATH=(\S+)", last_stage()["ENV"])
    assert path and path[1].split(":")[:2] == ["/opt/msvc/bin", folder]
