"""An operator of some namespaces: does its work there with rights there, and nothing elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from accounts import account_kubeconfig
from audit import UNSEEN, Request, requests, verbs
from operator_process import HOME, OperatorProcess, kubeconfig_of
from services import (
    API_VERSION,
    BASE_CONFIG,
    children,
    condition,
    create_namespace,
    eventually,
    get,
    model_service,
    wait_ready,
    work_through,
)
from storageservers import free_port

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.kubeconfig import load_connection
from msvc_pulumi.installation.manifests import NAME, access
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import reviewer_rules
from msvc_pulumi.local import LocalControlPlane

OURS, LATE, OTHERS = "ours", "late", "others"
OPTIONS = InstallOptions("example.invalid/operator", HOME, replicas=2, namespaces=(OURS, LATE))
READER = f"{NAME}:{HOME}-metrics-reader"
RBAC = "rbac.authorization.k8s.io/v1"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A control plane without the operator of all namespaces."""
    folder = tmp_path_factory.mktemp("namespaced") / "local"
    with LocalControlPlane(folder, audit=True) as started:
        yield started


@pytest.fixture(scope="module")
def admin(plane: LocalControlPlane) -> Iterator[Cluster]:
    """A client as administrator. The operator has its rights, but for those in one namespace."""
    with plane.cluster() as client:
        client.apply(custom_resource_definition(), force=True)
        eventually(lambda: client.serves(API_VERSION, "ModelService"))
        for name in (HOME, OURS, LATE, OTHERS):
            create_namespace(client, name)
        for manifest in access(OPTIONS):
            if manifest["metadata"].get("namespace") != LATE:
                client.apply(manifest, force=True)
        for name in (OURS, LATE, OTHERS):
            config = {**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": name}}
            client.create(config)
        yield client


@pytest.fixture(scope="module")
def address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def operator(
    plane: LocalControlPlane,
    admin: Cluster,
    address: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[OperatorProcess]:
    """It runs as its Deployment would have it."""
    folder = tmp_path_factory.mktemp("operator")
    kubeconfig = kubeconfig_of(admin, plane.kubeconfig, HOME, folder / "kubeconfig")
    flags = [
        *(f"--namespace={name}" for name in OPTIONS.namespaces),
        *("--leader-elect", f"--leader-election-namespace={HOME}"),
        *(f"--metrics-bind-address={address}", "--metrics-secure"),
    ]
    process = OperatorProcess(kubeconfig, folder, free_port(), *flags)
    process.start()
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.log.read_text()


@pytest.fixture(scope="module")
def worked(plane: LocalControlPlane, admin: Cluster, operator: OperatorProcess) -> list[Request]:
    """What was asked for while the operator did with every kind of child whatever it does with any,
    in one namespace, beside a ModelService in a namespace that is none of the operator's."""
    admin.create(model_service(OTHERS, "ignored"))
    work_through(admin, OURS)
    return [item for item in requests(plane.layout.audit) if item.namespace != LATE]


def test_verbs_granted_are_verbs_used(worked: list[Request]) -> None:
    """Namespace by namespace: nothing was asked for that is not granted there, and what is granted
    was asked for."""
    granted: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for manifest in access(OPTIONS):
        if manifest["kind"].endswith("Role") and manifest["metadata"]["name"] != READER:
            granted[manifest["metadata"].get("namespace", "")] |= verbs(manifest["rules"])
    del granted[LATE]
    used: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for item in worked:
        verb = (item.group, item.resource, item.verb)
        used["" if verb in granted[""] else item.namespace].add(verb)

    unseen = {item[:3] for item in UNSEEN}
    assert not [item for item in worked if item.forbidden]
    assert used.keys() <= granted.keys() | {""}
    assert all(used[space] <= granted[space] for space in granted)
    assert granted[OURS] - used[OURS] <= unseen
    assert granted[HOME] == used[HOME]
    reviews = {verb for verb in granted[""] if verb[0].startswith("auth")}
    assert granted[""] - used[""] <= reviews  # metrics were not read


def test_what_is_elsewhere_is_left_alone(worked: list[Request], admin: Cluster) -> None:
    """A ModelService of another namespace is neither held nor told anything."""
    ignored = get(admin, OTHERS, "ignored")
    assert "status" not in ignored
    assert "finalizers" not in ignored["metadata"]
    assert not children(admin, OTHERS, "ignored")


def test_a_base_config_elsewhere_is_told(admin: Cluster, operator: OperatorProcess) -> None:
    """The condition says what is out of reach and what can be done; nothing is told of it."""
    name = BASE_CONFIG["metadata"]["name"]
    reference = {"name": name, "namespace": OTHERS}
    admin.create(model_service(OURS, "reaching", baseConfigMapRef=reference))

    def told() -> bool:
        found = condition(get(admin, OURS, "reaching"), "Applied")
        return found.get("reason") == "BaseConfigOutOfReach"

    eventually(told)
    message = condition(get(admin, OURS, "reaching"), "Applied")["message"]
    assert f"namespace {OTHERS}" in message
    assert "--namespace" in message
    edit = {"spec": {"baseConfigMapRef": {"namespace": OURS}}}
    admin.patch(API_VERSION, "ModelService", "reaching", OURS, body=edit)
    wait_ready(admin, OURS, ["reaching"])


def test_a_namespace_whose_role_comes_late(admin: Cluster, operator: OperatorProcess) -> None:
    """Without its Role it keeps nobody else from work, and is looked after from then on."""
    assert f"namespace {LATE} is not looked after" in operator.log.read_text()
    admin.create(model_service(LATE, "one"))
    for manifest in access(OPTIONS):
        if manifest["metadata"].get("namespace") == LATE:
            admin.apply(manifest)
    wait_ready(admin, LATE, ["one"])
    admin.delete(API_VERSION, "ModelService", "one", LATE)
    eventually(lambda: not admin.list(API_VERSION, "ModelService", LATE)[0])


def test_metrics_are_for_those_whom_the_cluster_lets(
    plane: LocalControlPlane,
    admin: Cluster,
    operator: OperatorProcess,
    address: str,
    tmp_path: Path,
) -> None:
    """The API server knows the token and its user may get /metrics, or else they stay hidden."""

    def read(account: str) -> int:
        file = account_kubeconfig(admin, plane.kubeconfig, OTHERS, account, tmp_path / account)
        headers = load_connection(file).credential(False)
        return httpx.get(f"https://{address}/metrics", headers=headers, verify=False).status_code

    for account in ("prometheus", "stranger"):
        metadata = {"name": account, "namespace": OTHERS}
        admin.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    subject = {"kind": "ServiceAccount", "name": "prometheus", "namespace": OTHERS}
    role = {"apiGroup": RBAC.partition("/")[0], "kind": "ClusterRole", "name": READER}
    binding = {"apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "prometheus"}}
    admin.create({**binding, "roleRef": role, "subjects": [subject]})

    eventually(lambda: read("prometheus") == 200)
    assert read("stranger") == 403
    url = f"https://{address}/metrics"
    assert httpx.get(url, verify=False).status_code == 401
    wrong = {"Authorization": "Bearer of-nobody"}
    assert httpx.get(url, headers=wrong, verify=False).status_code == 401
    made = [item for item in requests(plane.layout.audit) if item.namespace in ("", HOME)]
    assert {(item.group, item.resource, item.verb) for item in made} >= verbs(reviewer_rules())
    assert not [item for item in made if item.forbidden]
