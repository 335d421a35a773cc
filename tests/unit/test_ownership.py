"""Whether an object still is what was applied is told from who owns its fields."""

from __future__ import annotations

import time
from typing import Any

import pytest

from msvc_pulumi.cluster.ownership import (
    disowned,
    foreign_fields,
    owned_fields,
    owner_of_field,
)

MANIFEST = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}, "ownerReferences": []},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"x": "y"}},
        "template": {
            "spec": {
                "containers": [
                    {"name": "c", "args": ["--one", "--two"], "ports": [{"containerPort": 80}]}
                ],
            }
        },
    },
}
PORT = 'k:{"containerPort":80,"protocol":"TCP"}'


def fields() -> dict[str, Any]:
    """All that is stated in MANIFEST, as the API server writes it down."""
    container = {
        ".": {},
        "f:name": {},
        "f:args": {},
        "f:ports": {PORT: {".": {}, "f:containerPort": {}}},
    }
    return {
        "f:metadata": {"f:labels": {"f:x": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {"f:spec": {"f:containers": {'k:{"name":"c"}': container}}},
        },
    }


def entry(owned: dict[str, Any], manager: str = "pulumi-kubernetes-1a2b3c4d", **more: Any) -> Any:
    return {"manager": manager, "operation": "Apply", "fieldsV1": owned, **more}


def test_what_was_applied_is_owned() -> None:
    """Defaults in list keys, atomic parts and empty values are no drift."""
    assert disowned(MANIFEST, owned_fields({"managedFields": [entry(fields())]})) == []


@pytest.mark.parametrize(
    ("path", "lost"),
    [
        (("f:spec", "f:replicas"), "spec.replicas"),
        (("f:metadata", "f:labels"), "metadata.labels"),
        (("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"c"}', "f:args"),
         "spec.template.spec.containers[0].args"),
        (("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"c"}', "f:ports", PORT),
         "spec.template.spec.containers[0].ports[0]"),
    ],
)  # fmt: skip
def test_what_somebody_changed_is_named(path: tuple[str, ...], lost: str) -> None:
    """A field that another manager took is told by its path, unless it is ignored."""
    owned = fields()
    here = owned
    for step in path[:-1]:
        here = here[step]
    taken = here.pop(path[-1])
    if not here:  # a mapping that would be empty is not written down
        here["."] = {}
    for step in reversed(path):
        taken = {step: taken}
    metadata = {"managedFields": [entry(owned), entry(taken, "kubectl-edit")]}

    owned, others = owned_fields(metadata), foreign_fields(metadata)
    assert disowned(MANIFEST, owned, foreign=others) == [lost]
    assert disowned(MANIFEST, owned, [lost], others) == []


@pytest.mark.parametrize("subresource", ["", "scale"])
def test_what_was_created_is_owned(subresource: str) -> None:
    """A creation owns what it states, but for zeros that nobody else has stated since."""
    owned = fields()
    del owned["f:spec"]["f:replicas"]
    created = entry(owned, "pulumi-kubernetes", operation="Update")
    assert disowned(MANIFEST, owned_fields({"managedFields": [created]})) == []

    scaled = entry(
        {"f:spec": {"f:replicas": {}}}, "kubectl", operation="Update", subresource=subresource
    )
    metadata = {"managedFields": [created, scaled]}
    found = disowned(MANIFEST, owned_fields(metadata), foreign=foreign_fields(metadata))
    assert found == ["spec.replicas"]


def test_only_what_pulumi_wrote_counts() -> None:
    """Neither another's entry, nor an update of what Pulumi applied, nor a status makes a field
    ours.
    """
    strangers = [
        entry(fields(), "kubectl"),
        entry(fields(), operation="Update"),
        entry(fields(), subresource="status"),
    ]
    assert owned_fields({"managedFields": strangers}) == ""
    assert disowned(MANIFEST, "") == ["metadata"]


def test_the_new_owner_is_told() -> None:
    """Who changed a field is known by the name of its manager."""
    other = entry({"f:spec": {"f:replicas": {}}}, "kubectl-scale", operation="Update")
    metadata = {"managedFields": [entry({}), other]}
    assert owner_of_field(metadata, "spec.replicas") == "kubectl-scale"
    assert owner_of_field(metadata, "spec.selector") == ""


def test_long_lists_are_compared_in_one_go() -> None:
    """What is compared grows with a list, not with its square."""
    names = [f"n{number}" for number in range(3000)]
    owned = {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}, "f:value": {}} for name in names}
    del owned['k:{"name":"n7"}']
    manifest = {"spec": {"env": [{"name": name, "value": "x"} for name in names]}}
    metadata = {"managedFields": [entry({"f:spec": {"f:env": owned}})]}
    began = time.process_time()
    assert disowned(manifest, owned_fields(metadata)) == ["spec.env[7]"]
    assert time.process_time() - began < 1
