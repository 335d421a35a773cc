"""Zero values as Go prints them or leaves them out."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.schema.encode import encode_zero

NO_TIME = {"metadata": {"creationTimestamp": None}}
POOL = {**NO_TIME, "status": {}}


@pytest.mark.parametrize(
    ("type_name", "stated", "printed"),
    [
        ("core/v1.EnvVar", {"name": "A", "value": ""}, {"name": "A"}),
        ("core/v1.Container", {"name": "c", "args": []}, {"name": "c", "resources": {}}),
        ("core/v1.ServicePort", {"port": 1}, {"port": 1, "targetPort": 0}),
        ("core/v1.ServicePort", {"port": 0}, {"port": 0, "targetPort": 0}),
        ("core/v1.Service", {}, {**NO_TIME, "spec": {}, "status": {"loadBalancer": {}}}),
        ("core/v1.Volume", {"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}),
        ("core/v1.PodSpec", {}, {"containers": None}),
        ("core/v1.PodSpec", {"containers": []}, {"containers": []}),
        ("core/v1.PodSpec", {"hostNetwork": False, "tolerations": []}, {"containers": None}),
        ("core/v1.PodSpec", {"affinity": {}}, {"containers": None, "affinity": {}}),
        ("core/v1.SecurityContext", {"runAsUser": 0}, {"runAsUser": 0}),
        ("core/v1.SecurityContext", {"privileged": False}, {"privileged": False}),
        ("core/v1.ResourceFieldSelector", {"resource": "a"}, {"resource": "a", "divisor": "0"}),
        (
            "meta/v1.OwnerReference",
            {"name": "n"},
            {"apiVersion": "", "kind": "", "name": "n", "uid": ""},
        ),
        (
            "gateway.networking.k8s.io/v1.HTTPRoute",
            {},
            {**NO_TIME, "spec": {}, "status": {"parents": None}},
        ),
        (
            "inference.networking.x-k8s.io/v1alpha2.InferencePool",
            {"spec": {"extensionRef": {"name": "e"}}},
            {
                **NO_TIME,
                "spec": {
                    "extensionRef": {"name": "e", "failureMode": None},
                    "selector": None,
                    "targetPortNumber": 0,
                },
                "status": {},
            },
        ),
        (
            "[]core/v1.ConfigMap",
            [{}, {"data": {"a": ""}}],
            [NO_TIME, {**NO_TIME, "data": {"a": ""}}],
        ),
        ("inference.networking.k8s.io/v1.InferencePool", {"spec": {"selector": {}}}, POOL),
        (
            "inference.networking.k8s.io/v1.InferencePool",
            {"spec": {"selector": {"matchLabels": {}}}},
            {**POOL, "spec": {"selector": {}}},
        ),
        ("core/v1.Container", {"resources": {"limits": {}}}, {"name": "", "resources": {}}),
        ("core/v1.EnvVar", {"name": "A", "value": None}, {"name": "A"}),
    ],
)
def test_zero_values(type_name: str, stated: Any, printed: Any) -> None:
    """omitempty, pointers and structs decide what is printed (semantics.md section 10)."""
    assert encode_zero(type_name, stated) == printed


def test_unknown_keys_are_kept_and_the_argument_stays() -> None:
    """Nothing gets lost, nothing is changed in place."""
    stated = {"name": "c", "future": {"a": 0}}
    assert encode_zero("core/v1.Container", stated) == {**stated, "resources": {}}
    assert stated == {"name": "c", "future": {"a": 0}}
