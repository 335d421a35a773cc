"""The stand-ins do what the official host and plugin do, as far as they go."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.failures import EngineError
from msvc_pulumi.engine.plugins import KUBERNETES, LANGUAGE_HOST, STAND_INS
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

NO_WAIT = {"pulumi.com/skipAwait": "true"}


@pytest.fixture
def stack(session: Session, namespace: str) -> Callable[[Callable[[], None]], Stack]:
    """A stack of the test's own for a program."""
    if not session.plugins.kubernetes.stand_in:
        pytest.skip("the official Kubernetes plugin is installed here")
    return lambda program: session.stack(f"standin.{namespace}", program=program)


def deployment(namespace: str, **spec: Any) -> Callable[[], None]:
    annotations = spec.pop("annotations", NO_WAIT)
    label = spec.pop("label", "a")
    metadata = {"name": "server", "namespace": namespace, "annotations": annotations}
    container = {"name": "main", "image": "example.com/server:1", **spec.pop("container", {})}
    template = {
        "metadata": {"labels": {"app": label}},
        "spec": {"containers": [container], **spec.pop("pod", {})},
    }
    whole = {"selector": {"matchLabels": {"app": label}}, "template": template, **spec}
    return lambda: void(k8s.apps.v1.Deployment("server", metadata=metadata, spec=whole))


def void(_: object) -> None:
    return None


def live(cluster: Cluster, namespace: str) -> dict[str, Any]:
    found = cluster.get("apps/v1", "Deployment", "server", namespace)
    assert found is not None
    return found


def test_sizes() -> None:
    """Each is one file, of no more lines than agreed, and says what it is."""
    for name, lines in ((LANGUAGE_HOST, 60), (KUBERNETES, 350)):
        files = [file for file in STAND_INS[name].iterdir() if file.is_file()]
        assert [file.name for file in files] == [name]
        text = files[0].read_text()
        assert len(text.splitlines()) <= lines
        assert "Stand-in for Pulumi's" in text
        assert os.access(files[0], os.X_OK)


def test_waits_for_pods(stack: Any, cluster: Cluster, namespace: str) -> None:
    """Without skipAwait an update ends when the pods are available."""
    stack(deployment(namespace, annotations={}, replicas=2)).up("--skip-preview")
    assert live(cluster, namespace)["status"]["availableReplicas"] == 2


def test_unready_object_is_kept_in_state(stack: Any, cluster: Cluster, namespace: str) -> None:
    """An object that does not become ready is an error, and the next run goes on from it."""
    impossible = {"nodeSelector": {"no": "such-node"}}
    slow = {"pulumi.com/timeoutSeconds": "1"}
    with pytest.raises(EngineError) as caught:
        stack(deployment(namespace, annotations=slow, pod=impossible)).up("--skip-preview")
    assert any("did not become ready" in note for note in caught.value.diagnostics[0].notes)
    uid = live(cluster, namespace)["metadata"]["uid"]
    changes = stack(deployment(namespace, annotations=slow)).up("--skip-preview").changes
    assert changes == {"update": 1, "same": 1}
    assert live(cluster, namespace)["metadata"]["uid"] == uid


def test_new_selector_replaces(stack: Any, cluster: Cluster, namespace: str) -> None:
    """An immutable field leads to a replacement of the same name, not to a failure."""
    quick = {**NO_WAIT, "pulumi.com/deletionPropagationPolicy": "background"}
    stack(deployment(namespace, annotations=quick)).up("--skip-preview")
    before = live(cluster, namespace)["metadata"]["uid"]
    other = stack(deployment(namespace, annotations=quick, label="b"))
    changes = other.up("--skip-preview").changes
    assert changes == {"replace": 1, "same": 1}
    assert live(cluster, namespace)["metadata"]["uid"] != before


