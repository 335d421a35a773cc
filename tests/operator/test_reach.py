"""Outside a ModelService's namespace: refused, allowed by its owner, or allowed by a flag."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from operator_process import OperatorProcess
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
)

from msvc_pulumi.cluster import Cluster

ALLOWED = "llm-d.ai/allowed-namespaces"
SECRET = "not-for-the-eyes-of-others"


@pytest.fixture
def platform(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A namespace of somebody else."""
    name = f"{namespace}-platform"
    create_namespace(cluster, name)
    yield name
    cluster.delete("v1", "Namespace", name)


@contextmanager
def started_with(operator: OperatorProcess, *flags: str) -> Iterator[None]:
    """The operator runs with ``flags``, and afterwards without them again."""
    operator.stop()
    operator.flags = flags
    operator.start()
    try:
        yield
    finally:
        operator.stop()
        operator.flags = ()
        operator.start()


def config(namespace: str, name: str, allowed: str = "", **data: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if allowed:
        metadata["annotations"] = {ALLOWED: allowed}
    return {**BASE_CONFIG, "metadata": metadata, "data": {**BASE_CONFIG["data"], **data}}


def referring(namespace: str, name: str, where: str, config: str) -> dict[str, Any]:
    reference = {"namespace": where, "name": config}
    return model_service(namespace, name, baseConfigMapRef=reference)


def reason(cluster: Cluster, namespace: str, name: str, kind: str = "Applied") -> str:
    return str(condition(get(cluster, namespace, name), kind).get("reason", ""))


def events(cluster: Cluster, namespace: str, name: str) -> list[dict[str, Any]]:
    listed, _ = cluster.list("v1", "Event", namespace)
    return [item for item in listed if item["involvedObject"]["name"] == name]


def allow(cluster: Cluster, namespace: str, name: str, value: str | None) -> None:
    body = {"metadata": {"annotations": {ALLOWED: value}}}
    cluster.patch("v1", "ConfigMap", name, namespace, body=body)


def test_a_base_config_is_its_owners_to_allow(
    operator: OperatorProcess, cluster: Cluster, namespace: str, platform: str
) -> None:
    """Without the annotation there is the answer of a ConfigMap that does not exist; with it the
    ModelService becomes ready; once it is withdrawn what was made stays, until it is deleted.
    """
    cluster.create(config(platform, "shared"))
    cluster.create(config(platform, "others", allowed="somebody-else"))
    names = {"one": "shared", "two": "others", "three": "missing"}
    for name, referred in names.items():
        cluster.create(referring(namespace, name, platform, referred))
    for name in names:
        eventually(lambda name=name: reason(cluster, namespace, name) == "BaseConfigNotAllowed")

    told = set()
    for name, referred in names.items():
        found = [
            condition(get(cluster, namespace, name), kind)
            for kind in ("BaseConfigResolved", "Applied", "Ready")
        ]
        assert {item["status"] for item in found} == {"False"}
        assert {item["reason"] for item in found} == {"BaseConfigNotAllowed"}
        told.add(found[0]["message"].replace(f'"{referred}"', "X"))
        assert [item["reason"] for item in events(cluster, namespace, name)] == [
            "BaseConfigNotAllowed"
        ]
        assert not children(cluster, namespace, name)
    assert len(told) == 1 and ALLOWED in told.pop()

    allow(cluster, platform, "shared", f"x, {namespace}")
    wait_ready(cluster, namespace, ["one"])
    before = {key: item["metadata"]["uid"] for key, item in owned(cluster, namespace)}

    allow(cluster, platform, "shared", None)
    eventually(lambda: reason(cluster, namespace, "one") == "BaseConfigNotAllowed")
    assert "stays as it is" in condition(get(cluster, namespace, "one"), "Applied")["message"]
    assert {key: item["metadata"]["uid"] for key, item in owned(cluster, namespace)} == before
    cluster.delete(API_VERSION, "ModelService", "one", namespace)
    eventually(lambda: cluster.get(API_VERSION, "ModelService", "one", namespace) is None)
    assert not owned(cluster, namespace)
    assert reason(cluster, namespace, "two") == "BaseConfigNotAllowed"


def owned(cluster: Cluster, namespace: str) -> list[tuple[Any, dict[str, Any]]]:
    return list(children(cluster, namespace, "one").items())


def test_no_line_of_it_is_told(
    operator: OperatorProcess, cluster: Cluster, namespace: str, platform: str
) -> None:
    """Neither in a status nor in an Event, also where it may be used; in one's own namespace it
    is, and the section is told wherever it is.
    """
    mistakes = {
        "syntax": f"spec: {{{{ if {SECRET}",
        "unknown": f"spec: {{{{ .Values.{SECRET.replace('-', '')} }}}}",
        "yaml": f"{SECRET}: [",
        "field": f"spec: {{replicas: {SECRET}}}",
        "fails": f'{{{{ fail "{SECRET}" }}}}',
    }
    for name, text in mistakes.items():
        for where in (namespace, platform):
            cluster.create(config(where, name, allowed="*", decodeDeployment=text))
            place = "own" if where == namespace else "foreign"
            cluster.create(referring(namespace, f"{place}-{name}", where, name))

    def has_failed(name: str) -> bool:
        found = condition(get(cluster, namespace, name), "Applied")
        return found.get("status") == "False" and found["reason"] not in ("Applying", "")

    for name in mistakes:
        for place in ("own", "foreign"):
            eventually(lambda full=f"{place}-{name}": has_failed(full))
            eventually(lambda full=f"{place}-{name}": events(cluster, namespace, full))
        told = {
            place: json.dumps(
                [
                    get(cluster, namespace, f"{place}-{name}")["status"],
                    *events(cluster, namespace, f"{place}-{name}"),
                ]
            )
            for place in ("own", "foreign")
        }
        assert SECRET.replace("-", "") in told["own"].replace("-", "")
        assert SECRET.replace("-", "") not in told["foreign"].replace("-", "")
        for text in told.values():
            assert "decodeDeployment" in text
        assert reason(cluster, namespace, f"foreign-{name}") == reason(
            cluster, namespace, f"own-{name}"
        )


def test_objects_are_made_elsewhere_where_a_flag_allows_it(
    operator: OperatorProcess, cluster: Cluster, namespace: str, platform: str
) -> None:
    """Nothing of the ModelService is applied otherwise; what is made elsewhere goes with it."""
    section = "[{metadata: {name: '{{ .ModelServiceName }}-x', namespace: %s}, data: {a: b}}]"
    cluster.create(config(namespace, "there", configMaps=section % platform))
    cluster.create(config(namespace, "further", configMaps=section % "kube-system"))
    cluster.create(config(platform, "shared"))
    cluster.create(referring(namespace, "there", namespace, "there"))
    cluster.create(referring(namespace, "further", namespace, "further"))
    cluster.create(referring(namespace, "here", platform, "shared"))
    for name in ("there", "further"):
        eventually(lambda name=name: reason(cluster, namespace, name) == "ForeignNamespace")
        assert not children(cluster, namespace, name)
    assert cluster.get("v1", "ConfigMap", "there-x", platform) is None

    flags = (
        f"--allow-object-namespaces={platform},x",
        f"--allow-base-config-namespaces={platform}",
    )
    with started_with(operator, *flags):
        wait_ready(cluster, namespace, ["there", "here"])
        assert cluster.get("v1", "ConfigMap", "there-x", platform)
        eventually(lambda: reason(cluster, namespace, "further") == "ForeignNamespace")
        assert cluster.get("v1", "ConfigMap", "further-x", "kube-system") is None
        # Of a namespace that is everybody's it is told what is missing.
        cluster.create(referring(namespace, "lost", platform, "missing"))
        eventually(lambda: reason(cluster, namespace, "lost") == "BaseConfigNotFound")
        cluster.delete(API_VERSION, "ModelService", "there", namespace)
        eventually(lambda: cluster.get(API_VERSION, "ModelService", "there", namespace) is None)
        assert cluster.get("v1", "ConfigMap", "there-x", platform) is None


def test_what_has_an_effect_elsewhere_is_refused(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Addresses of the whole cluster, and credentials of it; the ModelService's own spec too."""
    address = "spec: {externalIPs: [192.0.2.1], ports: [{port: 80}]}"
    cluster.create(config(namespace, "address", decodeService=address))
    cluster.create(referring(namespace, "address", namespace, "address"))
    credentials = copy.deepcopy(model_service(namespace, "credentials"))
    trigger = {"type": "cron", "metadata": {"timezone": "UTC"}}
    trigger["authenticationRef"] = {"kind": "ClusterTriggerAuthentication", "name": "everybodys"}
    keda = {"maxReplicaCount": 2, "triggers": [trigger]}
    credentials["spec"]["decode"]["autoscaling"] = {"keda": keda}
    cluster.create(credentials)
    for name, told in (("address", "ForeignAddress"), ("credentials", "ForeignCredentials")):
        eventually(lambda name=name, told=told: reason(cluster, namespace, name) == told)
        assert not children(cluster, namespace, name)
