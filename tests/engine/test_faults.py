"""What goes wrong between an update and its cluster: what is told of it, what is done all the same,
and that the next `up` heals it.
"""

from __future__ import annotations

import copy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from refusing import REASON, denied, quota
from services import is_established, model_service
from strangers import base_config

from msvc_pulumi.cli import main
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.components.program import declare_plans, export
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.target.immutability import CONTENTS

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

DEPLOYMENT, CONFIG_MAP = ("apps/v1", "Deployment"), ("v1", "ConfigMap")
SEVERAL = 3  # ModelServices, of which one update does not do all at once
Manifest = dict[str, Any]
Up = Callable[[Plan], Stack]


def planned(namespace: str, settings: str = "yes", frozen: bool = False, **decode: Any) -> Plan:
    base = base_config(namespace)
    text = base["data"]["configMaps"].replace('"yes"', f'"{settings}"')
    base["data"]["configMaps"] = text + ("  immutable: true\n" if frozen else "")
    service = model_service(namespace, "m0")
    container = {**service["spec"]["decode"]["containers"][0], **decode.pop("container", {})}
    service["spec"]["decode"] |= {"containers": [container], **decode}
    return plan_model_service(service, base, PlanOptions(namespace=namespace))


def manifest(plan: Plan, kind: str, name: str) -> Manifest:
    [found] = [
        one.manifest
        for one in plan
        if (one.manifest["kind"], one.manifest["metadata"]["name"]) == (kind, name)
    ]
    return copy.deepcopy(found)


def live(cluster: Cluster, plan: Plan) -> set[tuple[str, str]]:
    """Kind and name of what there is of a plan."""
    found = set()
    for one in plan:
        item, metadata = one.manifest, one.manifest["metadata"]
        identity = (item["apiVersion"], item["kind"], metadata["name"], metadata["namespace"])
        if cluster.get(*identity):
            found.add((item["kind"], metadata["name"]))
    return found


def wanted(plan: Plan) -> set[tuple[str, str]]:
    return {(one.manifest["kind"], one.manifest["metadata"]["name"]) for one in plan}


def get(cluster: Cluster, kind: tuple[str, str], name: str, namespace: str) -> Manifest:
    found = cluster.get(*kind, name, namespace)
    assert found is not None
    return found


HOW = ["plans", "program"]


@pytest.fixture(params=HOW)
def stack(request: pytest.FixtureRequest, session: Session, namespace: str) -> Up:
    """A stack for a plan: declared by the engine's own protocol, or by a program's components."""

    def made(plan: Plan) -> Stack:
        name = f"faults.{namespace}"
        if request.param == "plans":
            return session.stack(name, plans=[plan])
        return session.stack(name, program=lambda: export(declare_plans([plan])))

    return made


def failed(stack: Stack, *flags: str) -> list[Diagnostic]:
    with pytest.raises(EngineError) as caught:
        stack.up(*flags)
    return list(caught.value.diagnostics)


def is_exact(stack: Stack) -> bool:
    return stack.up("--skip-preview", "--expect-no-changes").changes.keys() == {"same"}


def test_a_policy_that_denies_one_object(stack: Up, cluster: Cluster, namespace: str) -> None:
    """It is named with the policy and its words; the rest is made, and the next run makes it."""
    plan = planned(namespace)
    with denied(cluster, manifest(plan, "Service", "m0-service-prefill")) as policy:
        [problem] = failed(stack(plan))
        assert problem.code == "admission-denied"
        for word in ("m0-service-prefill", "Service", policy, REASON):
            assert word in f"{problem.summary} {problem.notes}"
        # Of what a program of one's own declares and was never made, only Pulumi's name is known.
        assert not stack(plan).plans or f'in namespace "{namespace}"' in problem.summary
        assert live(cluster, plan) == wanted(plan) - {("Service", "m0-service-prefill")}
    stack(plan).up()
    assert live(cluster, plan) == wanted(plan)
    assert is_exact(stack(plan))


def test_a_quota_without_room(session: Session, cluster: Cluster, namespace: str) -> None:
    """Each object that has no room is named, with the quota; all others are made."""
    plan = planned(namespace)
    stack = session.stack(f"quota.{namespace}", plans=[plan])
    with quota(cluster, namespace, count_deployments_apps="1") as name:
        problems = failed(stack)
        assert [one.code for one in problems] == ["quota-exceeded"] * 2
        assert all(f'"{name}"' in one.summary and f"-n {namespace}" in one.help for one in problems)
        missing = wanted(plan) - live(cluster, plan)
        assert len(missing) == 2 and {kind for kind, _ in missing} == {"Deployment"}
    stack.up("--skip-preview")
    assert is_exact(stack)


