"""The executor that asks the Pulumi Kubernetes Operator, against a real API server with its kinds.

The test writes what that operator writes; the real one is run by tests/real_pko.py.
"""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audit import requests, verbs
from operator_process import OperatorProcess, kubeconfig_of
from pulumi_operator import CRDS, PulumiOperator, Workspace, install_definitions
from services import (
    API_VERSION,
    BASE_CONFIG,
    children,
    create_namespace,
    eventually,
    get,
    is_ready,
    model_service,
)
from strangers import snapshot, stranger

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import ADOPT, Place
from msvc_pulumi.cluster.modelservices import Reference
from msvc_pulumi.components.clusterplan import plan_from_cluster
from msvc_pulumi.components.workspace import refuse_foreign
from msvc_pulumi.engine.session import Session
from msvc_pulumi.installation.manifests import access
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import WORKSPACE_ACCOUNT, stack_rules
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.operator.executor import Key, Outcome, Work
from msvc_pulumi.operator.pko import mirror, pursuit
from msvc_pulumi.operator.pko.executor import PkoExecutor
from msvc_pulumi.operator.pko.names import STACK, Names, account_of
from msvc_pulumi.operator.pko.settings import WorkspaceSettings
from msvc_pulumi.operator.pko.stackobject import stack_object
from msvc_pulumi.operator.planning.planners import Planners
from msvc_pulumi.operator.stacks.inspection import Inspector
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren
from msvc_pulumi.plan import PlanOptions
from msvc_pulumi.target.reach import ALLOWED_NAMESPACES, Reach

pytestmark = pytest.mark.skipif(
    not CRDS.is_dir(),
    reason="the Pulumi Kubernetes Operator's CustomResourceDefinitions are not beside the checkout",
)

HOME = "modelservice-system"
SPACE = f"{HOME}-workspaces"
NUMBERS = itertools.count(1)
RBAC = "rbac.authorization.k8s.io/v1"
OF_STACK = (
    ("v1", "Secret"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "ConfigMap"),
    (RBAC, "Role"),
    (RBAC, "RoleBinding"),
)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A control plane without the operator that the other tests share."""
    with LocalControlPlane(tmp_path_factory.mktemp("pko") / "local", audit=True) as started:
        yield started


@pytest.fixture(scope="module")
def cluster(plane: LocalControlPlane) -> Iterator[Cluster]:
    """A client as administrator; everything is installed but the two operators."""
    with plane.cluster() as client:
        install_definitions(client)
        client.apply(custom_resource_definition(), force=True)
        eventually(lambda: client.serves(API_VERSION, "ModelService"))
        for name in (HOME, SPACE):
            create_namespace(client, name)
        for manifest in access(InstallOptions("image", HOME, executor="pko")):
            client.apply(manifest, force=True)
        yield client


@pytest.fixture(scope="module")
def kubeconfig(
    plane: LocalControlPlane, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """That of the operator's own ServiceAccount."""
    return kubeconfig_of(cluster, plane.kubeconfig, HOME, tmp_path_factory.mktemp("sa") / "config")


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A namespace with a BaseConfig."""
    name = f"pko-{next(NUMBERS)}"
    create_namespace(cluster, name)
    cluster.create({**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": name}})
    return name


class Case:
    """One ModelService, the executor under test with its own rights, and Pulumi's operator."""

    def __init__(self, cluster: Cluster, kubeconfig: Path, namespace: str, **settings: Any) -> None:
        self.cluster, self.key = cluster, Key(namespace, "case")
        self.service = cluster.create(model_service(namespace, self.key.name))
        settings = {"patience": 60.0, **settings}
        self.client = Cluster.connect(kubeconfig)
        self.planners = Planners(1)
        self.executor = PkoExecutor(
            self.client,
            WorkspaceSettings("image", **settings),
            Inspector(self.client, OwnedChildren()),
            self.planners,
        )
        self.executor.recover()
        self.pulumi = PulumiOperator(cluster, SPACE, Names(self.key).stack)
        self._thread: threading.Thread | None = None
        self._outcomes: list[Outcome] = []

    def work(self, *, refresh: bool = False) -> Work:
        plan = plan_from_cluster(self.cluster, *self.key, PlanOptions())
        return Work(self.key, plan, refresh=refresh)

    def converge(self, work: Work) -> None:
        """The executor is at it, in a thread as the controller's workers are."""

        def run() -> None:
            self._outcomes.append(self.executor.converge([work])[self.key])

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def outcome(self) -> Outcome:
        assert self._thread is not None
        self._thread.join(90)
        assert not self._thread.is_alive()
        return self._outcomes.pop()

    def finished(self) -> bool:
        return bool(self._outcomes)

    def pod(self) -> dict[str, Any]:
        """The workspace's pod, as the StatefulSet controller makes it."""
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": Names(self.key).pod, "namespace": SPACE},
            "spec": {"containers": [{"name": "pulumi", "image": "image"}]},
        }
        return self.cluster.create(manifest)

    def has_replaced(self, pod: dict[str, Any]) -> bool:
        found = self.cluster.get("v1", "Pod", pod["metadata"]["name"], SPACE)
        return found is None or "deletionTimestamp" in found["metadata"]

    def is_around(self, api_version: str, kind: str, name: str) -> bool:
        namespace = self.key.namespace if name == WORKSPACE_ACCOUNT else SPACE
        found = self.cluster.get(api_version, kind, name, namespace)
        return found is not None and "deletionTimestamp" not in found["metadata"]

    def around(self) -> set[tuple[str, str]]:
        """(kind, name) of what is there of all that a Stack needs around it."""
        own = Names(self.key).stack
        items = [
            (RBAC, "RoleBinding", WORKSPACE_ACCOUNT),
            ("v1", "ServiceAccount", account_of(self.key.namespace)),
            *((kind[0], kind[1], own) for kind in OF_STACK),
        ]
        return {(item[1], item[2]) for item in items if self.is_around(*item)}

    def close(self) -> None:
        self.executor.stop(30)
        self.planners.close()
        self.client.close()


