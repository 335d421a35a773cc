"""The project used from elsewhere: the built wheel, and the component from any Pulumi language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session

ROOT = Path(__file__).resolve().parents[2]
Pulumi = Callable[..., str]


def call(*command: str | Path, **options: Any) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        **options,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clean_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment that holds the built wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("clean")
    uv = Path(sys.executable).with_name("uv")
    call(uv, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    call(uv, "venv", "--quiet", "--python", sys.executable, folder / "env")
    python = folder / "env" / "bin" / "python"
    call(uv, "pip", "install", "--quiet", "--python", python, f"{wheel}[pulumi,cluster]")
    return python


@pytest.fixture
def outside(session: Session, tmp_path: Path) -> Pulumi:
    """Runs ``pulumi`` in a folder outside the repository, with nothing of it on any path."""
    variables = session.stack("outside").variables
    variables.pop("PYTHONPATH", None)

    def pulumi(*arguments: str | Path, **more: str) -> str:
        command = (session.pulumi, *arguments, "--non-interactive")
        return call(*command, cwd=tmp_path, env={**variables, **more})

    return pulumi


@pytest.fixture
def namespaces(cluster: Cluster, namespace: str) -> Iterator[tuple[str, str]]:
    other = f"{namespace}-other"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    yield namespace, other
    cluster.delete("v1", "Namespace", other)


PROGRAM = """
import pulumi
import yaml

from msvc_pulumi.components import ModelService

for namespace in pulumi.Config().require_object("namespaces"):
    with open(f"{pulumi.Config().require('sample')}/msvc.yaml") as service:
        with open(f"{pulumi.Config().require('sample')}/baseconfig.yaml") as base:
            args = {"model_service": yaml.safe_load(service), "base_config": yaml.safe_load(base)}
    made = ModelService(namespace, {**args, "namespace": namespace})
    pulumi.export(namespace, made.decode_deployment_name)
"""


def test_wheel_in_a_second_program(
    clean_python: Path,
    outside: Pulumi,
    tmp_path: Path,
    cluster: Cluster,
    namespaces: tuple[str, str],
) -> None:
    """Two ModelServices in two namespaces from the wheel alone; the second up changes nothing."""
    venv = clean_python.parent.parent
    project = {
        "name": "second",
        "runtime": {"name": "python", "options": {"virtualenv": str(venv)}},
    }
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (tmp_path / "__main__.py").write_text(PROGRAM)
    config = {"second:namespaces": [*namespaces], "second:sample": str(ROOT / "samples/facebook")}
    outside("stack", "init", "dev", MSVC_PYTHON=str(clean_python))
    text = (tmp_path / "Pulumi.dev.yaml").read_text()
    (tmp_path / "Pulumi.dev.yaml").write_text(text + yaml.safe_dump({"config": config}))
    up = ("up", "--yes", "--skip-preview", "--stack", "dev")
    outside(*up, MSVC_PYTHON=str(clean_python))
    for namespace in namespaces:
        names = [
            item["metadata"]["name"] for item in cluster.list("apps/v1", "Deployment", namespace)[0]
        ]
        assert "facebook-opt-125m-decode" in names
    outside(*up, "--expect-no-changes", MSVC_PYTHON=str(clean_python))
    outside("destroy", "--yes", "--stack", "dev", MSVC_PYTHON=str(clean_python))
    for namespace in namespaces:
        assert cluster.list("apps/v1", "Deployment", namespace)[0] == []


def test_wheel_has_one_top_level_package(clean_python: Path) -> None:
    """Nothing but msvc_pulumi reaches site-packages, and its commands work without the checkout."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    script = (
        "import importlib.metadata as m, json; "
        "print(json.dumps(sorted({str(f).split('/')[0] for f in m.files('msvc-pulumi')})))"
    )
    top = json.loads(call(clean_python, "-c", script, env=environment, cwd="/"))
    assert [name for name in top if not name.endswith(".dist-info")] in (
        ["..", "msvc_pulumi"],
        ["msvc_pulumi"],
    )
    samples = ROOT / "samples" / "facebook"
    files = ("-m", samples / "msvc.yaml", "-b", samples / "baseconfig.yaml")
    printed = call(clean_python.with_name("msvc"), "generate", *files, env=environment, cwd="/")
    assert "facebook-opt-125m-decode" in printed
    where = "import msvc_pulumi.components as c; print(c.__file__)"
    assert "site-packages" in call(clean_python, "-c", where, env=environment, cwd="/")


