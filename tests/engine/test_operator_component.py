"""The component that installs the operator, under the real engine, on the real API server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.components import ModelServiceOperator
from msvc_pulumi.engine.diagnosis.failures import ProgramError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.installation.manifests import manifests
from msvc_pulumi.installation.options import InstallOptions

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "modelservices.llm-d.ai")
HOME = "operator-component"


@pytest.fixture
def home(cluster: Cluster) -> Iterator[str]:
    _clear(cluster)  # another test may have left the definition
    yield HOME
    _clear(cluster)


def _clear(cluster: Cluster) -> None:
    for kind in (("v1", "Namespace", HOME), DEFINITION):
        if cluster.get(*kind) is not None:
            cluster.delete(*kind)
        cluster.wait(*kind, until=lambda found: found is None, timeout=300)


def stack_of(session: Session, **arguments: Any) -> Stack:
    def program() -> None:
        made = ModelServiceOperator("operator", {"image": "example.invalid/operator", **arguments})
        pulumi.export("namespace", made.namespace)
        pulumi.export("deployment", made.deployment_name)

    return session.stack("operator", program=program)


def live(cluster: Cluster, options: InstallOptions) -> dict[tuple[str, str], dict[str, Any]]:
    """(kind, name) → object, of what the manifests have and the cluster too."""
    found = {}
    for item in manifests(options):
        metadata = item["metadata"]
        name, namespace = metadata["name"], metadata.get("namespace")
        present = cluster.get(item["apiVersion"], item["kind"], name, namespace)
        if present and "deletionTimestamp" not in present["metadata"]:
            found[item["kind"], name] = present
    return found


def test_life(session: Session, cluster: Cluster, home: str) -> None:
    """Up makes what the manifests have and waits for the pod, again changes nothing, and destroy
    leaves the definition and what is to be kept."""
    where = {"PULUMI_BACKEND_URL": "s3://example"}
    arguments = {"namespace": home, "storage_size": "0", "environment": where}
    options = InstallOptions("example.invalid/operator", home, storage_size="0", environment=where)
    wanted = manifests(options)

    stack = stack_of(session, **arguments)
    assert stack.up("--skip-preview").changes == {"create": len(wanted) + 2}
    made = live(cluster, options)
    assert len(made) == len(wanted)
    assert made["Deployment", "modelservice-operator"]["status"]["availableReplicas"] == 1
    definition = made["CustomResourceDefinition", DEFINITION[2]]
    # The server adds its defaults, to what was applied as to what would be.
    printed = cluster.apply(wanted[0], dry_run=True, force=True)
    assert definition["spec"] == printed["spec"]
    assert stack.outputs() == {"namespace": home, "deployment": "modelservice-operator"}

    assert stack_of(session, **arguments).up("--skip-preview").changes == {"same": len(wanted) + 2}

    # Several replicas need a volume, which nobody provides here, and nobody waits for.
    several = {"namespace": home, "replicas": 2, "wait": False, "keep": [DEFINITION[1]]}
    changes = stack_of(session, **several).up("--skip-preview").changes
    assert changes["create"] == 3  # the volume, the Role for leases and its binding
    assert changes["update"] == 1  # the Deployment
    options = InstallOptions("example.invalid/operator", home, replicas=2)
    assert len(live(cluster, options)) == len(manifests(options))

    stack_of(session, **several).destroy()
    assert set(live(cluster, options)) == {("CustomResourceDefinition", DEFINITION[2])}


def test_what_is_kept_stays_and_is_taken_back(
    session: Session, cluster: Cluster, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept volume outlives its operator with its namespace; the next one takes both over."""
    keep = ["CustomResourceDefinition", "PersistentVolumeClaim"]
    arguments = {"namespace": home, "wait": False, "keep": keep}
    options = InstallOptions("example.invalid/operator", home)
    stack = stack_of(session, **arguments)
    stack.up("--skip-preview")
    stack.destroy()

    kept = live(cluster, options)
    assert {kind for kind, _ in kept} == {*keep, "Namespace"}

    monkeypatch.setenv("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "true")
    monkeypatch.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", "true")
    with Session.open() as again:
        stack = stack_of(again, **arguments)
        stack.up("--skip-preview")
        taken = live(cluster, options)
        stack_of(again, **{**arguments, "keep": []}).up("--skip-preview")
        stack_of(again, **{**arguments, "keep": []}).destroy()
    assert all(taken[key]["metadata"]["uid"] == kept[key]["metadata"]["uid"] for key in kept)
    assert not live(cluster, options)


def test_of_some_namespaces(session: Session, cluster: Cluster, home: str) -> None:
    """Roles are in these and go with the component; the namespaces stay."""
    spaces = [f"{home}-{letter}" for letter in "ab"]
    for name in spaces:
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    arguments = {"namespace": home, "namespaces": spaces, "executor": "pko", "wait": False}
    options = InstallOptions(
        "example.invalid/operator", home, executor="pko", namespaces=tuple(spaces)
    )
    stack_of(session, **arguments, keep=[]).up("--skip-preview")
    assert live(cluster, options).keys() == {
        (item["kind"], item["metadata"]["name"]) for item in manifests(options)
    }
    stack_of(session, **arguments, keep=[]).destroy()
    assert not live(cluster, options)
    for name in spaces:
        assert cluster.get("v1", "Namespace", name)
        cluster.delete("v1", "Namespace", name)


def test_wrong_arguments(session: Session) -> None:
    """All that is wrong is said, with the name of the argument, and nothing is declared."""
    stack = stack_of(session, replicas=0, executor="both", image=7, storagesize="1Gi")
    with pytest.raises(ProgramError):
        stack.up("--skip-preview")