def test_a_replacement_that_is_denied_deletes_nothing(
    session: Session, cluster: Cluster, namespace: str
) -> None:
    """What may not be made again stays, and what depends on it is done."""
    plan = planned(namespace, "one", frozen=True)
    session.stack(f"kept.{namespace}", plans=[plan]).up("--skip-preview")
    uid = get(cluster, CONFIG_MAP, "m0-settings", namespace)["metadata"]["uid"]
    later = planned(namespace, "two", frozen=True, replicas=3)
    stack = session.stack(f"kept.{namespace}", plans=[later])
    with denied(cluster, manifest(plan, "ConfigMap", "m0-settings")):
        [problem] = failed(stack)
    assert problem.code == "admission-denied"
    assert get(cluster, CONFIG_MAP, "m0-settings", namespace)["metadata"]["uid"] == uid
    assert get(cluster, DEPLOYMENT, "m0-decode", namespace)["spec"]["replicas"] == 3
    stack.up()
    assert get(cluster, CONFIG_MAP, "m0-settings", namespace)["data"] == {"ours": "two"}


@pytest.mark.parametrize(
    ("stack", "manager"),
    [("plans", "kubectl-edit"), ("plans", "somebody"), ("program", "somebody")],
    indirect=["stack"],
)
def test_fields_of_another_manager(
    manager: str, stack: Up, cluster: Cluster, namespace: str
) -> None:
    """One rule for all kinds: the field, who set it and when are told, nothing of it is written,
    the rest is done; forced, it is ours.
    """
    stack(planned(namespace)).up("--skip-preview")
    for kind, name, spec in (
        (DEPLOYMENT, "m0-decode", {"spec": {"template": {"spec": image("theirs")}}}),
        (CONFIG_MAP, "m0-settings", {"data": {"ours": "theirs"}}),
    ):
        metadata = {"name": name, "namespace": namespace}
        made = {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata, **spec}
        cluster.apply(made, field_manager=manager, force=True)

    def values() -> tuple[str, str, int]:
        decode = get(cluster, DEPLOYMENT, "m0-decode", namespace)
        prefill = get(cluster, DEPLOYMENT, "m0-prefill", namespace)
        settings = get(cluster, CONFIG_MAP, "m0-settings", namespace)
        found = decode["spec"]["template"]["spec"]["containers"][0]["image"]
        return found, settings["data"]["ours"], len(prefill["spec"]["template"]["spec"])

    theirs = values()
    # Not changed by us, it is drift and no conflict.
    assert stack(planned(namespace)).up("--skip-preview").changes.keys() == {"same"}
    plan = planned(namespace, "ours", container={"image": "example.com/ours"})
    problems = {one.summary: one for one in failed(stack(plan))}
    assert {one.code for one in problems.values()} == {"field-conflict"}
    assert values() == theirs
    told = " ".join(problems)
    year = get(cluster, CONFIG_MAP, "m0-settings", namespace)["metadata"]["creationTimestamp"][:11]
    for word in (
        f'ConfigMap "m0-settings" in namespace "{namespace}": data.ours was set by "{manager}" at',
        f'Deployment "m0-decode" in namespace "{namespace}": spec.template.spec.containers',
        year,
    ):
        assert word in told
    assert all("--force-conflicts" in one.help for one in problems.values())

    stack(plan).forced().up()
    assert values()[:2] == ("example.com/ours", "ours")
    assert is_exact(stack(plan))


def image(name: str) -> Manifest:
    container = model_service("x", "x")["spec"]["decode"]["containers"][0]
    return {"containers": [{"name": container["name"], "image": f"example.com/{name}"}]}


def test_kubectl_without_a_preview(session: Session, cluster: Cluster, namespace: str) -> None:
    """The plugin would take over what kubectl set; without its preview we ask the server."""
    session.stack(f"quick.{namespace}", plans=[planned(namespace)]).up("--skip-preview")
    metadata = {"name": "m0-settings", "namespace": namespace}
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    cluster.apply({**theirs, "data": {"ours": "theirs"}}, field_manager="kubectl", force=True)
    stack = session.stack(f"quick.{namespace}", plans=[planned(namespace, "ours", replicas=3)])
    [problem] = failed(stack, "--skip-preview")
    assert problem.code == "field-conflict" and 'data.ours was set by "kubectl"' in problem.summary
    assert get(cluster, CONFIG_MAP, "m0-settings", namespace)["data"] == {"ours": "theirs"}
    assert get(cluster, DEPLOYMENT, "m0-decode", namespace)["spec"]["replicas"] == 3


