"""Who has an object that several ModelServices name, in the operator's fleet."""

from __future__ import annotations

import itertools
import random
import threading
import time
from typing import Any

from msvc_pulumi.document.source import Document
from msvc_pulumi.operator.drift.claimants import Claimants
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.watch.fleet import Fleet, key_of
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren
from msvc_pulumi.plan import Plan, plan_model_service


class Cluster:
    """ModelServices and what exists of them, as the watches tell; ``freed`` are to be tried."""

    def __init__(self) -> None:
        self.fleet, self.children = Fleet(), OwnedChildren()
        self.freed: list[Key] = []
        self.restart()

    def restart(self) -> None:
        """The operator's memory is gone; what the cluster has is not."""
        self.claimants = Claimants(self.fleet, self.children, self.freed.append)

    def add(self, name: str, second: int) -> dict[str, Any]:
        item = service(name, second)
        self.fleet.see_service(item)
        return item

    def remove(self, item: dict[str, Any]) -> None:
        self.fleet.forget_service(key_of(item))
        self.claimants.forget(key_of(item))

    def see(self, item: dict[str, Any], plan: Plan, *, gone: bool = False) -> None:
        """The objects of ``plan`` exist and are those of ``item``, or do not any more."""
        owner = {
            "apiVersion": "llm-d.ai/v1alpha1",
            "kind": "ModelService",
            "name": item["metadata"]["name"],
            "uid": item["metadata"]["uid"],
        }
        for planned in plan:
            metadata = {**planned.manifest["metadata"], "ownerReferences": [owner]}
            self.children.see({**planned.manifest, "metadata": metadata}, gone=gone)
            self.claimants.look(key_of(item))

    def claims(self, item: dict[str, Any], plan: Plan, *, hold: bool = False) -> str:
        """Whom it has to wait for, "" if for nobody."""
        found = self.claimants.claim(item, key_of(item), plan, hold=hold)
        return found.summary if found else ""


def service(name: str, second: int) -> dict[str, Any]:
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {
            "name": name,
            "namespace": "ns",
            "uid": f"uid-{name}",
            "creationTimestamp": f"2026-01-01T00:00:{second:02}Z",
        },
        "spec": {
            "routing": {"modelName": "m"},
            "modelArtifacts": {"uri": "hf://a/b"},
            "decode": {},
        },
    }


def plan_for(item: dict[str, Any], *configs: str) -> Plan:
    named = ", ".join(f"{{metadata: {{name: {config}}}}}" for config in configs)
    base = {"kind": "ConfigMap", "data": {"configMaps": f"[{named}]"}}
    return plan_model_service(Document.of(item, "service"), Document.of(base, "base"))


def test_the_older_comes_first_in_whatever_order_they_are_looked_at() -> None:
    """Of those planned together the oldest goes on, the others when it has gone, one by one."""
    names = ("a.b", "a-b", "a..b")
    for order in itertools.permutations(range(3)):
        cluster = Cluster()
        items = [cluster.add(name, number) for number, name in enumerate(names)]
        plans = [plan_for(item) for item in items]
        for number in order:
            cluster.claims(items[number], plans[number])
        waiting = [cluster.claims(items[n], plans[n], hold=True) for n in order]
        assert [n for n, text in zip(order, waiting, strict=True) if not text] == [0]
        assert all('"a.b"' in text for text in waiting if text)
        for first, second in ((0, 1), (1, 2)):
            cluster.freed.clear()
            cluster.remove(items[first])
            assert key_of(items[second]) in cluster.freed
            passed = [not cluster.claims(items[n], plans[n], hold=True) for n in (1, 2)[first:]]
            assert passed == [True, False][: len(passed)]


def test_equal_times_are_told_apart_by_uid() -> None:
    """The same one comes first in every process."""
    cluster = Cluster()
    items = [cluster.add(name, 0) for name in ("a.b", "a-b")]
    first = min(items, key=lambda item: item["metadata"]["uid"])
    for item in items:
        cluster.claims(item, plan_for(item))
    assert [not cluster.claims(item, plan_for(item), hold=True) for item in items] == [
        item is first for item in items
    ]


def test_what_is_applied_is_kept() -> None:
    """An older one that wants it later waits: nobody takes over what another has."""
    cluster = Cluster()
    older, younger = cluster.add("old", 0), cluster.add("young", 1)
    assert not cluster.claims(younger, plan_for(younger, "x"), hold=True)
    assert not cluster.claims(older, plan_for(older), hold=True)
    assert 'ConfigMap "x"' in cluster.claims(older, plan_for(older, "x"))
    # It keeps what it had before, and wants nothing of the rest of its new plan.
    third = cluster.add("third", 2)
    assert cluster.claims(third, plan_for(older)) and not cluster.claims(third, plan_for(third))
    # The holder changes its plan; the object is free when the cluster has lost it.
    cluster.see(younger, plan_for(younger, "x"))
    assert not cluster.claims(younger, plan_for(younger, "y"), hold=True)
    assert cluster.claims(older, plan_for(older, "x")) and not cluster.freed
    cluster.claimants.settle(key_of(younger), plan_for(younger, "y"))
    assert not cluster.freed  # the watch has not told yet
    cluster.see(younger, plan_for(younger, "x"), gone=True)
    assert cluster.freed == [key_of(older)]
    assert not cluster.claims(older, plan_for(older, "x"), hold=True)


