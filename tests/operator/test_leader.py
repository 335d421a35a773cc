"""Of two replicas that share their state exactly one works, and the other takes over."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from gate import Gate
from operator_process import OperatorProcess, kubeconfig_of
from services import (
    API_VERSION,
    BASE_CONFIG,
    children,
    create_namespace,
    eventually,
    get,
    model_service,
    wait_ready,
)

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.operator.settings import Election

HOME = "modelservice-system"
LEASE = Election(HOME)


@dataclass
class Replica:
    """One of the two, with a network of its own."""

    process: OperatorProcess
    gate: Gate
    health: int

    def leads(self) -> bool:
        name = f'leader_election_master_status{{name="{LEASE.name}"}}'
        return self.process.metric(name) == 1

    def readiness(self) -> str:
        url = f"http://127.0.0.1:{self.health}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=10) as page:
                return str(page.read().decode())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return f"{refusal.code}"

    def times(self, message: str) -> list[float]:
        """When it said so."""
        lines = (json.loads(line) for line in self.process.log.read_text().splitlines())
        return [
            datetime.fromisoformat(line["time"]).timestamp()
            for line in lines
            if line["message"] == message
        ]


class Terms:
    """Everything that the Lease ever said: (holder, acquired, renewed) in order."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.seen: list[tuple[str, float, float]] = []
        threading.Thread(target=self._watch, daemon=True).start()

    def holders(self) -> list[str]:
        """Without repetitions; "" is a Lease that was released."""
        names = [holder for holder, _, _ in self.seen]
        return [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]

    def _watch(self) -> None:
        version = "0"
        while True:
            try:
                for event, lease in self._cluster.watch(
                    "coordination.k8s.io/v1",
                    "Lease",
                    HOME,
                    resource_version=version,
                    fields=f"metadata.name={LEASE.name}",
                ):
                    version = lease["metadata"]["resourceVersion"]
                    if event != "BOOKMARK":
                        spec = lease["spec"]
                        moments = (_moment(spec[key]) for key in ("acquireTime", "renewTime"))
                        self.seen.append((spec["holderIdentity"], *moments))
            except ClusterError:
                return  # the control plane is going down


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def home(cluster: Cluster) -> str:
    """The namespace that the replicas look after."""
    create_namespace(cluster, "elected")
    cluster.create({**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": "elected"}})
    return "elected"


@pytest.fixture(scope="module")
def terms(cluster: Cluster) -> Terms:
    return Terms(cluster)


@pytest.fixture(scope="module")
def account(
    control_plane: LocalControlPlane, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Kubeconfig of the operator's ServiceAccount."""
    folder = tmp_path_factory.mktemp("replicas")
    return kubeconfig_of(cluster, control_plane.kubeconfig, HOME, folder / "kubeconfig")


@pytest.fixture(scope="module")
def replicas(
    operator: OperatorProcess, account: Path, terms: Terms, home: str
) -> Iterator[list[Replica]]:
    """Two replicas, neither of which runs; the operator of the other tests does not either."""
    folder = account.parent
    server = urlsplit(yaml.safe_load(account.read_text())["clusters"][0]["cluster"]["server"])
    assert server.port
    operator.stop()
    gates = [Gate(server.port), Gate(server.port)]
    with gates[0], gates[1]:
        found = []
        for number, gate in enumerate(gates):
            kubeconfig = folder / f"kubeconfig-{number}"
            text = account.read_text().replace(f":{server.port}", f":{gate.port}")
            kubeconfig.write_text(text)
            kubeconfig.chmod(0o600)
            health = _free_port()
            process = OperatorProcess(
                kubeconfig,
                folder,
                _free_port(),
                "--leader-elect",
                f"--leader-election-namespace={HOME}",
                f"--namespace={home}",
                f"--health-probe-bind-address=127.0.0.1:{health}",
                "--log-format=json",
                log=f"log-{number}",
            )
            found.append(Replica(process, gate, health))
        yield found
        for replica in found:
            if replica.process.runs():
                replica.process.stop()
    operator.start()


def leader_and_other(replicas: list[Replica]) -> tuple[Replica, Replica]:
    """The replica that leads and the one that stands by, both running."""
    for replica in replicas:
        if not replica.process.runs():
            replica.gate.open()
            replica.process.start(until='"leader"' if _runs(replicas) else '"ready"')
    eventually(lambda: sum(replica.leads() for replica in replicas) == 1)
    first, second = replicas
    return (first, second) if first.leads() else (second, first)


def _runs(replicas: list[Replica]) -> bool:
    return any(replica.process.runs() for replica in replicas)


def test_the_next_takes_over_when_the_leader_stops(
    replicas: list[Replica], terms: Terms, cluster: Cluster, home: str
) -> None:
    """After a clean stop the other leads without waiting, finds the state and has nothing to do."""
    leader, other = leader_and_other(replicas)
    for name in ("one", "two"):
        cluster.create(model_service(home, name))
    wait_ready(cluster, home, ["one", "two"])
    assert leader.readiness() == "ok\n"
    assert other.readiness().startswith("ok: standing by")
    assert other.process.metric("msvc_status_writes_total") == 0
    before = {key: item["metadata"]["uid"] for key, item in children(cluster, home, "one").items()}

    assert leader.process.stop() == 0
    eventually(other.leads, LEASE.lease_duration)
    eventually(lambda: other.readiness() == "ok\n")
    eventually(lambda: other.process.metric("msvc_queue_depth") == 0)

    assert other.process.metric("msvc_engine_runs_total") == 0
    assert "" in terms.holders()
    edit = {"spec": {"decode": {**model_service(home, "one")["spec"]["decode"], "replicas": 1}}}
    cluster.patch(API_VERSION, "ModelService", "one", home, body=edit)
    eventually(lambda: get(cluster, home, "one")["status"]["decodeReady"] == "1/1")
    after = {key: item["metadata"]["uid"] for key, item in children(cluster, home, "one").items()}
    assert after == before


def test_the_next_takes_over_when_the_leader_is_killed(
    replicas: list[Replica], terms: Terms, cluster: Cluster, home: str
) -> None:
    """Killed in the middle of updates, the leader is succeeded once its lease has expired."""
    leader, other = leader_and_other(replicas)
    names = [f"killed-{number}" for number in range(3)]
    for name in names:
        cluster.create(model_service(home, name))
    eventually(lambda: any(children(cluster, home, name) for name in names))

    leader.process.kill()
    eventually(other.leads)
    wait_ready(cluster, home, names)

    last = terms.seen[-1][0]
    acquired = next(item[1] for item in terms.seen if item[0] == last)
    renewed = max(item[2] for item in terms.seen if item[0] != last and item[1] < acquired)
    assert acquired - renewed >= LEASE.lease_duration


def test_a_leader_that_cannot_renew_ends_before_the_next_begins(
    replicas: list[Replica], cluster: Cluster, home: str
) -> None:
    """Cut off from the API server, the leader ends with its engines, then the other leads."""
    leader, other = leader_and_other(replicas)
    eventually(lambda: leader.process.metric("msvc_active") == 0)
    cluster.create(model_service(home, "cut-off"))
    eventually(leader.process.engines)

    leader.gate.shut()
    code = leader.process.wait(LEASE.lease_duration + 30)
    ended = time.time()

    assert code == 1
    assert not leader.process.engines()
    eventually(other.leads)
    assert other.times("leading")[-1] > ended
    wait_ready(cluster, home, ["cut-off"])


def test_a_replica_with_a_state_of_its_own_ends(
    replicas: list[Replica], tmp_path: Path, home: str
) -> None:
    """It says what is wrong and what replicas need, instead of waiting for its turn."""
    leader, _ = leader_and_other(replicas)
    lonely = OperatorProcess(
        leader.process.kubeconfig,
        tmp_path,
        _free_port(),
        "--leader-elect",
        f"--leader-election-namespace={HOME}",
        f"--namespace={home}",
    )
    lonely.launch()

    assert lonely.wait(60) == 3
    assert "error[leader-state]" in lonely.log.read_text()
    assert "ReadWriteMany" in lonely.log.read_text()


def test_there_was_never_more_than_one(
    replicas: list[Replica], terms: Terms, cluster: Cluster, home: str
) -> None:
    """No term begins before the one before it has ended, and nothing is applied outside of one."""
    leader, other = leader_and_other(replicas)
    for item in cluster.list(API_VERSION, "ModelService", home)[0]:
        cluster.delete(API_VERSION, "ModelService", item["metadata"]["name"], home)
    eventually(lambda: not cluster.list(API_VERSION, "ModelService", home)[0])
    for replica in (other, leader):
        assert replica.process.stop() == 0

    holders = [name for name in terms.holders() if name]
    assert len(holders) == len(set(holders)) >= 4
    begun = [(time, replica.health) for replica in replicas for time in replica.times("leading")]
    for replica in replicas:
        for done in (*replica.times("applied"), *replica.times("removed")):
            assert max(item for item in begun if item[0] < done)[1] == replica.health