@pytest.fixture(autouse=True)
def short_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that watches ends soon after it was asked to."""
    monkeypatch.setattr(mirror, "WATCH", 2.0)


@pytest.fixture
def case(cluster: Cluster, kubeconfig: Path, namespace: str) -> Iterator[Case]:
    made = Case(cluster, kubeconfig, namespace)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a", {}),
        ("n" * 63, {"storage_class": "fast", "service_account": "own"}),
        ("with.dots.and-" + "x" * 200, {"backend": "s3://bucket/prefix"}),
        ("pod", {"pod": {"nodeSelector": {"a": "b"}}, "environment_secret": "credentials"}),
    ],
)
def test_stacks_are_accepted(
    cluster: Cluster, namespace: str, name: str, settings: dict[str, Any]
) -> None:
    """The API server takes the Stack of any ModelService and settings, with no unknown field."""
    stack = stack_object(
        Key(namespace, name), "uid", "request", WorkspaceSettings("image", **settings)
    )
    path = cluster.resource(*STACK).path(SPACE)
    strict = {"fieldValidation": "Strict", "dryRun": "All"}
    made = cluster.server.request("POST", path, body=stack, params=strict)
    assert made["spec"] == stack["spec"]


def test_success_failure_and_deletion(case: Case) -> None:
    """A request is made, answered and told; what the Stack needs comes before and goes after it."""
    work = case.work()
    assert work.plan is not None
    case.converge(work)
    assert case.pulumi.await_request() == work.plan.hash
    assert len(case.around()) == 4
    case.pulumi.begin()
    case.pulumi.fail("error: [pulumi] Deployment x: spec.template: Required value\nmore")
    failed = case.outcome()
    assert [problem.code for problem in failed.problems] == ["engine-failed"]
    assert "spec.template: Required value" in failed.problems[0].notes[0]
    assert case.executor.knows(case.key)

    # Handed in again, it is not told of the same failure again: Pulumi's operator tries again.
    case.converge(work)
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": work.plan.hash})
    assert case.outcome() == Outcome()
    assert case.pulumi.request == work.plan.hash
    assert case.executor.converge([work]) == {case.key: Outcome()}

    case.converge(Work(case.key, None))
    eventually(lambda: "deletionTimestamp" in case.pulumi.stack["metadata"])
    assert len(case.around()) == 4
    case.pulumi.finalize()
    assert case.outcome() == Outcome()
    assert not case.executor.knows(case.key)
    assert not case.around()


def test_somebody_elses_are_left_alone(case: Case) -> None:
    """Neither the operator asks for, nor the workspace's program declares what would take over an
    object that nobody gave away; with consent both do.
    """
    work = case.work()
    assert work.plan is not None
    accounts = [item.manifest for item in work.plan if item.manifest["kind"] == "ServiceAccount"]
    identity = Place.of(case.cluster.create(stranger(accounts[0])))
    where = (identity.api_version, identity.kind, identity.name, identity.namespace)
    before = snapshot(case.cluster, [where])
    [problem] = case.executor.converge([work])[case.key].problems
    assert problem.code == "object-exists"
    assert not case.executor.knows(case.key)
    assert not case.around()
    with pytest.raises(ClusterError) as caught:
        refuse_foreign(case.cluster, work.plan)
    assert caught.value.diagnostics == (problem,)
    assert snapshot(case.cluster, [where]) == before

    consent = {"metadata": {"annotations": {ADOPT: case.key.name}}}
    case.cluster.patch(*where, body=consent)
    refuse_foreign(case.cluster, work.plan)
    case.converge(work)
    assert case.pulumi.await_request() == work.plan.hash
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": work.plan.hash})
    assert case.outcome() == Outcome()


def test_what_an_earlier_operator_made_is_moved_first(case: Case) -> None:
    """No workspace is asked for it before the operator has taken it over without one."""
    work = case.work()
    assert work.plan is not None
    account = next(item.manifest for item in work.plan if item.manifest["kind"] == "ServiceAccount")
    uid = case.service["metadata"]["uid"]
    owner = {"apiVersion": API_VERSION, "kind": "ModelService", "name": case.key.name, "uid": uid}
    manifest = stranger(account)
    manifest["metadata"]["ownerReferences"] = [owner]
    path = case.cluster.resource("v1", "ServiceAccount").path(case.key.namespace)
    by = {"fieldManager": "manager"}
    case.cluster.server.request_object("POST", path, body=manifest, params=by)
    [problem] = case.executor.converge([work])[case.key].problems
    assert problem.code == "not-adopted"
    assert problem.notes == (f'ServiceAccount "{account["metadata"]["name"]}"',)
    assert not case.executor.knows(case.key)
    assert not case.around()

    alone = Inspector(case.cluster, OwnedChildren())
    [found] = alone.inspect([work], [None])
    assert alone.adopt(work, found)[1] == ()
    case.converge(work)
    assert case.pulumi.await_request() == work.plan.hash
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": work.plan.hash})
    assert case.outcome() == Outcome()


def test_stalled_is_asked_again(case: Case) -> None:
    """Where Pulumi's operator has given up, the next attempt is a request of another value."""
    work = case.work()
    case.converge(work)
    first = case.pulumi.await_request()
    case.pulumi.begin()
    case.pulumi.fail("error: nothing works", failures=3)
    assert not case.outcome().done

    case.converge(work)
    assert case.pulumi.await_request(other_than=first) == f"{first}.1"
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": first})
    assert case.outcome().done


