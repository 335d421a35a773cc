"""A template that costs as much as a template may stops nobody but its own ModelService."""

from __future__ import annotations

import copy

from operator_process import OperatorProcess
from services import (
    API_VERSION,
    BASE_CONFIG,
    condition,
    eventually,
    get,
    model_service,
    wait_ready,
)

from msvc_pulumi.cluster import Cluster

ENDLESS = {
    "go": "{{ range until 90000 }}{{ range until 90000 }}{{ sha256sum `x` }}{{ end }}{{ end }}",
    "jinja2": "{% for a in range(90000) %}{% for b in range(90000) %}x{% endfor %}{% endfor %}",
}
DEPENDANTS = 5  # of each


def test_endless_templates_hold_nobody_up(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """While hostile BaseConfigs are edited all the time, another ModelService becomes what it says;
    those that refer to them say why they cannot.
    """
    for dialect, text in ENDLESS.items():
        config = copy.deepcopy(BASE_CONFIG)
        config["metadata"] = {
            "name": dialect,
            "namespace": namespace,
            "annotations": {"llm-d.ai/template-dialect": dialect},
        }
        config["data"] = dict.fromkeys(BASE_CONFIG["data"], text)
        cluster.create(config)
        for number in range(DEPENDANTS):
            reference = {"name": dialect}
            cluster.create(
                model_service(namespace, f"{dialect}-{number}", baseConfigMapRef=reference)
            )
    cluster.create(model_service(namespace, "sound"))
    wait_ready(cluster, namespace, ["sound"])

    decode = model_service(namespace, "sound")["spec"]["decode"]
    for replicas in (1, 2, 1):
        for dialect, text in ENDLESS.items():
            edit = {"data": {"decodeDeployment": f"{text}{replicas}"}}
            cluster.patch("v1", "ConfigMap", dialect, namespace, body=edit)
        edit = {"spec": {"decode": {**decode, "replicas": replicas}}}
        cluster.patch(API_VERSION, "ModelService", "sound", namespace, body=edit)
        wait_ready(cluster, namespace, ["sound"])
        found = cluster.get("apps/v1", "Deployment", "sound-decode", namespace)
        assert found
        assert found["spec"]["replicas"] == replicas

    def told(name: str) -> bool:
        ready = condition(get(cluster, namespace, name), "Ready")
        return ready.get("reason") == "TemplateLimit" and "data." in ready["message"]

    for dialect in ENDLESS:
        for number in range(DEPENDANTS):
            eventually(lambda name=f"{dialect}-{number}": told(name))
