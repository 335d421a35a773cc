"""What is changed behind a stack's back is told with who and when, and is restored on demand."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from samplestacks import NAMES, planned, sample

from msvc_pulumi import cli
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.state.comparison import Comparison
from msvc_pulumi.target.capabilities import Capabilities

APPS = "apps/v1"
NAME = "facebook-opt-125m"
SIDECAR = {"name": "sidecar", "image": "example.com/sidecar:1"}
Manifest = dict[str, Any]
Edit = tuple[str, str, str, str, Manifest]
STRATEGIC, MERGE = "application/strategic-merge-patch+json", "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


def pod(*containers: Manifest) -> Manifest:
    return {"spec": {"template": {"spec": {"containers": list(containers)}}}}


# By manager: object, subresource, type of patch and patch.
EDITS: dict[str, list[tuple[str, str, str, str, Manifest]]] = {
    "kube-controller-manager": [
        ("Deployment", f"{NAME}-decode", "/scale", MERGE, {"spec": {"replicas": 4}})
    ],
    "mesh": [
        (
            "Deployment",
            f"{NAME}-decode",
            "",
            APPLY,
            {**pod(SIDECAR), "apiVersion": APPS, "kind": "Deployment"},
        )
    ],
    "kubectl-edit": [
        (
            "Deployment",
            f"{NAME}-decode",
            "",
            STRATEGIC,
            {
                "metadata": {"labels": {"llm-d.ai/model": None, "team": "blue"}},
                **pod({"name": "vllm", "image": "example.com/other:1"}),
            },
        ),
        ("Deployment", f"{NAME}-prefill", "", MERGE, {"spec": {"revisionHistoryLimit": 3}}),
    ],
    "console": [
        (
            "Service",
            f"{NAME}-epp-service",
            "",
            MERGE,
            {
                "metadata": {"labels": {"owner": "us"}},
                "spec": {"selector": {"llm-d.ai/epp": "other"}},
            },
        )
    ],
}


@pytest.fixture
def files(tmp_path: Path) -> str:
    """The main sample, decode autoscaled."""
    service, base = copy.deepcopy(sample("facebook"))
    decode = service["spec"]["decode"]
    del decode["replicas"]
    decode["autoscaling"] = {"hpa": {"minReplicas": 1, "maxReplicas": 8}}
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([service, base]))
    return str(tmp_path / "all.yaml")


@pytest.fixture
def msvc(
    session: Session, namespace: str, files: str, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any]]:
    """Runs a command on the files; its exit code and result."""
    del session  # state in a folder of the test's own

    def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        status = cli.main(
            [words[0], "-m", files, "--namespace", namespace, "--format", "json", *words[1:]]
        )
        out, err = capsys.readouterr()
        problems = json.loads(err or "[]")
        assert {item["severity"] for item in problems} <= (
            {"warning"} if out else {"error", "warning"}
        )
        return status, json.loads(out) if out else problems

    return run


def edit(cluster: Cluster, namespace: str) -> None:
    for manager, edits in EDITS.items():
        for kind, name, subresource, content_type, body in edits:
            resource = cluster.resource(APPS if kind == "Deployment" else "v1", kind)
            cluster.server.request(
                "PATCH",
                f"{resource.path(namespace, name)}{subresource}",
                params={"fieldManager": manager},
                body={**body, "metadata": {**body.get("metadata", {}), "name": name}},
                content_type=content_type,
            )
    cluster.delete(APPS, "Deployment", f"{NAME}-epp", namespace)


def fields(found: Manifest, fate: str) -> dict[tuple[str, str], tuple[Any, Any, str]]:
    """(object, path) → found, stated and by whom."""
    return {
        (one["name"].removeprefix(f"{NAME}-"), field["path"]): (
            field.get("found"),
            field.get("stated"),
            field.get("by", ""),
        )
        for one in found["objects"]
        for field in one[fate]
    }


def test_drift_is_told_and_restored(msvc: Any, cluster: Cluster, namespace: str) -> None:
    """Fields, who changed them, what is gone; the counts of an autoscaler and what others add stay,
    as foretold.
    """
    status, missing = msvc("drift")
    assert status == 3
    assert "stack-unknown" in {item["code"] for item in missing}
    assert msvc("up", "--skip-preview")[0] == 0
    status, before = msvc("drift", "--exit-code")
    assert (status, before["objects"]) == (0, [])

    edit(cluster, namespace)
    assert msvc("up", "--skip-preview")[1]["changes"].keys() == {"same"}
    assert msvc("drift")[0] == 0
    status, found = msvc("drift", "--exit-code")
    assert status == 4
    assert {one["name"]: one["change"] for one in found["objects"]} == {
        f"{NAME}-decode": "changed",
        f"{NAME}-epp": "deleted",
        f"{NAME}-epp-service": "changed",
        f"{NAME}-prefill": "none",
    }
    container = "spec.template.spec.containers"
    assert fields(found, "restored") == {
        ("decode", "metadata.labels[llm-d.ai/model]"): (None, NAME, ""),
        ("decode", f"{container}[0].image"): (
            "example.com/other:1",
            "ghcr.io/llm-d/llm-d:0.0.8",
            "kubectl-edit",
        ),
        ("epp-service", "spec.selector"): (
            {"llm-d.ai/epp": "other"},
            {"llm-d.ai/epp": f"{NAME}-epp"},
            "console",
        ),
    }
    assert all(
        field["at"] for one in found["objects"] for field in one["restored"] if "by" in field
    )
    assert fields(found, "removed") == {
        ("decode", "metadata.labels.team"): ("blue", None, "kubectl-edit")
    }
    left = fields(found, "left")
    # The API server does not record who scales where nobody has stated a count before.
    assert left.pop(("decode", "spec.replicas")) == (4, None, "")
    assert left["prefill", "spec.revisionHistoryLimit"] == (3, None, "kubectl-edit")
    assert left["epp-service", "metadata.labels.owner"] == ("us", None, "console")
    assert left["decode", f"{container}[name=sidecar]"][2] == "mesh"
    assert len(left) == 3

    status, foreseen = msvc("preview", "--refresh")
    assert foreseen["changes"] == {"create": 1, "update": 2, "same": 13}
    assert fields(msvc("drift")[1], "restored") == fields(found, "restored")
    status, done = msvc("up", "--refresh", "--skip-preview")
    assert status == 0
    assert done["changes"] == foreseen["changes"]
    assert {(one["operation"], one["name"]) for one in done["resources"]} == {
        ("create", f"{NAME}-epp"),
        ("update", f"{NAME}-decode"),
        ("update", f"{NAME}-epp-service"),
    }
    live = cluster.get(APPS, "Deployment", f"{NAME}-decode", namespace)
    assert live
    assert live["spec"]["replicas"] == 4
    assert SIDECAR.items() <= live["spec"]["template"]["spec"]["containers"][1].items()
    status, after = msvc("drift", "--exit-code")
    assert (status, after["drifted"]) == (0, False)
    assert fields(after, "left") == left
    assert msvc("up", "--refresh", "--expect-no-changes")[0] == 0


@pytest.mark.parametrize("name", NAMES)
def test_what_was_made_is_seen_to_be_declared(
    session: Session, cluster: Cluster, namespace: str, name: str
) -> None:
    """So that `msvc up` with nothing to do is quick."""
    served = Capabilities.discover(cluster.serves)
    plans = [planned(*sample(name), namespace, capabilities=served)]
    stack = session.stack(f"{namespace}.{name}", plans=plans, output=subprocess.DEVNULL)
    stack.up("--skip-preview")
    assert Comparison.of(stack.state(), plans) == Comparison((), ())


def test_what_a_refresh_has_found_is_restored(
    msvc: Any, session: Session, cluster: Cluster, namespace: str
) -> None:
    """Where the state says what the cluster is, `msvc up` has something to do."""
    assert msvc("up")[0] == 0
    edit(cluster, namespace)
    session.stack(f"{namespace}.{NAME}").refresh()
    status, done = msvc("up", "--force-conflicts")
    assert status == 0
    assert {(one["operation"], one["name"]) for one in done["resources"]} == {
        ("create", f"{NAME}-epp"),
        ("update", f"{NAME}-decode"),
        ("update", f"{NAME}-epp-service"),
    }
    assert msvc("drift", "--exit-code")[0] == 0