def test_schema_for_other_languages(session: Session, outside: Pulumi) -> None:
    """The schema names the component, its inputs and its outputs with their descriptions."""
    schema = json.loads(outside("package", "get-schema", ROOT / "components"))
    assert schema["name"] == "llmd"
    component = schema["resources"]["llmd:index:ModelService"]
    assert component["isComponent"]
    assert component["requiredInputs"] == ["modelService"]
    inputs = component["inputProperties"]
    assert {*inputs} == {
        "modelService",
        "baseConfig",
        "namespace",
        "eppClusterRole",
        "eppPullSecrets",
        "pdPullSecrets",
        "inferenceApi",
        "capabilities",
    }
    assert all(item.get("description") for item in inputs.values())
    assert {"planHash", "children", "decodeDeploymentName"} <= {*component["properties"]}
    operator = schema["resources"]["llmd:index:ModelServiceOperator"]
    assert operator["requiredInputs"] == ["image"]
    assert all(item.get("description") for item in operator["inputProperties"].values())
    assert {*operator["properties"]} == {"namespace", "deploymentName"}


REMOTE = """
import pulumi
import yaml


class ModelService(pulumi.ComponentResource):
    children: pulumi.Output
    plan_hash: pulumi.Output

    def __init__(self, name, inputs):
        outputs = {"children": None, "planHash": None, "prefillDeploymentName": None}
        super().__init__("llmd:index:ModelService", name, {**outputs, **inputs}, None, True)

    def translate_output_property(self, prop):
        return prop


def read(name):
    with open(f"{pulumi.Config().require('sample')}/{name}.yaml") as file:
        return yaml.safe_load(file)


service = read("msvc")
service["spec"]["decode"]["replicas"] = 1
made = ModelService(
    "facebook",
    {
        "modelService": service,
        "baseConfig": read("baseconfig"),
        "namespace": pulumi.Config().require("namespace"),
        **pulumi.Config().get_object("more", {}),
    },
)
pulumi.export("children", made.children)
pulumi.export("hash", made.planHash)
pulumi.export("prefill", made.prefillDeploymentName)
"""


@pytest.fixture
def remote(outside: Pulumi, tmp_path: Path, namespace: str) -> Pulumi:
    """A program that knows the component only by its token, as one in another language would."""
    plugin = {"name": "llmd", "path": str(ROOT / "components")}
    project = {"name": "remote", "runtime": "python", "plugins": {"providers": [plugin]}}
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (tmp_path / "__main__.py").write_text(REMOTE)
    outside("stack", "init", "dev")
    for key, value in (("sample", ROOT / "samples/facebook"), ("namespace", namespace)):
        outside("config", "set", key, value, "--stack", "dev")
    return outside


def test_component_over_the_wire(remote: Pulumi, cluster: Cluster, namespace: str) -> None:
    """Made by the plugin it is what this process would make: numbers arrive whole."""
    remote("up", "--yes", "--skip-preview", "--stack", "dev")
    outputs = json.loads(remote("stack", "output", "--json", "--stack", "dev"))
    assert outputs["prefill"] == "facebook-opt-125m-prefill"
    assert outputs["children"]["decodeDeployment"]["kind"] == "Deployment"
    decode = cluster.get("apps/v1", "Deployment", "facebook-opt-125m-decode", namespace)
    assert decode is not None
    assert decode["spec"]["replicas"] == 1
    assert ".0" not in json.dumps(decode["spec"]["template"]["spec"]["containers"][0]["args"])
    from msvc_pulumi.plan import PlanOptions, plan_model_service

    service, base = (
        yaml.safe_load((ROOT / "samples/facebook" / name).read_text())
        for name in ("msvc.yaml", "baseconfig.yaml")
    )
    service["spec"]["decode"]["replicas"] = 1
    plan = plan_model_service(service, base, PlanOptions(namespace=namespace))
    assert outputs["hash"] == plan.hash
    remote("up", "--yes", "--skip-preview", "--stack", "dev", "--expect-no-changes")
    remote("destroy", "--yes", "--stack", "dev")


def test_bad_input_over_the_wire(remote: Pulumi, cluster: Cluster, namespace: str) -> None:
    """The plugin's caller sees the diagnostics, and nothing is applied."""
    remote("config", "set", "--path", "more.inferenceApi", "v3", "--stack", "dev")
    with pytest.raises(AssertionError, match=r"inference_api: must be one of auto, v1alpha2, v1"):
        remote("up", "--yes", "--skip-preview", "--stack", "dev")
    remote("config", "rm", "more", "--stack", "dev")
    remote("config", "set", "--path", "more.capabilities[0]", "what is this", "--stack", "dev")
    with pytest.raises(AssertionError, match='"what is this" names no API version or kind'):
        remote("up", "--yes", "--skip-preview", "--stack", "dev")
    assert cluster.list("apps/v1", "Deployment", namespace)[0] == []
