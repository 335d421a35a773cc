"""What has to be made anew is told from what can be changed, and pods follow what they read."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.out import diff
from msvc_pulumi.out.declaration import declarations
from msvc_pulumi.out.handover import replicas_reset
from msvc_pulumi.plan import Plan, plan_model_service
from msvc_pulumi.target.immutability import CONTENTS, following, immutable_contents, replaced_fields

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "facebook"
Manifest = dict[str, Any]


def config_map(**fields: Any) -> Manifest:
    metadata = {"name": "settings", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **fields}


def of(kind: str, **spec: Any) -> Manifest:
    return {"apiVersion": "x", "kind": kind, "metadata": {"name": "a"}, "spec": spec}


FROZEN = {"immutable": True}


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        (config_map(data={"a": "1"}), config_map(data={"a": "2"}), []),
        (config_map(data={"a": "1"}), config_map(data={"a": "2"}, **FROZEN), []),
        (config_map(data={"a": "1"}, **FROZEN), config_map(data={"a": "2"}, **FROZEN), ["data"]),
        (config_map(data={"a": "1"}, **FROZEN), config_map(data={"a": "1"}), ["immutable"]),
        (config_map(data={}, **FROZEN), config_map(**FROZEN), []),
        (
            config_map(binaryData={"a": "MQ=="}, **FROZEN),
            config_map(data={"a": "1"}, **FROZEN),
            ["data", "binaryData"],
        ),
        (
            of("Deployment", selector={"matchLabels": {"a": "1"}}, replicas=1),
            of("Deployment", selector={"matchLabels": {"a": "2"}}, replicas=2),
            ["spec.selector"],
        ),
        (of("Deployment", selector={}, replicas=1), of("Deployment", selector={}, replicas=2), []),
        (of("Service", clusterIP="None"), of("Service", clusterIP="10.0.0.1"), ["spec.clusterIP"]),
        (of("Service", clusterIP="10.0.0.1"), of("Service", ports=[]), []),
        (
            of("PersistentVolumeClaim", storageClassName="a"),
            of("PersistentVolumeClaim", storageClassName="b"),
            ["spec.storageClassName"],
        ),
    ],
)
def test_what_cannot_be_changed(old: Manifest, new: Manifest, fields: list[str]) -> None:
    """`msvc diff` calls it a replacement, and says for which fields."""
    assert [str(field) for field in replaced_fields(old, new)] == fields
    changes = diff.compare([old], [new])
    assert [change.action for change in changes] == (
        ["replace" if fields else "update"] if old != new else []
    )
    for change in changes:
        assert all(field in str(change) for field in fields)
        assert change.plain().get("replaces", []) == fields


def test_a_live_object_is_compared_with_all_that_cannot_be_changed() -> None:
    """Also where the input does not state it: `immutable` that is taken out, a selector's label."""
    live = config_map(data={"a": "1"}, **FROZEN)
    wanted = config_map(data={"a": "1"})
    assert diff.compare([diff.counterpart(live, wanted)], [wanted])[0].action == "replace"
    labels = {"a": "1", "b": "2"}
    live = of("Deployment", selector={"matchLabels": labels}, replicas=3)
    wanted = of("Deployment", selector={"matchLabels": {"a": "1"}})
    [change] = diff.compare([diff.counterpart(live, wanted)], [wanted])
    assert change.replaces == ("spec.selector",)
    assert "replicas" not in change.text


REFERENCES = [
    {"volumes": [{"name": "v", "configMap": {"name": "settings"}}]},
    {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "settings"}}]}}]},
    {"containers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "settings"}}]}]},
    {
        "initContainers": [
            {
                "name": "c",
                "env": [
                    {
                        "name": "A",
                        "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}},
                    }
                ],
            }
        ]
    },
]


def workload(spec: Manifest, kind: str = "Deployment") -> Manifest:
    template = {"spec": spec}
    made = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "w", "namespace": "shop"}}
    if kind == "LeaderWorkerSet":
        return {**made, "spec": {"leaderWorkerTemplate": {"workerTemplate": template}}}
    return {**made, "spec": {"template": template}}


def marks(manifest: Manifest) -> list[str]:
    text = yaml.safe_dump(manifest)
    return [line.strip() for line in text.splitlines() if CONTENTS in line]


