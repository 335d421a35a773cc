"""The project used from elsewhere: the built wheel, and the component from any Pulumi language."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
# What CI promises of the ranges in pyproject.toml: both their ends.
RELEASES = ("lowest", "newest")
TEST_PACKAGES = ("pytest>=9", "hypothesis>=6.130")
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(UV, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=RELEASES)
def clean_python(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The interpreter of a new environment that holds the built wheel and what it asks for.

    Not what the lock says: a program that has the oldest releases of all that the wheel asks for
    already, or one that takes what the registry has newest today.
    """
    folder = tmp_path_factory.mktemp(request.param)
    call(UV, "venv", "--quiet", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    install = (UV, "pip", "install", "--quiet", "--python", python)
    extras = ("pulumi", "cluster")
    if request.param == "lowest":
        stated = (f"--extra={extra}" for extra in extras)
        call(*install, "--resolution=lowest-direct", "-r", ROOT / "pyproject.toml", *stated)
    before = versions(python)
    call(*install, f"{wheel}[{','.join(extras)}]", *TEST_PACKAGES)
    assert before.items() <= versions(python).items(), "the wheel takes what is there"
    call(UV, "pip", "check", "--quiet", "--python", python)
    return python


def versions(python: Path) -> dict[str, str]:
    """Package → version of everything in the environment of that interpreter."""
    listed = json.loads(call(UV, "pip", "list", "--quiet", "--format=json", "--python", python))
    return {item["name"]: item["version"] for item in listed}


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


def test_releases_are_the_ends_of_the_ranges(
    clean_python: Path, request: pytest.FixtureRequest
) -> None:
    """The lowest are the lower bounds that the wheel states, the newest are above them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = versions(clean_python)
    for requirement in project["optional-dependencies"]["pulumi"]:
        name, lowest, beyond = re.split(">=|,<", requirement)
        bound, version = ([int(n) for n in text.split(".")] for text in (lowest, found[name]))
        assert version[0] < int(beyond)
        is_lowest = request.node.callspec.params["clean_python"] == "lowest"
        assert (version[: len(bound)] == bound) == is_lowest


def test_component_of_any_release(clean_python: Path) -> None:
    """The unit tests of what touches the SDK pass on the installed wheel."""
    tests = [f"tests/unit/test_{name}.py" for name in ("components", "opaque", "planhost", "sdk")]
    command = (clean_python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert " passed" in call(*command, cwd=ROOT, env={**os.environ, "PYTHONPATH": ""})


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


def test_schema_is_that_of_any_release(clean_python: Path, outside: Pulumi) -> None:
    """What other languages are told does not depend on the SDK that tells it."""
    command = ("package", "get-schema", ROOT / "components")
    theirs = json.loads(outside(*command, MSVC_PYTHON=str(clean_python)))
    assert theirs == json.loads(outside(*command))


def test_plugin_of_a_wheel(clean_python: Path, outside: Pulumi) -> None:
    """It runs in the environment in which the wheel is, whatever Python its caller has."""
    (folder,) = clean_python.parents[1].glob("lib/*/site-packages/msvc_pulumi/components")
    assert not (folder / "requirements.txt").exists()
    stated = yaml.safe_load((folder / "PulumiPlugin.yaml").read_text())
    environment = folder / stated["runtime"]["options"]["virtualenv"]
    assert environment.resolve() == clean_python.parents[1].resolve()
    schema = json.loads(outside("package", "get-schema", folder))
    assert "llmd:index:ModelService" in schema["resources"]


def test_plugin_of_a_copy(outside: Pulumi, tmp_path: Path) -> None:
    """What its requirements name is all that it needs, in an environment of its own."""
    copy = tmp_path / "copy"
    for name in ("components", "msvc_pulumi"):
        ignored = shutil.ignore_patterns("__pycache__", ".venv")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE", "MANIFEST.in"):
        shutil.copy(ROOT / name, copy / name)
    folder = copy / "components"
    call(UV, "venv", "--quiet", "--python", sys.executable, folder / ".venv")
    python = folder / ".venv" / "bin" / "python"
    install = (UV, "pip", "install", "--quiet", "--python", python)
    call(*install, "-r", "requirements.txt", cwd=folder)
    own = python.rename(python.with_name("own-python"))
    python.write_text(f'#!/bin/sh\ntouch {tmp_path}/used\nexec {own} "$@"\n')
    python.chmod(0o755)
    schema = json.loads(outside("package", "get-schema", folder))
    assert "llmd:index:ModelService" in schema["resources"]
    assert (tmp_path / "used").exists()


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
    outputs = {"planHash", "children", "endpoints", "gatewayPaths", "decodeDeploymentName"}
    assert outputs <= {*component["properties"]}
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
names = [service["metadata"]["name"], "another"][: pulumi.Config().get_int("services")]
made, *_ = [
    ModelService(
        name,
        {
            "modelService": {**service, "metadata": {**service["metadata"], "name": name}},
            "baseConfig": read("baseconfig"),
            "namespace": pulumi.Config().require("namespace"),
            **pulumi.Config().get_object("more", {}),
        },
    )
    for name in names
]
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
    """Made by the plugin it is what this process would make: numbers arrive whole.

    Two are made at once, in one process.
    """
    remote("up", "--yes", "--skip-preview", "--stack", "dev")
    outputs = json.loads(remote("stack", "output", "--json", "--stack", "dev"))
    assert outputs["prefill"] == "facebook-opt-125m-prefill"
    assert outputs["children"]["decodeDeployment"]["kind"] == "Deployment"
    decode = cluster.get("apps/v1", "Deployment", "facebook-opt-125m-decode", namespace)
    assert decode is not None
    assert decode["spec"]["replicas"] == 1
    assert cluster.get("apps/v1", "Deployment", "another-decode", namespace)
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


# The engine's answer to a call that brought a diagnostic, of which Pulumi's SDK prints a traceback
# unless the engine ends the program before.
CUT_OFF = re.compile(r"Traceback (?:(?!Traceback).)*?resource monitor shut down", re.DOTALL)


def test_bad_input_over_the_wire(remote: Pulumi, cluster: Cluster, namespace: str) -> None:
    """The plugin's caller sees the diagnostics, and nothing is applied."""
    remote("config", "set", "services", "1", "--stack", "dev")
    remote("config", "set", "--path", "more.inferenceApi", "v3", "--stack", "dev")
    with pytest.raises(AssertionError, match=r"must be one of auto, v1alpha2, v1") as caught:
        remote("up", "--yes", "--skip-preview", "--stack", "dev")
    assert "inferenceApi" in str(caught.value)
    ours = CUT_OFF.sub("", str(caught.value))
    assert not re.search(r"inference_api|Traceback|\.py", ours), ours
    remote("config", "rm", "more", "--stack", "dev")
    remote("config", "set", "--path", "more.capabilities[0]", "what is this", "--stack", "dev")
    with pytest.raises(AssertionError, match='"what is this" names no API version or kind'):
        remote("up", "--yes", "--skip-preview", "--stack", "dev")
    remote("config", "rm", "more", "--stack", "dev")
    remote("config", "set", "--path", "more.inferenceAPI", "v1", "--stack", "dev")
    with pytest.raises(AssertionError, match="did you mean inferenceApi"):
        remote("up", "--yes", "--skip-preview", "--stack", "dev")
    assert cluster.list("apps/v1", "Deployment", namespace)[0] == []


VALUES = """
import pulumi
import pulumi_kubernetes as k8s

namespace = pulumi.Config().require("namespace")
other = k8s.core.v1.ConfigMap(
    "other", metadata={"name": "other", "namespace": namespace}, data={"flavour": "plain"}
)
decode = service["spec"]["decode"]
decode["replicas"] = pulumi.Config().get_object("replicas")
decode["containers"][0]["env"] = [
    {"name": "KEY", "value": pulumi.Output.secret("hush-9f2c")},
    {"name": "FLAVOUR", "value": other.data["flavour"]},
]
made = ModelService(
    "facebook",
    {
        "modelService": service,
        "baseConfig": f"{pulumi.Config().require('sample')}/baseconfig.yaml",
        "namespace": other.metadata["namespace"],
        "eppPullSecrets": None,
    },
)
pulumi.export("endpoints", made.endpoints)
"""


def test_values_over_the_wire(
    remote: Pulumi, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    """Outputs, secrets, nulls and numbers mean what they mean in this process."""
    start, _, _ = REMOTE.partition("names = ")
    program = start.replace('"children": None', '"endpoints": None, "children": None') + VALUES
    (tmp_path / "__main__.py").write_text(program)
    shown = remote("preview", "--stack", "dev")
    shown += remote("up", "--yes", "--skip-preview", "--stack", "dev")
    assert "hush" not in shown
    decode = cluster.get("apps/v1", "Deployment", "facebook-opt-125m-decode", namespace)
    assert decode is not None
    found = {one["name"]: one for one in decode["spec"]["template"]["spec"]["containers"]}
    for name, value in (("KEY", "hush-9f2c"), ("FLAVOUR", "plain")):
        assert {"name": name, "value": value} in found["vllm"]["env"]
    assert "hush" not in remote("stack", "export", "--stack", "dev")
    outputs = json.loads(remote("stack", "output", "--json", "--stack", "dev"))
    assert outputs["endpoints"]["decode"]["port"] == 8000
    remote("up", "--yes", "--skip-preview", "--stack", "dev", "--expect-no-changes")
    remote("config", "set", "replicas", "9007199254740992", "--stack", "dev")
    with pytest.raises(AssertionError, match=r"modelService\.spec\.decode\.replicas(.|\n)*2\*\*53"):
        remote("up", "--yes", "--skip-preview", "--stack", "dev")
    remote("destroy", "--yes", "--stack", "dev")
