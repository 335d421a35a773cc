"""What makes an API server refuse single objects, for tests on a real plane."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError

__all__ = ["REASON", "denied", "quota"]

REASON = "not in this house"
API = "admissionregistration.k8s.io/v1"
PATIENCE = 60.0  # seconds until a policy works, or does not any more
Manifest = dict[str, Any]


@contextmanager
def denied(
    cluster: Cluster, manifest: Manifest, operations: Sequence[str] = ("CREATE", "UPDATE")
) -> Iterator[str]:
    """The name of a policy by which the server refuses to write the object of that name, and those
    whose names go on behind it: a preview of a replacement asks for such a one.
    """
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    metadata = manifest["metadata"]
    group, _, version = api_version.rpartition("/")
    name = f"no-{metadata['name']}.{metadata['namespace']}.example.com"
    resource = {
        "apiGroups": [group],
        "apiVersions": [version],
        "operations": [*operations],
        "resources": [f"{kind.lower()}s"],
    }
    policy = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [resource]},
        "validations": [
            {"expression": f"!request.name.startsWith('{metadata['name']}')", "message": REASON}
        ],
    }
    space = {"matchLabels": {"kubernetes.io/metadata.name": metadata["namespace"]}}
    binding = {
        "policyName": name,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": space},
    }
    for made, spec in (("", policy), ("Binding", binding)):
        kind_of_policy = f"ValidatingAdmissionPolicy{made}"
        cluster.apply(
            {"apiVersion": API, "kind": kind_of_policy, "metadata": {"name": name}, "spec": spec}
        )
    probe = {**manifest, "metadata": {k: metadata[k] for k in ("name", "namespace")}}
    is_told_by_writing = {"CREATE", "UPDATE"} <= {*operations}
    if is_told_by_writing:
        _until(cluster, probe, denies=True)
    else:
        time.sleep(3)
    try:
        yield name
    finally:
        cluster.delete(API, "ValidatingAdmissionPolicyBinding", name)
        cluster.delete(API, "ValidatingAdmissionPolicy", name)
        if is_told_by_writing:
            _until(cluster, probe, denies=False)
        else:
            time.sleep(3)


@contextmanager
def quota(cluster: Cluster, namespace: str, **hard: str) -> Iterator[str]:
    """The name of a quota, of which the server knows what is used."""
    name = "few"
    spec = {"hard": {key.replace("_", "/", 1).replace("_", "."): one for key, one in hard.items()}}
    metadata = {"name": name, "namespace": namespace}
    cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec})
    cluster.wait(
        "v1",
        "ResourceQuota",
        name,
        namespace,
        until=lambda found: bool(((found or {}).get("status") or {}).get("used")),
        timeout=60,
    )
    try:
        yield name
    finally:
        cluster.delete("v1", "ResourceQuota", name, namespace)
        cluster.wait("v1", "ResourceQuota", name, namespace, until=lambda o: o is None, timeout=300)


def _until(cluster: Cluster, probe: Manifest, *, denies: bool) -> None:
    end = time.monotonic() + PATIENCE
    while _denies(cluster, probe) != denies:
        assert time.monotonic() < end
        time.sleep(0.2)


def _denies(cluster: Cluster, probe: Manifest) -> bool:
    try:
        cluster.apply(probe, dry_run=True, force=True, field_manager="probe")
    except ClusterError as error:
        return REASON in str(error)
    return False