def test_the_result_is_the_same_after_a_restart() -> None:
    """What exists belongs to the one that its owner reference names, whoever is looked at first."""
    for order in itertools.permutations(range(2)):
        cluster = Cluster()
        items = [cluster.add("a.b", 0), cluster.add("a-b", 1)]
        plans = [plan_for(item) for item in items]
        cluster.see(items[1], plans[1])  # the younger was there while the older had no BaseConfig
        cluster.restart()
        found = {n: cluster.claims(items[n], plans[n], hold=True) for n in order}
        assert found[0] and not found[1]
        cluster.see(items[1], plans[1], gone=True)
        cluster.remove(items[1])
        assert key_of(items[0]) in cluster.freed and not cluster.claims(items[0], plans[0])


def test_what_nobody_looks_after_any_more_is_free_when_it_goes() -> None:
    """The plan of its owner changed while no operator ran."""
    cluster = Cluster()
    older, younger = cluster.add("old", 0), cluster.add("young", 1)
    cluster.see(younger, plan_for(younger, "x"))
    cluster.restart()
    assert cluster.claims(older, plan_for(older, "x"))
    now = plan_for(younger)
    assert not cluster.claims(younger, now, hold=True)
    cluster.claimants.settle(key_of(younger), now)
    cluster.see(younger, plan_for(younger, "x"), gone=True)
    assert key_of(older) in cluster.freed and not cluster.claims(older, plan_for(older, "x"))


def test_who_has_no_plan_wants_nothing() -> None:
    """A template that fails, or a BaseConfig that is missing, holds nobody up."""
    cluster = Cluster()
    older, younger = cluster.add("a.b", 0), cluster.add("a-b", 1)
    assert not cluster.claims(older, plan_for(older))
    assert cluster.claims(younger, plan_for(younger))
    cluster.claimants.withdraw(key_of(older))
    assert cluster.freed == [key_of(younger)]
    assert not cluster.claims(younger, plan_for(younger), hold=True)


def test_what_is_had_is_kept_without_a_plan() -> None:
    """A broken template takes nothing away, not even what has no owner reference."""
    cluster = Cluster()
    items = [cluster.add("one", 0), cluster.add("two", 1)]
    data = {"configMaps": "[{metadata: {name: x, namespace: shared}}, {metadata: {name: y}}]"}
    plans = [plan_model_service(item, {"kind": "ConfigMap", "data": data}) for item in items]
    assert not cluster.claims(items[0], plans[0], hold=True)
    cluster.see(items[0], plan_for(items[0], "y"))
    cluster.claimants.settle(key_of(items[0]), plans[0])
    assert cluster.claims(items[1], plans[1])
    cluster.claimants.withdraw(key_of(items[0]))
    cluster.see(items[0], plan_for(items[0], "y"), gone=True)
    assert cluster.claims(items[1], plans[1]) and not cluster.freed


def test_of_another_namespace_no_name_is_told() -> None:
    """Where objects may be made elsewhere, two owners need not know of each other."""
    cluster = Cluster()
    one, other = service("secret-name", 0), service("b", 1)
    other["metadata"]["namespace"] = "other"
    base = {"configMaps": "[{metadata: {name: x, namespace: shared}}]"}
    plans = []
    for item in (one, other):
        cluster.fleet.see_service(item)
        plans.append(plan_model_service(item, {"kind": "ConfigMap", "data": base}))
    assert not cluster.claims(one, plans[0])
    told = cluster.claims(other, plans[1])
    assert told and "secret-name" not in told


def test_never_two_at_once() -> None:
    """Threads that claim, apply, settle and forget at random: an object has one holder at most."""
    cluster = Cluster()
    names = ["a.b", "a-b", "a..b", "c"]
    items = [cluster.add(name, number) for number, name in enumerate(names)]
    plans = [[plan_for(item), plan_for(item, "x"), plan_for(item, "y", "x")] for item in items]
    applying: set[str] = set()
    lock, wrong = threading.Lock(), []

    def work(number: int) -> None:
        chance = random.Random(number)  # noqa: S311
        item, name = items[number], "a-b" if number < 3 else "c"
        for _ in range(150):
            plan = plans[number][0]
            if cluster.claims(item, plan) or cluster.claims(item, plan, hold=True):
                cluster.claimants.withdraw(key_of(item))
                continue
            with lock:
                if name in applying:
                    wrong.append(name)
                applying.add(name)
            time.sleep(chance.random() / 5000)
            with lock:
                applying.discard(name)
            cluster.claimants.settle(key_of(item), plan)
            cluster.claimants.forget(key_of(item))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_thousand_cost_little() -> None:
    """An index, no comparison of all with all."""
    cluster = Cluster()
    items = [cluster.add(f"s-{number}", 0) for number in range(1000)]
    plan = plan_for(items[0], "x")  # of everybody: all but one wait for the same
    began = time.process_time()
    for item in items:
        cluster.claims(item, plan)
    for item in items:
        cluster.claims(item, plan, hold=True)
    assert time.process_time() - began < 2.0