def test_removed_field_is_removed(stack: Any, cluster: Cluster, namespace: str) -> None:
    """A field the program no longer states goes, though another client wrote the object first."""
    with_env = {"env": [{"name": "ONE", "value": "1"}, {"name": "TWO", "value": "2"}]}
    stack(deployment(namespace, container=with_env)).up("--skip-preview")
    less = {"env": [{"name": "TWO", "value": "2"}]}
    changes = stack(deployment(namespace, container=less)).up("--skip-preview").changes
    assert changes == {"update": 1, "same": 1}
    container = live(cluster, namespace)["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == less["env"]
    managers = {item["manager"] for item in live(cluster, namespace)["metadata"]["managedFields"]}
    assert "pulumi-kubernetes" not in managers


def test_foreign_change_is_kept_out_of_the_diff(
    stack: Any, cluster: Cluster, namespace: str
) -> None:
    """A diff never asks the cluster; refresh brings a foreign change in, and up takes it back."""
    made = stack(deployment(namespace, replicas=1))
    made.up("--skip-preview")
    cluster.patch("apps/v1", "Deployment", "server", namespace, body={"spec": {"replicas": 4}})
    assert made.up("--skip-preview").changes == {"same": 2}
    made.refresh()
    with pytest.raises(EngineError) as caught:
        made.up("--skip-preview")
    assert caught.value.diagnostics[0].code == "field-conflict"


def test_object_gone_is_made_again(stack: Any, cluster: Cluster, namespace: str) -> None:
    """What was deleted behind the engine's back is found by refresh, and created by up."""
    made = stack(deployment(namespace))
    made.up("--skip-preview")
    cluster.delete("apps/v1", "Deployment", "server", namespace)
    cluster.wait(
        "apps/v1", "Deployment", "server", namespace, until=lambda o: o is None, timeout=30
    )
    made.refresh()
    assert made.up("--skip-preview").changes == {"create": 1, "same": 1}


def test_existing_object_is_not_overwritten(stack: Any, cluster: Cluster, namespace: str) -> None:
    """An object the stack did not make is an error, unless upsert is asked for."""
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "taken", "namespace": namespace},
            "data": {"by": "somebody"},
        }
    )

    def program() -> None:
        name = {"name": "taken", "namespace": namespace}
        k8s.core.v1.ConfigMap("taken", metadata=name, data={"by": "us", "more": "1"})

    made = stack(program)
    with pytest.raises(EngineError) as caught:
        made.up("--skip-preview")
    assert caught.value.diagnostics[0].code == "object-exists"
    made.environment["PULUMI_K8S_UPSERT_EXISTING_OBJECTS"] = "true"
    with pytest.raises(EngineError) as caught:
        made.up("--skip-preview")
    assert caught.value.diagnostics[0].code == "field-conflict"
    made.environment["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
    assert made.up("--skip-preview").changes["create"] == 1
    found = cluster.get("v1", "ConfigMap", "taken", namespace)
    assert found is not None
    assert found["data"] == {"by": "us", "more": "1"}


def test_secrets_stay_secret(
    stack: Any, cluster: Cluster, namespace: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A secret reaches the cluster and nothing else: not the state, not the display."""

    def program() -> None:
        k8s.core.v1.Secret(
            "secret",
            metadata={"name": "secret", "namespace": namespace},
            string_data={"key": "hunter2-in-a-secret"},
        )
        k8s.core.v1.ConfigMap(
            "map",
            metadata={"name": "map", "namespace": namespace},
            data={"key": pulumi.Output.secret("hunter2-in-a-map")},
        )

    made = stack(program)
    made.up()
    assert made.up("--skip-preview", "--diff").changes == {"same": 3}
    shown = capfd.readouterr()
    state = "".join(file.read_text() for file in made.backend.folder.rglob("*.json*"))
    for text in (shown.out, shown.err, state):
        assert "hunter2" not in text
        assert "aHVudGVyMi" not in text  # the same in base64
    found = cluster.get("v1", "ConfigMap", "map", namespace)
    assert found is not None
    assert found["data"] == {"key": "hunter2-in-a-map"}


def test_names_are_made_once(stack: Any, cluster: Cluster, namespace: str) -> None:
    """An object without a name gets one from its logical name, and keeps it."""

    def program() -> None:
        k8s.core.v1.ConfigMap("made", metadata={"namespace": namespace}, data={"key": "1"})

    made = stack(program)
    made.up("--skip-preview")
    assert made.up("--skip-preview").changes == {"same": 2}
    names = [item["metadata"]["name"] for item in cluster.list("v1", "ConfigMap", namespace)[0]]
    assert [name for name in names if name.startswith("made-") and len(name) == len("made-") + 8]


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """A Pulumi project with a program of its own, for runs through the language host."""

    def write(program: str) -> Path:
        (tmp_path / "Pulumi.yaml").write_text("name: modelservice\nruntime: python\n")
        (tmp_path / "__main__.py").write_text(program)
        return tmp_path

    return write


def test_language_host_runs_a_folder(
    session: Session, project: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """The program runs in its folder, sees its modules, its configuration and its output."""
    folder = project(
        "import os, pulumi, beside\n"
        "print('printed by the program')\n"
        "pulumi.export('seen', [os.getcwd(), beside.VALUE, pulumi.Config().require('key')])\n"
    )
    (folder / "beside.py").write_text("VALUE = 7\n")
    (folder / "Pulumi.host.yaml").write_text("config:\n  modelservice:key: value\n")
    made = session.stack("host", project=folder)
    made.up("--skip-preview")
    assert made.outputs() == {"seen": [str(folder), 7, "value"]}
    assert "printed by the program" in capfd.readouterr().out
    assert "encryptionsalt" not in (folder / "Pulumi.host.yaml").read_text()


def test_language_host_shows_errors_as_the_official_one(
    session: Session, project: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """A RunError is its message alone; any other exception comes with its traceback."""
    folder = project("import pulumi\nraise pulumi.RunError('said plainly')\n")
    with pytest.raises(EngineError):
        session.stack("host", project=folder).up("--skip-preview")
    shown = capfd.readouterr().out
    assert "said plainly" in shown
    assert "Traceback" not in shown
    project("raise ValueError('a mistake')\n")
    with pytest.raises(EngineError):
        session.stack("host", project=folder).up("--skip-preview")
    shown = capfd.readouterr().out
    assert "a mistake" in shown
    assert "__main__.py" in shown


def test_language_host_takes_the_projects_interpreter(tmp_path: Path) -> None:
    """The virtualenv that Pulumi.yaml names runs the program, not the python on PATH."""
    binary = tmp_path / "env" / "bin" / "python"
    binary.parent.mkdir(parents=True)
    binary.write_text(f'#!/bin/sh\necho chosen >&2\nexec "{sys.executable}" "$@"\n')
    binary.chmod(0o755)
    (tmp_path / "Pulumi.yaml").write_text("runtime: {name: python, options: {virtualenv: env}}\n")
    host = STAND_INS[LANGUAGE_HOST] / LANGUAGE_HOST
    with subprocess.Popen(
        [sys.executable, str(host), "127.0.0.1:1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.kill()
    assert first == "chosen\n"


@pytest.mark.parametrize("name", [LANGUAGE_HOST, KUBERNETES])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_once_on_a_signal(name: str, number: signal.Signals, tmp_path: Path) -> None:
    """A stand-in that is told to end does so within a second and says nothing."""
    with subprocess.Popen(
        [sys.executable, str(STAND_INS[name] / name), "127.0.0.1:1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MSVC_PYTHON": sys.executable},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        started = time.monotonic()
        process.send_signal(number)
        _, stderr = process.communicate(timeout=10)
        assert time.monotonic() - started < 1
        assert "Traceback" not in stderr


def test_get_schema_says_who_it_is(session: Session) -> None:
    """`pulumi package get-schema kubernetes` works, with nothing in it."""
    program = shutil.which(KUBERNETES, path=session.plugins.search_path(""))
    if program is None:
        pytest.skip("the official Kubernetes plugin is installed here")
    done = subprocess.run(
        [str(session.pulumi), "package", "get-schema", program],
        env={**session.environment, **session.backend.variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["version"] == "4.34.2"
