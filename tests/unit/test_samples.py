"""The samples: valid, quiet, ready only when they serve, and true to their READMEs."""

from __future__ import annotations

import importlib.util
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.children.pickerflags import pickers
from msvc_pulumi.cli import main
from msvc_pulumi.commandline.image import SIDECARS, Image
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.plan import Plan, plan_model_service
from msvc_pulumi.rules.workloads import pods_of

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(folder for folder in (ROOT / "samples").iterdir() if folder.is_dir())
PAGE = (ROOT / "samples" / "README.md").read_text()
V1 = "inference.networking.k8s.io/v1"
# Commands of READMEs that show a warning, and which.
WARNING = {
    "msvc generate -m samples/facebook --inference-api v1": {
        "endpoint-picker-too-old",
        "inference-model-converted",
    }
}

every_sample = pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)


def planned(folder: Path) -> Plan:
    inputs = load_inputs([str(folder)])
    return plan_model_service(inputs.model_services[0], inputs.base_configs[0])


def serving(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """The containers that run as long as their pod, by their places."""
    for pod in pods_of(plan):
        sidecars = [one for one in pod.spec.get("initContainers", ()) if "restartPolicy" in one]
        for container in (*sidecars, *pod.spec["containers"]):
            yield f"{pod.workload.key}.{container['name']}", container


@every_sample
@pytest.mark.parametrize("command", ["validate", "generate"])
def test_valid_without_a_word(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By what every command knows, and by the published schemas."""
    assert main([command, "-m", str(folder), "--format", "json", "--strict"]) == 0
    assert json.loads(capsys.readouterr().err or "[]") == []


@every_sample
def test_a_pod_is_ready_when_it_serves(folder: Path) -> None:
    """Whatever takes requests has a readiness probe; a model server may take its time to start."""
    containers = dict(serving(planned(folder)))
    assert containers
    for place, container in containers.items():
        probes = {"readinessProbe", "livenessProbe"}
        if not place.startswith("epp"):
            probes |= {"startupProbe"}
        if Image.of(container["image"]).name == "llm-d-routing-sidecar":
            probes -= {"livenessProbe"}  # it would restart for vLLM, whose answer it passes on
        assert probes <= container.keys(), place


@every_sample
def test_images_are_releases(folder: Path) -> None:
    """None that is another one tomorrow."""
    for place, container in serving(planned(folder)):
        assert Image.of(container["image"]).tag.removeprefix("v")[:1].isdigit(), place


@every_sample
def test_pickers_sidecars_and_pools_are_of_one_generation(folder: Path) -> None:
    """The README says which, and a picker learns its namespace from its own pod."""
    plan = planned(folder)
    found = {one.key: one for one in plan}
    readme = (folder / "README.md").read_text()
    if "inferencePool" not in found:
        assert "No routing" in readme
        assert "prefillDeployment" not in found, "nobody would ask prefill"
        return
    is_v1 = found["inferencePool"].manifest["apiVersion"] == V1
    assert f"Generation: {'v1' if is_v1 else 'v1alpha2'}" in readme
    [picker] = pickers(found["eppDeployment"].child)
    assert picker.known is not None
    assert picker.known.takes("pool-group") == is_v1
    container = picker.path.find(found["eppDeployment"].manifest)
    assert "$(NAMESPACE)" in " ".join(container["args"])
    [own] = [one for one in container["env"] if one["name"] == "NAMESPACE"]
    assert own["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.namespace"
    sidecars = [one for _, one in serving(plan) if Image.of(one["image"]).name in SIDECARS]
    assert bool(sidecars) == ("prefillDeployment" in found)
    for sidecar in sidecars:
        is_new = "disagg" in sidecar["image"]
        assert is_new == is_v1
        assert ("--secure-proxy=false" in sidecar["args"]) == is_new


def commands() -> Iterator[str]:
    for page in sorted((ROOT / "samples").rglob("README.md")):
        for line in page.read_text().splitlines():
            if line.startswith("    msvc "):
                yield line.strip().partition(" |")[0]


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_commands_of_the_readmes_run(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As they are written, from the folder of the project."""
    monkeypatch.chdir(ROOT)
    assert main([*shlex.split(command)[1:], "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().err or "[]")
    assert {item["code"] for item in said} == WARNING.get(command, set())


def test_every_sample_is_on_the_page() -> None:
    """With a line, a heading, something to try, and a picture as `msvc graph` draws it now."""
    for folder in SAMPLES:
        assert f"| [{folder.name}]({folder.name}) |" in PAGE
        assert f"## {folder.name}\n" in PAGE
        assert f"<!-- picture {folder.name} -->\n```mermaid\n" in PAGE
    assert PAGE.count("To try:") == len(SAMPLES)
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "tools" / "pictures.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.drawn(PAGE) == PAGE, "run make pictures"
