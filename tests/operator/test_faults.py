"""What a cluster refuses the operator: who, which and why are in the status, the rest is applied,
and it heals by itself.
"""

from __future__ import annotations

import copy

from operator_process import OperatorProcess
from refusing import REASON, denied
from services import (
    BASE_CONFIG,
    children,
    condition,
    eventually,
    get,
    model_service,
    planned,
    wait_ready,
)

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.target.immutability import CONTENTS

SETTINGS = """
- metadata:
    name: "{{ .ModelServiceName }}-settings"
  immutable: true
  data:
    ours: "one"
"""


def test_a_policy_denies_one_object(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """The status names the object, the policy and what it says; all others are there."""
    service = {"name": "held-service-prefill", "namespace": namespace}
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": service}
    stated = {**manifest, "spec": {"ports": [{"port": 1}]}}
    with denied(cluster, stated) as policy:
        cluster.create(model_service(namespace, "held"))

        def told() -> bool:
            applied = condition(get(cluster, namespace, "held"), "Applied")
            return applied.get("reason") == "AdmissionDenied" and all(
                word in applied["message"]
                for word in (
                    f'Service "held-service-prefill" in namespace "{namespace}"',
                    policy,
                    REASON,
                )
            )

        eventually(told)
        wanted = planned(get(cluster, namespace, "held"), BASE_CONFIG).keys()
        missing = {("Service", "held-service-prefill")}
        assert children(cluster, namespace, "held").keys() == wanted - missing
    wait_ready(cluster, namespace, ["held"])
    assert children(cluster, namespace, "held").keys() == wanted


def test_an_immutable_config_map_changes(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """It is made anew, and the pods that read it start again, those that do not stay."""
    config = copy.deepcopy(BASE_CONFIG)
    config["metadata"] = {"name": "frozen", "namespace": namespace}
    config["data"]["configMaps"] = SETTINGS
    cluster.create(config)
    service = model_service(namespace, "cold", baseConfigMapRef={"name": "frozen"})
    reads = {"envFrom": [{"configMapRef": {"name": "cold-settings"}}]}
    service["spec"]["decode"]["containers"][0] |= reads
    cluster.create(service)
    wait_ready(cluster, namespace, ["cold"])

    def held() -> tuple[str, str, str]:
        settings = cluster.get("v1", "ConfigMap", "cold-settings", namespace)
        decode = cluster.get("apps/v1", "Deployment", "cold-decode", namespace)
        assert decode
        pods = decode["spec"]["template"]["metadata"]["annotations"]
        value = settings["data"]["ours"] if settings else ""
        return value, decode["metadata"]["uid"], pods[CONTENTS]

    before = held()
    data = {"data": {"configMaps": SETTINGS.replace("one", "two")}}
    cluster.patch("v1", "ConfigMap", "frozen", namespace, body=data)
    eventually(lambda: held()[0] == "two")
    wait_ready(cluster, namespace, ["cold"])
    after = held()
    assert after[1] == before[1] and after[2] != before[2]