def test_a_workspace_that_cannot_start_is_told(case: Case) -> None:
    """A stall that no update is to blame for is a diagnostic with what the operator says of it."""
    case.converge(case.work())
    first = case.pulumi.await_request()
    case.pulumi.stall("WorkspaceFailed", "InstallationFailed: no pip")
    [problem] = case.outcome().problems
    assert problem.code == "workspace-failed"
    assert "no pip" in problem.summary

    pod = case.pod()
    case.converge(case.work())
    eventually(lambda: case.has_replaced(pod))
    case.pulumi.await_request(other_than=first)
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": first})
    assert case.outcome().done


def test_an_orphan_lock_is_freed(case: Case) -> None:
    """A lock of nobody has the pod replaced, whose start frees it; nothing is told of it."""
    pod = case.pod()
    case.converge(case.work())
    request = case.pulumi.await_request()
    case.pulumi.begin()
    case.pulumi.fail("error: the stack is currently locked by 1 lock(s)")
    eventually(lambda: case.has_replaced(pod))
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": request})
    assert case.outcome().done


def test_a_lost_update_is_cleared(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A status that speaks of an Update which is gone is corrected, and the request made anew."""
    monkeypatch.setattr(pursuit, "LOST", 0.0)
    case.converge(case.work())
    request = case.pulumi.await_request()
    case.pulumi.begin(lost=True)
    eventually(lambda: "currentUpdate" not in case.pulumi.stack["status"])
    assert case.pulumi.await_request(other_than=request) == f"{request}.1"
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": request})
    assert case.outcome().done


def test_an_update_that_hangs_is_ended(cluster: Cluster, kubeconfig: Path, namespace: str) -> None:
    """Past the limit its pod is replaced, and its failure tells that it took too long."""
    case = Case(cluster, kubeconfig, namespace, update_limit=1.0)
    pod = case.pod()
    case.converge(case.work())
    case.pulumi.await_request()
    case.pulumi.begin()
    eventually(lambda: case.has_replaced(pod))
    case.pulumi.fail("error: update canceled")
    assert case.outcome().problems[0].code == "update-too-long"
    case.close()


def test_a_missing_account_is_made_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace that cannot check its callers gets its account back; if in vain, that is told."""
    monkeypatch.setattr(pursuit, "ACCESS", 6.0)
    account = ("v1", "ServiceAccount", account_of(case.key.namespace))
    case.converge(case.work())
    case.pulumi.await_request()
    case.cluster.delete(*account, SPACE)
    case.pulumi.workspace("Unauthenticated", "TokenReview API is unavailable")
    eventually(lambda: case.is_around(*account))
    assert [problem.code for problem in case.outcome().problems] == ["workspace-unauthenticated"]


def test_silence_is_told(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks at Stacks, the diagnostic says that the operator is missing."""
    monkeypatch.setattr(pursuit, "SILENCE", 1.0)
    case.converge(case.work())
    assert [problem.code for problem in case.outcome().problems] == ["pko-silent"]


def test_what_was_applied_is_compared(case: Case) -> None:
    """An edit between request and run is no failure; a program of another mind is one."""
    work = case.work()
    case.converge(work)
    case.pulumi.await_request()
    edit = {"spec": {"modelArtifacts": {"uri": "hf://another/model"}}}
    case.cluster.patch(API_VERSION, "ModelService", case.key.name, case.key.namespace, body=edit)
    newer = case.work()
    assert newer.plan is not None and work.plan is not None and newer.plan.hash != work.plan.hash
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": newer.plan.hash})
    assert case.outcome().done

    edit["spec"]["modelArtifacts"]["uri"] = "hf://yet/another"
    case.cluster.patch(API_VERSION, "ModelService", case.key.name, case.key.namespace, body=edit)
    case.converge(case.work())
    case.pulumi.await_request(other_than=work.plan.hash)
    for _ in range(2):  # the first may be two edits
        before = case.pulumi.request
        case.pulumi.begin()
        case.pulumi.succeed({"planHash": "0" * 64})
        eventually(lambda b=before: case.pulumi.request != b or case.finished())
        if not case.finished():
            case.pulumi.await_request(other_than=before)
    assert [problem.code for problem in case.outcome().problems] == ["workspace-differs"]


def test_a_worker_does_not_wait_for_ever(
    cluster: Cluster, kubeconfig: Path, namespace: str
) -> None:
    """What takes longer than the patience is pending, and asks for nothing new when it is back."""
    case = Case(cluster, kubeconfig, namespace, patience=0.5)
    work = case.work()
    assert case.executor.converge([work]) == {case.key: Outcome(pending=True)}
    request = case.pulumi.await_request()
    case.pulumi.begin()
    assert case.executor.converge([work]) == {case.key: Outcome(pending=True)}
    assert case.pulumi.request == request
    case.pulumi.succeed({"planHash": request})
    eventually(lambda: case.executor.converge([work]) == {case.key: Outcome()})
    case.close()


def test_a_namespace_may_go(case: Case) -> None:
    """Where no workspace may do anything any more because its ModelService's namespace goes,
    nothing is held back, and nothing of the Stack stays."""
    case.converge(case.work())
    request = case.pulumi.await_request()
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": request})
    assert case.outcome().done
    assert case.pulumi.stack["spec"]["destroyOnFinalize"] is True

    hold = {"metadata": {"finalizers": ["tests/hold"]}}
    case.cluster.patch(API_VERSION, "ModelService", case.key.name, case.key.namespace, body=hold)
    case.cluster.delete("v1", "Namespace", case.key.namespace)
    case.converge(Work(case.key, None))
    eventually(lambda: "deletionTimestamp" in case.pulumi.stack["metadata"])
    assert case.pulumi.stack["spec"]["destroyOnFinalize"] is False
    case.pulumi.finalize()
    assert case.outcome().done
    assert not case.around()
    free = {"metadata": {"finalizers": None}}
    case.cluster.patch(API_VERSION, "ModelService", case.key.name, case.key.namespace, body=free)


def test_the_namespace_of_the_stacks_may_go(case: Case) -> None:
    """Where no workspace can start any more because its namespace goes, nothing is held back."""
    case.converge(case.work())
    request = case.pulumi.await_request()
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": request})
    assert case.outcome().done

    case.converge(Work(case.key, None))
    eventually(lambda: "deletionTimestamp" in case.pulumi.stack["metadata"])
    assert case.pulumi.stack["spec"]["destroyOnFinalize"] is True
    case.pulumi.stall("NamespaceTerminating", "a workspace cannot be created")
    eventually(lambda: case.pulumi.stack["spec"]["destroyOnFinalize"] is False)
    case.pulumi.finalize()
    assert case.outcome().done


def test_what_is_abandoned_is_left_alone(case: Case) -> None:
    """A forgotten Stack goes without its objects being destroyed, and so does all around it."""
    case.converge(case.work())
    request = case.pulumi.await_request()
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": request})
    assert case.outcome().done

    case.executor.forget(case.key)
    assert case.pulumi.stack["spec"]["destroyOnFinalize"] is False
    assert "deletionTimestamp" in case.pulumi.stack["metadata"]
    case.pulumi.finalize()
    eventually(lambda: not case.around())


def test_a_base_config_elsewhere_can_be_read(case: Case) -> None:
    """The workspaces' account reads a copy of the ConfigMap of another namespace, nothing there;
    what it plans is the same."""
    elsewhere = f"{case.key.namespace}-platform"
    create_namespace(case.cluster, elsewhere)
    config = {**BASE_CONFIG, "metadata": {"name": "shared", "namespace": elsewhere}}
    case.cluster.create(config)
    edit = {"spec": {"baseConfigMapRef": {"name": "shared", "namespace": elsewhere}}}
    case.cluster.patch(API_VERSION, "ModelService", case.key.name, case.key.namespace, body=edit)
    case.converge(case.work())
    request = case.pulumi.await_request()
    account = f"system:serviceaccount:{SPACE}:{account_of(case.key.namespace)}"
    own = Names(case.key).stack

    def may_read(name: str, namespace: str = SPACE) -> bool:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {
                "user": account,
                "resourceAttributes": {
                    "namespace": namespace,
                    "resource": "configmaps",
                    "name": name,
                    "verb": "get",
                },
            },
        }
        return bool(case.cluster.create(review)["status"]["allowed"])

    eventually(lambda: may_read(own))
    assert not may_read("another")
    assert not may_read("shared", elsewhere)
    copied = plan_from_cluster(case.cluster, *case.key, PlanOptions(), Reference(SPACE, own))
    assert copied.hash == request
    case.pulumi.begin()
    case.pulumi.succeed({"planHash": request})
    assert case.outcome().done
    case.converge(Work(case.key, None))
    eventually(lambda: "deletionTimestamp" in case.pulumi.stack["metadata"])
    case.pulumi.finalize()
    assert case.outcome().done
    assert not case.around()


def test_a_base_config_that_is_not_allowed_cannot_be_read(case: Case) -> None:
    """A workspace is not let read what its ModelService may not use, or may not use any more."""
    elsewhere = f"{case.key.namespace}-closed"
    create_namespace(case.cluster, elsewhere)
    case.cluster.create({**BASE_CONFIG, "metadata": {"name": "shared", "namespace": elsewhere}})
    edit = {"spec": {"baseConfigMapRef": {"name": "shared", "namespace": elsewhere}}}
    case.cluster.patch(API_VERSION, "ModelService", case.key.name, case.key.namespace, body=edit)

    def granted() -> bool:
        name = Names(case.key).stack
        return case.cluster.get("v1", "ConfigMap", name, SPACE) is not None

    work = case.work()
    case.executor.stop(30)
    case.executor = PkoExecutor(
        case.client,
        WorkspaceSettings("image", plan=PlanOptions(reach=Reach())),
        Inspector(case.client, OwnedChildren()),
        case.planners,
    )
    case.executor.recover()
    outcome = case.executor.converge([work])[case.key]
    assert [item.code for item in outcome.problems] == ["base-config-not-allowed"]
    assert not granted() and case.executor.knows(case.key) is False

    allowed = {"metadata": {"annotations": {ALLOWED_NAMESPACES: case.key.namespace}}}
    case.cluster.patch("v1", "ConfigMap", "shared", elsewhere, body=allowed)
    case.converge(case.work())
    case.pulumi.await_request()
    eventually(granted)
    for _ in range(2):
        case.executor.disallow(case.key)
    assert not granted()


@pytest.fixture
def session(
    plane: LocalControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """An engine with its state in a folder of the test's own."""
    for variable in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Session.open(plane.kubeconfig) as opened:
        yield opened


@pytest.fixture(params=["everywhere", "narrow"])
def installed(
    request: pytest.FixtureRequest,
    cluster: Cluster,
    plane: LocalControlPlane,
    kubeconfig: Path,
    namespace: str,
) -> tuple[Path, str]:
    """The operator's kubeconfig and the namespace of its Stacks: of one that may work everywhere,
    and of one with rights in the one namespace only.
    """
    if request.param == "everywhere":
        return kubeconfig, SPACE
    options = InstallOptions("image", request.param, executor="pko", namespaces=(namespace,))
    for name in (options.namespace, options.workspaces):
        create_namespace(cluster, name)
    for manifest in access(options):
        cluster.apply(manifest, force=True)
    file = plane.kubeconfig.with_name("narrow")
    return kubeconfig_of(cluster, plane.kubeconfig, options.namespace, file), options.workspaces


def test_the_whole_way_with_the_real_engine(
    session: Session,
    cluster: Cluster,
    installed: tuple[Path, str],
    namespace: str,
    tmp_path: Path,
) -> None:
    """The operator's process asks, the program runs as the workspaces' account, the status tells.

    Creation, an edit and a deletion; neither account is refused anything.
    """
    kubeconfig, space = installed
    process = OperatorProcess(
        kubeconfig,
        tmp_path,
        _free_port(),
        "--executor=pko",
        "--workspace-image=image",
        f"--workspace-namespace={space}",
        f"--namespace={namespace}",
    )
    pulumi = PulumiOperator(cluster, space, Names(Key(namespace, "whole")).stack)
    process.start()
    try:
        workspace = Workspace(
            session, cluster, Path(session.environment["KUBECONFIG"]), tmp_path / "workspace"
        )
        cluster.create(model_service(namespace, "whole"))
        first = pulumi.await_request()
        pulumi.begin()
        pulumi.succeed(workspace.up(pulumi.stack))
        eventually(lambda: is_ready(get(cluster, namespace, "whole")))
        assert get(cluster, namespace, "whole")["status"]["planHash"] == first

        decode = {**model_service(namespace, "x")["spec"]["decode"], "replicas": 3}
        edit = {"spec": {"decode": decode}}
        cluster.patch(API_VERSION, "ModelService", "whole", namespace, body=edit)
        pulumi.await_request(other_than=first)
        pulumi.begin()
        pulumi.succeed(workspace.up(pulumi.stack))
        eventually(lambda: is_ready(get(cluster, namespace, "whole")))
        assert get(cluster, namespace, "whole")["status"]["decodeReady"] == "3/3"

        cluster.delete(API_VERSION, "ModelService", "whole", namespace)
        eventually(lambda: "deletionTimestamp" in pulumi.stack["metadata"])
        assert get(cluster, namespace, "whole")["metadata"]["finalizers"]
        workspace.destroy(pulumi.stack)
        assert not children(cluster, namespace, "whole")
        pulumi.finalize()
        eventually(lambda: cluster.get(API_VERSION, "ModelService", "whole", namespace) is None)
    finally:
        code = process.stop()
    assert code == 0
    log = process.log.read_text()
    assert "forbidden" not in log.lower()
    assert "Traceback" not in log


def test_verbs_granted_are_verbs_used(plane: LocalControlPlane) -> None:
    """What all of the above took, here last: nothing was refused, beside the Stacks everything that
    is granted was used, and elsewhere nothing was removed but a binding."""
    made = requests(plane.layout.audit)
    beside = {(item.group, item.resource, item.verb) for item in made if item.namespace == SPACE}
    if ("pulumi.com", "stacks/status", "patch") not in beside:
        pytest.skip("only some of the tests ran")
    assert not [item for item in made if item.forbidden]
    assert beside <= verbs(stack_rules())
    assert verbs(stack_rules()) - beside <= {
        ("pulumi.com", "stacks", "create"),  # the API server logs an apply as patch
        ("", "configmaps", "create"),
        ("", "configmaps", "get"),  # the Role of a copy's reader grants it
        ("", "persistentvolumeclaims", "get"),  # while one of before is still going
    }
    removed = {
        (item.resource, item.name)
        for item in made
        if item.verb == "delete" and item.namespace != SPACE
    }
    assert removed == {("rolebindings", WORKSPACE_ACCOUNT)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
