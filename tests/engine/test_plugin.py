"""Pulumi's Kubernetes plugin, as it was built from its module, does what we rely on."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.engine.tools.plugins import KUBERNETES
from msvc_pulumi.engine.tools.programs import KUBERNETES_PLUGIN_VERSION

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

AT_ONCE = 5.0  # seconds, on a machine that has other things to do
NO_WAIT = {"pulumi.com/skipAwait": "true"}


@pytest.fixture
def stack(session: Session, namespace: str) -> Callable[[Callable[[], None]], Stack]:
    """A stack of the test's own for a program."""
    return lambda program: session.stack(f"plugin.{namespace}", program=program)


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
    notes = caught.value.diagnostics[0].notes  # the engine adds its own where it lost the race
    note = next(note for note in notes if note.startswith("server: was successfully created, but"))
    assert note.endswith("'server' timed out waiting to be Ready")
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


def taken(cluster: Cluster, namespace: str, **data: str) -> Callable[[], None]:
    """A program with a ConfigMap that somebody else has made with this data."""
    name = {"name": "taken", "namespace": namespace}
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": name, "data": data})
    return lambda: void(k8s.core.v1.ConfigMap("taken", metadata=name, data={"by": "us"}))


def test_a_field_of_somebody_else_is_a_conflict(
    stack: Any, cluster: Cluster, namespace: str
) -> None:
    """It names the field and who owns it, changes nothing, and can be forced."""
    made = stack(taken(cluster, namespace, by="somebody"))
    with pytest.raises(EngineError) as caught:
        made.up("--skip-preview")
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code == "field-conflict"
    assert diagnostic.notes == (
        'taken: Apply failed with 1 conflict: conflict with "msvc" using v1: .data.by',
    )
    found = cluster.get("v1", "ConfigMap", "taken", namespace)
    assert found is not None
    assert found["data"] == {"by": "somebody"}
    made.environment["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
    assert made.up("--skip-preview").changes["create"] == 1
    found = cluster.get("v1", "ConfigMap", "taken", namespace)
    assert found is not None
    assert found["data"] == {"by": "us"}


def test_an_object_of_somebody_else_is_taken_over(
    session: Session, stack: Any, cluster: Cluster, namespace: str
) -> None:
    """Before release 4.29 no setting keeps the plugin from it: that is why we look first."""
    if not session.plugins.kubernetes.ours:
        pytest.skip("the user's Kubernetes plugin is of another release")
    made = stack(taken(cluster, namespace, other="somebody"))
    made.environment["PULUMI_K8S_UPSERT_EXISTING_OBJECTS"] = "false"
    assert made.up("--skip-preview").changes["create"] == 2
    found = cluster.get("v1", "ConfigMap", "taken", namespace)
    assert found is not None
    assert found["data"] == {"by": "us", "other": "somebody"}
    made.destroy()
    assert cluster.get("v1", "ConfigMap", "taken", namespace) is None


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
def linked(session: Session, tmp_path: Path) -> Path:
    """The plugin that was built, by a link as a package manager would make it."""
    plugin = session.plugins.kubernetes
    if not plugin.ours:
        pytest.skip("a Kubernetes plugin is installed here")
    link = tmp_path / "bin" / KUBERNETES
    link.parent.mkdir()
    link.symlink_to(plugin.path)
    return link


def test_says_who_it_is(session: Session, linked: Path, tmp_path: Path) -> None:
    """Started by a link from elsewhere it has its schema."""
    done = subprocess.run(
        [str(session.pulumi), "package", "get-schema", f"./{linked.relative_to(tmp_path)}"],
        env={**session.environment, **session.backend.variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    schema = json.loads(done.stdout)
    assert schema["name"] == "kubernetes"
    assert {"kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service"} <= set(
        schema["resources"]
    )


def test_is_as_new_as_the_sdk() -> None:
    """Or else the engine warns in each run of a plugin that is older than the program wants."""
    said, wanted = KUBERNETES_PLUGIN_VERSION.partition("+")[0], version("pulumi-kubernetes")
    assert [int(part) for part in said.split(".")] >= [int(part) for part in wanted.split(".")]


def test_the_engine_is_content_with_its_version(stack: Any, namespace: str) -> None:
    """It does not warn in each run that the plugin is older than the SDK."""
    done = stack(deployment(namespace)).up("--skip-preview")
    told = [event["diagnosticEvent"] for event in done.events if "diagnosticEvent" in event]
    warnings = [item["message"] for item in told if item["severity"] == "warning"]
    assert not [text for text in warnings if "expected to have version" in text], warnings


def test_ends_with_its_engine(linked: Path) -> None:
    """Told to end it does so at once, and says nothing."""
    with subprocess.Popen(
        [str(linked)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        started = time.monotonic()
        process.terminate()
        _, stderr = process.communicate(timeout=60)
        assert time.monotonic() - started < AT_ONCE
        assert stderr == ""


def test_one_field_manager_for_each_object(stack: Any, cluster: Cluster, namespace: str) -> None:
    """It is drawn once and kept; nobody else owns what was applied."""

    def owners() -> set[tuple[str, str]]:
        found = live(cluster, namespace)["metadata"]["managedFields"]
        return {(item["manager"], item["operation"]) for item in found if "subresource" not in item}

    stack(deployment(namespace, replicas=1)).up("--skip-preview")
    [(manager, operation)] = owners() - {("kube-controller-manager", "Update")}
    assert re.fullmatch("pulumi-kubernetes-[0-9a-f]{8}", manager)
    assert operation == "Apply"
    before = owners()
    stack(deployment(namespace, replicas=2)).up("--skip-preview")
    assert owners() == before


def test_waits_for_the_end_of_a_deletion(stack: Any, cluster: Cluster, namespace: str) -> None:
    """What a finalizer holds back stays in the state, and the next run goes on from it."""
    metadata = {
        "name": "held",
        "namespace": namespace,
        "finalizers": ["example.com/hold"],
        "annotations": {"pulumi.com/timeoutSeconds": "2"},
    }
    made = stack(lambda: void(k8s.core.v1.ConfigMap("held", metadata=metadata, data={"a": "b"})))
    made.up("--skip-preview")
    with pytest.raises(EngineError):
        made.destroy()
    found = cluster.get("v1", "ConfigMap", "held", namespace)
    assert found is not None and found["metadata"]["deletionTimestamp"]
    assert len(made.state()["resources"]) > 1
    body = {"metadata": {"finalizers": None}}
    cluster.patch("v1", "ConfigMap", "held", namespace, body=body)
    made.destroy()
    assert not made.state().get("resources")
