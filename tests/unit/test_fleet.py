"""The fleet: what events say of the cluster, and what of it is news."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.watch.fleet import Fleet

KEY, BASE = Key("ns", "a"), Key("ns", "base")


def service(**metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "a", "namespace": "ns", "uid": "1", "generation": 1, **metadata},
        "spec": {"baseConfigMapRef": {"name": "base"}},
    }


def config(data: dict[str, str], namespace: str = "ns") -> dict[str, Any]:
    return {"metadata": {"name": "base", "namespace": namespace, "uid": "2"}, "data": data}


def deployment(kind: str = "ModelService", version: str = "llm-d.ai/v1alpha1") -> dict[str, Any]:
    owner = {"apiVersion": version, "kind": kind, "name": "a", "uid": "1"}
    metadata = {"name": "a-decode", "namespace": "ns", "ownerReferences": [owner]}
    return {"kind": "Deployment", "metadata": metadata, "spec": {}, "status": {}}


def test_only_what_others_wrote_is_news() -> None:
    """A status or a finalizer, which the operator writes itself, is none; a generation is."""
    fleet = Fleet()
    assert fleet.see_service(service())
    assert not fleet.see_service({**service(finalizers=["x"]), "status": {"planHash": "1"}})
    assert fleet.see_service(service(generation=2))
    assert fleet.see_service(service(generation=2, deletionTimestamp="now"))


def test_one_of_the_same_name_is_news() -> None:
    """A ModelService that was deleted and made again between two events is another one."""
    fleet = Fleet()
    fleet.see_service(service())
    assert fleet.see_service(service(uid="3"))


def test_a_base_config_concerns_those_who_refer_to_it() -> None:
    """New content concerns every dependant, the same content nobody, and so does another's."""
    fleet = Fleet()
    assert fleet.see_base_config(config({"k": "1"})) == set()
    assert fleet.base_config(BASE) is None  # nobody needs it, so it is not kept

    fleet.see_service(service())
    assert fleet.see_base_config(config({"k": "1"})) == {KEY}
    assert fleet.see_base_config(config({"k": "1"})) == set()
    assert fleet.see_base_config(config({"k": "2"})) == {KEY}
    assert fleet.see_base_config(config({"k": "2"}, "other")) == set()
    assert fleet.see_base_config(config({"k": "2"}), gone=True) == {KEY}
    assert fleet.base_config(BASE) is None


def test_a_changed_reference_is_followed() -> None:
    """A ModelService depends on the BaseConfig it names now, and on no other."""
    fleet = Fleet()
    fleet.see_service(service())
    elsewhere = {"spec": {"baseConfigMapRef": {"name": "base", "namespace": "shared"}}}
    fleet.see_service({**service(generation=2), **elsewhere})

    assert fleet.see_base_config(config({"k": "1"})) == set()
    assert fleet.see_base_config(config({"k": "1"}, "shared")) == {KEY}
    fleet.forget_service(KEY)
    assert fleet.see_base_config(config({"k": "2"}, "shared")) == set()


def test_workloads_belong_to_their_owner() -> None:
    """A workload counts for the ModelService that owns it, until it is gone."""
    fleet = Fleet()
    assert fleet.see_workload(deployment()) == KEY
    assert list(fleet.workloads(KEY)) == [("Deployment", "a-decode")]
    assert fleet.see_workload(deployment("ReplicaSet", "apps/v1")) is None
    assert fleet.see_workload(deployment(), gone=True) == KEY
    assert fleet.workloads(KEY) == {}