@pytest.mark.parametrize("kind", ["Deployment", "LeaderWorkerSet"])
@pytest.mark.parametrize("spec", REFERENCES)
@given(one=st.text(), two=st.text())
def test_pods_follow_what_they_read(spec: Manifest, kind: str, one: str, two: str) -> None:
    """Other contents are another template, the same contents the same; nothing is changed in
    place.
    """
    reader = workload(spec, kind)
    before = copy.deepcopy(reader)
    first, second = (
        following(reader, immutable_contents([config_map(data={"a": value}, **FROZEN)]))
        for value in (one, two)
    )
    assert (first == second) == (one == two)
    assert marks(first) and reader == before
    assert following(reader, immutable_contents([config_map(data={"a": one})])) == reader
    elsewhere = config_map(data={"a": one}, **FROZEN)
    elsewhere["metadata"]["namespace"] = "other"
    assert following(reader, immutable_contents([elsewhere])) == reader


def planned(*, frozen: bool) -> Plan:
    service, base = (
        yaml.safe_load((SAMPLE / name).read_text()) for name in ("msvc.yaml", "baseconfig.yaml")
    )
    text = "- metadata: {name: settings}\n  data: {a: b}\n"
    base["data"]["configMaps"] = text + ("  immutable: true\n" if frozen else "")
    container = service["spec"]["decode"]["containers"][0]
    container["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    return plan_model_service(service, base)


def test_what_pulumi_is_told() -> None:
    """Pods of what reads an immutable ConfigMap bear its contents, others not; one that may have
    been immutable is made anew when it is not any more; no declaration is forced.
    """
    for frozen in (True, False):
        told = {one.key: one for one in declarations("m", planned(frozen=frozen))}
        marked = {key for key, one in told.items() if marks(one.properties)}
        assert marked == ({"decodeDeployment"} if frozen else set())
        again = {key for key, one in told.items() if one.replace_on_changes}
        assert again == (set() if frozen else {"configMaps[0]"})
        forced = [key for key, one in told.items() if "patchForce" in str(one.properties)]
        assert not forced


LAST = "kubectl.kubernetes.io/last-applied-configuration"
CLIENT = {"annotations": {LAST: '{"spec": {"replicas": 3}}'}}
SERVER = {
    "managedFields": [
        {"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    ]
}
SCALED = {
    "managedFields": [
        *SERVER["managedFields"],
        {
            "manager": "kube-controller-manager",
            "operation": "Update",
            "subresource": "scale",
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        },
    ]
}


@pytest.mark.parametrize(
    ("metadata", "count", "stated", "is_told"),
    [
        (CLIENT, 3, {}, True),
        (SERVER, 3, {}, True),
        (CLIENT, 1, {}, False),
        (CLIENT, 3, {"replicas": 2}, False),
        (SCALED, 3, {}, False),
        ({}, 3, {}, False),
        ({"annotations": {LAST: "not json"}}, 3, {}, False),
    ],
)
def test_a_count_that_kubectl_would_reset(
    metadata: Manifest, count: int, stated: Manifest, is_told: bool
) -> None:
    live = of("Deployment", replicas=count)
    live["metadata"] |= {"namespace": "shop", **metadata}
    problem = replicas_reset(live, of("Deployment", **stated))
    assert (problem is not None) == is_told
    if problem:
        assert problem.code == "replicas-reset"
        assert '"a"' in problem.summary and "3 replicas" in problem.summary and problem.help


@given(one=st.text(), two=st.text())
def test_a_difference_tells_which_pods_start_again(one: str, two: str) -> None:
    """Those that read an immutable ConfigMap which changes, and no others."""
    other = {**workload({"containers": []}), "metadata": {"name": "o", "namespace": "shop"}}
    reader = workload(REFERENCES[0])
    old, new = (config_map(data={"a": value}, **FROZEN) for value in (one, two))
    changes = diff.compare([old, reader, other], [new, reader, other])
    told = [(change.action, change.identity[3], change.restarts_with) for change in changes]
    again = [("replace", "settings", ()), ("restart", "w", ("settings",))]
    assert told == (again if one != two else [])
    assert all("settings" in str(change) for change in changes)
    edited = {**reader, "metadata": {**reader["metadata"], "labels": {"a": "b"}}}
    *_, change = diff.compare([old, reader], [new, edited])
    assert (change.action, bool(change.restarts_with)) == ("update", one != two)
    assert diff.compare([reader], [old, reader])[-1].action == "restart"  # it comes to be read