def test_a_pool_that_joins_a_picker(session: Session, cluster: Cluster, namespace: str) -> None:
    """The picker is to restart with it, so what somebody has set of it is in the way."""
    base = base_config(namespace)
    alone = {key: text for key, text in base["data"].items() if key != "inferencePool"}

    def stack(data: Manifest) -> Stack:
        service, options = model_service(namespace, "m0"), PlanOptions(namespace=namespace)
        plan = plan_model_service(service, {**base, "data": data}, options)
        return session.stack(f"pool.{namespace}", plans=[plan])

    def containers() -> list[Manifest]:
        template = get(cluster, DEPLOYMENT, "m0-epp", namespace)["spec"]["template"]
        return list(template["spec"]["containers"])

    stack(alone).up()
    theirs = {"name": containers()[0]["name"], "image": "example.com/theirs"}
    cluster.server.request(
        "PATCH",
        cluster.resource(*DEPLOYMENT).path(namespace, "m0-epp"),
        params={"fieldManager": "kubectl-set"},
        body={"spec": {"template": {"spec": {"containers": [theirs]}}}},
        content_type="application/strategic-merge-patch+json",
    )
    assert [problem.code for problem in failed(stack(base["data"]))] == ["field-conflict"]
    assert containers()[0]["image"] == "example.com/theirs"


def test_an_immutable_config_map_changes(stack: Up, cluster: Cluster, namespace: str) -> None:
    """It is replaced, also by one that can be changed, and the pods that read it start again."""
    reads = {"envFrom": [{"configMapRef": {"name": "m0-settings"}}]}

    def apply(settings: str, *, frozen: bool) -> tuple[str, str, str, int]:
        stack(planned(namespace, settings, frozen, container=reads)).up()
        found = get(cluster, CONFIG_MAP, "m0-settings", namespace)
        assert found["data"] == {"ours": settings} and bool(found.get("immutable")) == frozen
        decode = get(cluster, DEPLOYMENT, "m0-decode", namespace)
        pods = decode["spec"]["template"]["metadata"].get("annotations") or {}
        prefill = get(cluster, DEPLOYMENT, "m0-prefill", namespace)
        of_settings, of_decode = found["metadata"]["uid"], decode["metadata"]["uid"]
        return of_settings, of_decode, pods.get(CONTENTS, ""), prefill["metadata"]["generation"]

    first = apply("one", frozen=True)
    second = apply("two", frozen=True)
    thawed = apply("three", frozen=False)
    assert len({one[0] for one in (first, second, thawed)}) == 3
    assert {one[1] for one in (first, second, thawed)} == {first[1]}
    assert first[2] != second[2] and first[2] and second[2] and not thawed[2]
    assert {one[3] for one in (first, second, thawed)} == {1}, "it reads something else"


