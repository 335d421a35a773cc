"""`msvc up` takes over what is its own and nothing else, however many ModelServices it is given."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from services import model_service
from strangers import base_config, create_strangers, snapshot, stranger

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import ADOPT
from msvc_pulumi.components import ModelService
from msvc_pulumi.engine.claims.attempt import Attempt
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

MANY = 12  # more than have checkpoints
Identity = tuple[str, str, str, str]


def plans(namespace: str, count: int, **spec: Any) -> list[Plan]:
    base, options = base_config(namespace), PlanOptions(namespace=namespace)
    return [
        plan_model_service(model_service(namespace, f"m{number}", **spec), base, options)
        for number in range(count)
    ]


def manifests(found: Sequence[Plan]) -> list[dict[str, Any]]:
    return [planned.manifest for plan in found for planned in plan]


def live(cluster: Cluster, found: Sequence[Plan]) -> dict[Identity, str]:
    """Which of the planned objects there are, with their uids."""
    there: dict[Identity, str] = {}
    for item in manifests(found):
        metadata = item["metadata"]
        identity = (item["apiVersion"], item["kind"], metadata["name"], metadata["namespace"])
        one = cluster.get(*identity)
        if one is not None:
            there[identity] = one["metadata"]["uid"]
    return there


@pytest.mark.parametrize("count", [1, MANY])
def test_somebody_elses_survive(
    session: Session, cluster: Cluster, namespace: str, count: int
) -> None:
    """All that is in the way is named at once and nothing is applied; it is as it was to the last
    byte, also after the deletion. Consent and removal let the ModelServices through.
    """
    wanted = plans(namespace, count)
    theirs = create_strangers(cluster, manifests(wanted[-1:]))
    before = snapshot(cluster, theirs)
    stack = session.stack(f"claims.{namespace}", plans=wanted)
    for run in (stack.preview, lambda: stack.up("--skip-preview")):
        with pytest.raises(ClusterError) as caught:
            run()
        assert {item.code for item in caught.value.diagnostics} == {"object-exists"}
        assert len(caught.value.diagnostics) == len(theirs)
        text = str(caught.value.diagnostics)
        assert all(f'{kind} "{name}"' in text for _, kind, name, _ in theirs)
        assert all('field manager "msvc"' in item.notes[0] for item in caught.value.diagnostics)
        assert {*live(cluster, wanted)} == {*theirs}
    assert snapshot(cluster, theirs) == before
    stack.destroy()
    assert snapshot(cluster, theirs) == before

    given = [
        identity for identity in theirs if identity[1] != "Deployment"
    ]  # its selector is fixed
    for identity in given:
        consent = {"metadata": {"annotations": {ADOPT: wanted[-1].name}}}
        cluster.patch(*identity, body=consent)
    [deployment] = [identity for identity in theirs if identity not in given]
    cluster.delete(*deployment)
    cluster.wait(*deployment, until=lambda found: found is None, timeout=300)
    uids = live(cluster, wanted)
    stack.up("--skip-preview")
    made = live(cluster, wanted)
    assert len(made) == len(manifests(wanted))
    assert made.items() >= uids.items()
    stack.destroy()
    assert not live(cluster, wanted)


@pytest.mark.parametrize("count", [1, MANY])
def test_a_killed_run_is_taken_up_where_it_was(
    session: Session, cluster: Cluster, namespace: str, tmp_path: Path, count: int
) -> None:
    """After SIGKILL in the middle the next run finishes by itself, keeps what the first one made,
    and still takes nothing from anybody.
    """
    wanted = plans(namespace, count)
    stack = session.stack(f"killed.{namespace}", plans=wanted)
    file = tmp_path / "all.yaml"
    services = [model_service(namespace, f"m{number}") for number in range(count)]
    file.write_text(yaml.safe_dump_all([*services, base_config(namespace)]))
    command = [sys.executable, "-m", "msvc_pulumi", "up", "--skip-preview", "-m", str(file)]
    with subprocess.Popen(
        [*command, "--stack", stack.name],
        env={**session.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        end = time.monotonic() + 60
        while not _some(cluster, namespace) and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.02)
        for pid in _family(process.pid):
            with suppress(ProcessLookupError):  # it ended with another that was killed
                os.kill(pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "it was too quick to be killed"
    time.sleep(1)  # for requests that were under way
    made = live(cluster, wanted)
    assert made
    if len(made) == len(manifests(wanted)):  # those requests have made all the rest
        last = _identity(manifests(wanted)[-1])
        cluster.delete(*last)
        cluster.wait(*last, until=lambda found: found is None, timeout=60)
        del made[last]
    missing = next(item for item in manifests(wanted) if _identity(item) not in made)
    cluster.create(stranger(missing))
    before = snapshot(cluster, [_identity(missing)])
    with pytest.raises(ClusterError) as caught:
        stack.up("--skip-preview")
    assert len(caught.value.diagnostics) == 1
    assert snapshot(cluster, [_identity(missing)]) == before
    cluster.delete(*_identity(missing))

    stack.up("--skip-preview")
    done = live(cluster, wanted)
    assert done.items() >= made.items()
    assert len(done) == len(manifests(wanted))
    assert Attempt.read(stack.folder) == Attempt()
    assert stack.up("--skip-preview", "--expect-no-changes").changes.keys() == {"same"}
    stack.destroy()
    assert not live(cluster, wanted)


def test_what_was_made_anew_is_not_deleted(
    session: Session, cluster: Cluster, namespace: str
) -> None:
    """An object of the stack that somebody has replaced by one of theirs is theirs: neither an
    update changes it, nor does a deletion remove it.
    """
    wanted = plans(namespace, 1)
    stack = session.stack(f"anew.{namespace}", plans=wanted)
    stack.up("--skip-preview")
    old = next(item for item in manifests(wanted) if item["kind"] == "ServiceAccount")
    cluster.delete(*_identity(old))
    cluster.create(stranger(old))
    before = snapshot(cluster, [_identity(old)])
    with pytest.raises(ClusterError):
        stack.up("--skip-preview")
    stack.destroy()
    assert snapshot(cluster, [_identity(old)]) == before
    assert {*live(cluster, wanted)} == {_identity(old)}


def test_a_lost_state_takes_nothing(session: Session, cluster: Cluster, namespace: str) -> None:
    """What an earlier stack made, whose state is gone, is known to nobody: it needs consent."""
    wanted = plans(namespace, 1)
    session.stack(f"lost.{namespace}", plans=wanted).up("--skip-preview")
    made = live(cluster, wanted)
    again = session.stack(f"again.{namespace}", plans=wanted)
    with pytest.raises(ClusterError) as caught:
        again.up("--skip-preview")
    assert len(caught.value.diagnostics) == len(made)
    for identity in made:
        cluster.patch(*identity, body={"metadata": {"annotations": {ADOPT: wanted[0].name}}})
    again.up("--skip-preview")
    assert live(cluster, wanted) == made


def test_the_component_takes_nothing(session: Session, cluster: Cluster, namespace: str) -> None:
    """In a program of its own nothing can be looked at before; an object that exists is refused
    when its turn comes, and stays as it is.
    """
    if session.plugins.kubernetes.ours:
        pytest.skip("before release 4.29 the plugin takes over what is in no conflict")
    wanted = plans(namespace, 1)
    theirs = create_strangers(cluster, manifests(wanted))
    before = snapshot(cluster, theirs)
    args = {
        "model_service": model_service(namespace, "m0"),
        "base_config": base_config(namespace),
        "namespace": namespace,
    }
    program = session.stack(
        f"component.{namespace}",
        program=lambda: void(ModelService("m0", copy.deepcopy(args))),  # type: ignore[arg-type]
    )
    with pytest.raises(EngineError) as caught:
        program.up("--skip-preview")
    assert caught.value.diagnostics[0].code == "object-exists"
    assert snapshot(cluster, theirs) == before
    program.destroy()
    assert snapshot(cluster, theirs) == before


def _identity(item: dict[str, Any]) -> Identity:
    metadata = item["metadata"]
    return item["apiVersion"], item["kind"], metadata["name"], metadata["namespace"]


def _some(cluster: Cluster, namespace: str) -> bool:
    return bool(cluster.list("apps/v1", "Deployment", namespace)[0])


def _family(root: int) -> list[int]:
    found = [root]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def void(_: object) -> None:
    return None