def test_a_count_that_kubectl_would_reset(
    kubeconfig: Path,
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`msvc diff` says so before; handed over, the count stays."""

    def decode(**stated: Any) -> Manifest:
        service = model_service(namespace, "m0")
        del service["spec"]["decode"]["replicas"]
        service["spec"]["decode"] |= stated
        documents = [service, base_config(namespace)]
        (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(documents))
        plan = plan_model_service(*documents, PlanOptions(namespace=namespace))
        return manifest(plan, "Deployment", "m0-decode")

    def warned() -> bool:
        capsys.readouterr()
        assert main(["diff", str(tmp_path)]) == 0
        return "replicas-reset" in capsys.readouterr().err

    def count() -> int:
        return int(get(cluster, DEPLOYMENT, "m0-decode", namespace)["spec"]["replicas"])

    autoscaled = {"autoscaling": {"hpa": {"maxReplicas": 8}}}
    cluster.apply(decode(replicas=3), field_manager="kubectl")
    assert not warned()
    unstated = decode(**autoscaled)
    assert warned()
    cluster.apply(unstated, field_manager="kubectl")
    assert count() == 1

    cluster.apply(decode(replicas=3), field_manager="kubectl")
    names = {key: unstated["metadata"][key] for key in ("name", "namespace")}
    alone = {**unstated, "metadata": names, "spec": {"replicas": 3}}
    cluster.apply(alone, field_manager="handover")
    unstated = decode(**autoscaled)
    assert not warned()
    cluster.apply(unstated, field_manager="kubectl")
    assert count() == 3


DEFINITIONS = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
MODELS = "inferencemodels.inference.networking.x-k8s.io"


def test_a_kind_that_is_missing(
    session: Session,
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """It is left out with a word, everything else is made; once the kind is there it is, too."""
    arguments = ["up", "--skip-preview", *write(namespace, tmp_path, 1)]
    plan = planned(namespace)
    definition = cluster.get(*DEFINITIONS, MODELS)
    assert definition is not None
    for key in ("resourceVersion", "uid", "managedFields", "creationTimestamp", "generation"):
        del definition["metadata"][key]
    cluster.delete(*DEFINITIONS, MODELS)
    cluster.wait(*DEFINITIONS, MODELS, until=lambda found: found is None, timeout=300)
    try:
        assert main(arguments) == 0
        said = capfd.readouterr()
        assert "kind-not-served" in said.out + said.err
        assert 'InferenceModel "m0" is left out' in said.out + said.err
        lacking = [one for one in plan if one.manifest["kind"] != "InferenceModel"]
        assert all(
            cluster.get(
                one.manifest["apiVersion"],
                one.manifest["kind"],
                one.manifest["metadata"]["name"],
                namespace,
            )
            for one in lacking
        )
    finally:
        cluster.create({key: definition[key] for key in definition if key != "status"})
        cluster.wait(*DEFINITIONS, MODELS, until=is_established, timeout=300)
    assert main(arguments) == 0
    assert live(cluster, plan) == wanted(plan)


def write(namespace: str, folder: Path, count: int) -> list[str]:
    services = [model_service(namespace, f"m{number}") for number in range(count)]
    file = folder / "all.yaml"
    file.write_text(yaml.safe_dump_all([*services, base_config(namespace)]))
    return ["-m", str(file), "--stack", f"many.{namespace}"]


def started(arguments: Sequence[str], session: Session, until: str) -> subprocess.Popen[str]:
    """`msvc`, that has just said ``until`` of an object."""
    process = subprocess.Popen(
        [sys.executable, "-m", "msvc_pulumi", *arguments],
        env={**session.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if until in line and "kubernetes:" in line:
            return process
    raise AssertionError("it was too quick")


@pytest.mark.parametrize(
    ("operation", "until", "signals"),
    [
        ("preview", " create", [signal.SIGINT]),
        ("up", " created (", [signal.SIGINT, signal.SIGINT]),
        ("destroy", " deleted (", [signal.SIGTERM]),
    ],
    ids=["preview", "up", "destroy"],
)
def test_interrupted(  # noqa: PLR0917  fixtures
    operation: str,
    until: str,
    signals: list[signal.Signals],
    session: Session,
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
) -> None:
    """No lock is left, no process, no traceback; the next run does what is left, exactly."""
    arguments = write(namespace, tmp_path, SEVERAL)
    plans = [
        plan_model_service(
            model_service(namespace, f"m{number}"),
            base_config(namespace),
            PlanOptions(namespace=namespace),
        )
        for number in range(SEVERAL)
    ]
    stack = session.stack(f"many.{namespace}", plans=plans)
    if operation == "destroy":
        stack.up("--skip-preview")
    flags = ["--skip-preview"] if operation == "up" else []
    with started([operation, *arguments, *flags], session, until) as process:
        for number in signals:
            process.send_signal(number)
            time.sleep(0.1)
        assert process.stdout is not None
        said = process.stdout.read()
    # The second one may come when the engine has ended already.
    assert process.returncode in (3, 130, -signal.SIGINT), said
    assert "error[interrupted]" in said or process.returncode != 3
    assert "Traceback" not in said
    assert not [*stack.backend.workspace.parent.rglob("locks/*/*/*/*.json")]
    if operation == "destroy":
        stack.destroy()
        assert not any(live(cluster, plan) for plan in plans)
        return
    stack.up("--skip-preview")
    assert all(live(cluster, plan) == wanted(plan) for plan in plans)
    assert is_exact(stack)


def test_the_api_server_dies_and_comes_back(
    session: Session,
    control_plane: LocalControlPlane,
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
) -> None:
    """`msvc up` waits for it, and goes on where it was."""
    arguments = write(namespace, tmp_path, 1)
    with started(["up", "--skip-preview", *arguments], session, " creating (") as process:
        back = threading.Thread(
            target=control_plane.restart_server, kwargs={"number": signal.SIGKILL}
        )
        back.start()
        assert process.stdout is not None
        said = process.stdout.read()
        back.join()
    assert process.returncode == 0, said
    plan = planned(namespace)
    assert live(cluster, plan) == wanted(plan)
    assert is_exact(session.stack(f"many.{namespace}", plans=[plan]))
