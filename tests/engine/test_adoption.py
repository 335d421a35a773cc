"""What the original operator made is taken over by `msvc up` as it is, and its fields with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from adoption.seeding import fields, inputs, recorded, seed
from documentedcommands import ROOT, blocks, output_differs, run
from services import eventually

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cli import main
from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.adoption import REPLACE, Adoption
from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.fieldsets import paths
from msvc_pulumi.cluster.replacement import REPLACED
from msvc_pulumi.engine.session import Session
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

SCENARIOS = ("simple", "disaggregated", "edited")
OLD = ("name: OLD", "name: old", "name: nixl")  # what is dropped after the adoption
KEPT = {"spec.replicas", "spec.template.spec.affinity"}
ROLE = "epp-role"  # that the original operator was told of
SERVICE = ("llm-d.ai/v1alpha1", "ModelService")
Object = dict[str, Any]
Objects = dict[tuple[str, str], Object]


@pytest.fixture(scope="module")
def defined(cluster: Cluster) -> Iterator[None]:
    """ModelServices can be made, and nobody looks after them."""
    definition = custom_resource_definition()
    cluster.apply(definition, force=True)  # other tests have one from elsewhere
    eventually(lambda: cluster.serves(*SERVICE))
    yield
    name = definition["metadata"]["name"]
    cluster.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)


@pytest.fixture
def seeded(defined: None, cluster: Cluster, namespace: str, request: Any) -> tuple[str, Object]:
    """A scenario, and its ModelService in the cluster, with the pods of its Deployments running."""
    service, _ = seed(cluster, request.param, namespace)
    eventually(lambda: settled(cluster, namespace))
    return request.param, service


def settled(cluster: Cluster, namespace: str) -> bool:
    return all(
        item.get("status", {}).get("availableReplicas", 0) == item["spec"]["replicas"]
        and item["status"]["observedGeneration"] == item["metadata"]["generation"]
        for item in cluster.list("apps/v1", "Deployment", namespace)[0]
    )


def planned(scenario: str, namespace: str, *, drop: bool = False, role: str = ROLE) -> Plan:
    service, config = inputs(scenario, namespace)
    if drop:
        config["data"] = {key: without_old(text) for key, text in config["data"].items()}
    return plan_model_service(
        service, config, PlanOptions(namespace=namespace, epp_cluster_role=role)
    )


def without_old(text: str) -> str:
    """A section without what a scenario calls old: an env, a port, a label, data, and a probe."""
    lines = iter(text.splitlines())
    kept: list[str] = []
    for line in lines:
        if line.endswith(OLD):
            next(lines)  # the value, or the number
        elif "livenessProbe" in line and "name: OLD" in text:
            for _ in range(3):
                next(lines)
        elif "OLD:" not in line and "old: label" not in line:
            kept.append(line)
    return "\n".join(kept) + "\n"


def live(cluster: Cluster, items: list[Object], namespace: str) -> Objects:
    found = {}
    for item in items:
        identity = (item["apiVersion"], item["kind"], item["metadata"]["name"], namespace)
        if one := cluster.get(*identity):
            found[item["kind"], item["metadata"]["name"]] = one
    return found


def uids(objects: Objects) -> dict[tuple[str, str], str]:
    return {key: item["metadata"]["uid"] for key, item in objects.items()}


def rollouts(cluster: Cluster, namespace: str) -> dict[str, int]:
    """How many pod templates each Deployment has had."""
    found: dict[str, int] = {}
    for item in cluster.list("apps/v1", "ReplicaSet", namespace)[0]:
        for owner in item["metadata"].get("ownerReferences", ()):
            found[owner["name"]] = found.get(owner["name"], 0) + 1
    return found


def managers(item: Object) -> set[str]:
    return {f"{name}/{subresource}".rstrip("/") for name, _, subresource in fields(item)}


@pytest.mark.parametrize("seeded", SCENARIOS, indirect=True)
def test_seeds_are_what_was_recorded(
    seeded: tuple[str, Object], cluster: Cluster, namespace: str
) -> None:
    """Each field of each object has the manager that it had beside the original operator."""
    scenario, service = seeded
    items = recorded(scenario)
    there = live(cluster, items, namespace)
    for item in items:
        one = there[item["kind"], item["metadata"]["name"]]
        [owner] = item["metadata"]["ownerReferences"]
        assert fields(one, service["metadata"]["uid"]) == fields(item, owner["uid"])


@pytest.mark.parametrize("seeded", SCENARIOS, indirect=True)
def test_up_takes_over_as_it_is(
    seeded: tuple[str, Object], session: Session, cluster: Cluster, namespace: str
) -> None:
    """Nothing is made anew and no pod restarts; fields and objects are Pulumi's and no longer the
    custom resource's, and what others own is theirs. What is dropped then goes, in one rollout.
    """
    scenario, service = seeded
    items = recorded(scenario)
    before, rolled = live(cluster, items, namespace), rollouts(cluster, namespace)
    plan = planned(scenario, namespace)
    places = {(one.manifest["kind"], one.manifest["metadata"]["name"]) for one in plan}
    stack = session.stack(f"adopted.{namespace}", plans=[plan])
    stack.up("--skip-preview")

    after = live(cluster, items, namespace)
    assert uids(after) == uids(before)
    assert rollouts(cluster, namespace) == rolled
    for key, item in after.items():
        theirs = {name for name in managers(before[key]) if name != "manager"}
        if key not in places:  # a leftover
            assert item["metadata"]["ownerReferences"], key
            continue
        assert theirs <= managers(item), key
        assert left_to_predecessor(item) <= KEPT, key
        assert not item["metadata"].get("ownerReferences"), key
        assert (item.get("spec") or {}).get("replicas") == (before[key].get("spec") or {}).get(
            "replicas"
        )
    if scenario == "edited":
        assert by_hand(after["Deployment", "edited-decode"])
        assert after["ConfigMap", "edited-settings"]["data"]["BY_HAND"] == "1"
    else:  # an item by hand in a list is a difference to the plugin, which then removes kubectl's
        assert stack.up("--skip-preview", "--expect-no-changes").changes.keys() == {"same"}

    less = planned(scenario, namespace, drop=True)
    stack = session.stack(f"adopted.{namespace}", plans=[less])
    stack.up("--skip-preview")
    done = live(cluster, items, namespace)
    assert uids(done) == uids(before)
    assert {*grown(rollouts(cluster, namespace), rolled)} <= {0, 1}
    assert not [key for key in places & done.keys() if has_old(done[key])]
    assert stack.up("--skip-preview", "--expect-no-changes").changes.keys() == {"same"}
    if scenario == "edited":
        assert done["Deployment", "edited-decode"]["spec"]["replicas"] == 3

    cluster.delete(*SERVICE, service["metadata"]["name"], namespace)
    leftovers = done.keys() - places
    eventually(lambda: live(cluster, items, namespace).keys() == done.keys() - leftovers)
    stack.destroy()
    eventually(lambda: not live(cluster, items, namespace))


@pytest.mark.parametrize("seeded", ["edited"], indirect=True)
def test_what_is_dropped_with_the_adoption_takes_one_rollout(
    seeded: tuple[str, Object], session: Session, cluster: Cluster, namespace: str
) -> None:
    """Also where the first plan is another than the original operator's last."""
    scenario, _ = seeded
    items = recorded(scenario)
    before, rolled = live(cluster, items, namespace), rollouts(cluster, namespace)
    plan = planned(scenario, namespace, drop=True)
    foreseen = Adoption.of(cluster, plan, {Place.of(one.manifest) for one in plan}).foreseen
    assert [one.place.name for one in foreseen if one.restarts] == ["edited-decode"]
    session.stack(f"adopted.{namespace}", plans=[plan]).up("--skip-preview")
    after = live(cluster, items, namespace)
    assert uids(after) == uids(before)
    assert grown(rollouts(cluster, namespace), rolled) == [1, 0]
    for one in foreseen:
        item = after[one.place.kind, one.place.name]
        assert one.compared[1].get("spec") == item.get("spec"), "what was foreseen"
        assert one.compared[1].get("data") == item.get("data")
        assert not has_old(item)
    assert by_hand(after["Deployment", "edited-decode"])


@pytest.mark.parametrize("seeded", ["disaggregated"], indirect=True)
def test_what_cannot_be_taken_over_waits_for_consent(
    seeded: tuple[str, Object], session: Session, cluster: Cluster, namespace: str
) -> None:
    """A binding to another role is named with what consents to its replacement, and nothing is
    done; with the consent only that one is made anew.
    """
    scenario, _ = seeded
    items = recorded(scenario)
    before = live(cluster, items, namespace)
    plan = planned(scenario, namespace, role="")
    stack = session.stack(f"consent.{namespace}", plans=[plan])
    with pytest.raises(ClusterError) as caught:
        stack.up("--skip-preview")
    [problem] = caught.value.diagnostics
    assert problem.code == "replacement-unconfirmed"
    assert f"{REPLACE}={plan.name}" in problem.help
    untouched = live(cluster, items, namespace)
    assert versions(untouched) == versions(before)

    binding = next(key for key in before if key[0] == "RoleBinding")
    consent = {"metadata": {"annotations": {REPLACE: plan.name}}}
    cluster.patch("rbac.authorization.k8s.io/v1", *binding, namespace, body=consent)
    stack.up("--skip-preview")
    after = live(cluster, items, namespace)
    assert uids(after).items() - uids(before).items() == {
        (binding, after[binding]["metadata"]["uid"])
    }
    assert stack.up("--skip-preview", "--expect-no-changes").changes.keys() == {"same"}


@contextmanager
def nodes_closed(cluster: Cluster) -> Iterator[None]:
    """Meanwhile no new pod becomes available, however quick its kubelet is."""
    nodes = [item["metadata"]["name"] for item in cluster.list("v1", "Node")[0]]

    def close(closed: bool) -> None:
        for name in nodes:
            cluster.patch("v1", "Node", name, body={"spec": {"unschedulable": closed}})

    close(True)
    try:
        yield
    finally:
        close(False)


@pytest.mark.parametrize("seeded", ["edited"], indirect=True)
def test_a_new_selector_keeps_serving(
    seeded: tuple[str, Object], session: Session, cluster: Cluster, namespace: str
) -> None:
    """Pods of the old Deployment stay, and what leads requests to them, until the new one's are
    available; then they go. A run that did not wait for them is finished by the next one.
    """
    scenario, _ = seeded
    service, config = inputs(scenario, namespace)
    service["spec"]["routing"]["modelName"] = "another/model"
    plan = plan_model_service(service, config, PlanOptions(namespace=namespace))
    name = ("apps/v1", "Deployment", "edited-decode", namespace)
    cluster.patch(*name, body={"metadata": {"annotations": {REPLACE: "edited"}}})
    old = cluster.get(*name)
    route = cluster.get("v1", "Service", "edited-service-decode", namespace)
    assert old is not None
    assert route is not None

    adoption = Adoption.of(cluster, plan, {Place.of(one.manifest) for one in plan})
    assert not adoption.problems
    with nodes_closed(cluster):
        [waits] = adoption.carry_out()
    assert waits.code == "replacement-waits"
    left = [item["status"].get("availableReplicas", 0) for item in replaced(cluster, namespace)]
    assert sum(left) == 3
    assert cluster.get("v1", "Service", "edited-service-decode", namespace) == route
    new = cluster.get(*name)
    assert new is not None
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert new["spec"]["replicas"] == 3

    eventually(lambda: settled(cluster, namespace))
    stack = session.stack(f"serving.{namespace}", plans=[plan])
    attempt_of(stack, plan)
    stack.up("--skip-preview")
    assert not replaced(cluster, namespace)
    route = cluster.get("v1", "Service", "edited-service-decode", namespace)
    assert route is not None
    assert route["spec"]["selector"]["llm-d.ai/model"] == "another-model"
    assert stack.up("--skip-preview", "--expect-no-changes").changes.keys() == {"same"}


@pytest.mark.parametrize("seeded", ["simple"], indirect=True)
def test_a_replacement_that_was_killed_is_finished(
    seeded: tuple[str, Object], session: Session, cluster: Cluster, namespace: str
) -> None:
    """Where the old Deployment is gone and the new one is not there yet, the next run makes it and
    then removes what the old one left.
    """
    name = ("apps/v1", "Deployment", "granite-decode", namespace)
    for item in cluster.list("apps/v1", "ReplicaSet", namespace)[0]:
        body = {"metadata": {"annotations": {REPLACED: "granite-decode"}}}
        cluster.patch("apps/v1", "ReplicaSet", item["metadata"]["name"], namespace, body=body)
    cluster.delete(*name, propagation="Orphan")
    cluster.wait(*name, until=lambda found: found is None, timeout=300)
    assert replaced(cluster, namespace)
    service, config = inputs("simple", namespace)
    service["spec"]["routing"]["modelName"] = "another/model"
    plan = plan_model_service(service, config, PlanOptions(namespace=namespace))
    session.stack(f"killed.{namespace}", plans=[plan]).up("--skip-preview")
    assert cluster.get(*name)
    assert not replaced(cluster, namespace)


@pytest.mark.parametrize("seeded", ["simple"], indirect=True)
def test_the_page_about_moving_holds(
    seeded: tuple[str, Object], session: Session, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    """Its commands do what it says, beside what the original operator made."""
    folder = tmp_path / "models"
    folder.mkdir()
    for item in inputs("simple", namespace):
        (folder / f"{item['kind']}.yaml").write_text(yaml.safe_dump(item))
    before = live(cluster, recorded("simple"), namespace)
    for block in blocks(ROOT / "docs" / "from-llm-d-model-service.md"):
        for command in block.commands if "test_adoption" in block.reason else ():
            if command.text.startswith("msvc "):
                wanted = command.output and command.output.replace("serving", namespace)
                text = command.text.replace("serving", namespace)
                code, printed = run(replace(command, text=text), tmp_path)
                assert code == 0, printed
                assert not output_differs(wanted, printed)
    after = live(cluster, recorded("simple"), namespace)
    assert uids(after) == uids(before)
    assert not [one for one in after.values() if one["metadata"].get("ownerReferences")]


@pytest.mark.parametrize("seeded", ["disaggregated", "edited"], indirect=True)
def test_adopt_shows_what_is_then_done(
    seeded: tuple[str, Object],
    kubeconfig: Path,
    cluster: Cluster,
    namespace: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each object with what becomes of it; it changes none, and what stands in the way is told by
    the exit code and can be allowed.
    """
    scenario, service = seeded
    items = recorded(scenario)
    before = versions(live(cluster, items, namespace))
    name = service["metadata"]["name"]
    command = ["adopt", "--namespace", namespace, "--format", "json", "--exit-code"]
    codes = [main([*command, *more]) for more in ([], ["--epp-cluster-role", ROLE])]
    decoder = json.JSONDecoder()
    text = capsys.readouterr().out
    first, end = decoder.raw_decode(text)
    second, _ = decoder.raw_decode(text[end:].lstrip())
    assert versions(live(cluster, items, namespace)) == before
    actions = {(one["kind"], one["name"]): one["action"] for one in second}
    assert {"adopt"} <= {*actions.values()} <= {"adopt", "left"}
    assert not [one for one in second if one["restarts"]]
    assert codes == [1 if scenario == "disaggregated" else 0, 0]
    left = [one for one in second if one["action"] == "left"]
    if scenario == "edited":
        assert {one["name"] for one in left} == {"edited-prefill", "edited-service-prefill"}
        return
    assert not left
    [binding] = [one for one in first if one["action"] == "replace"]
    assert f"{REPLACE}={name}" in binding["command"]


def attempt_of(stack: Any, plan: Plan) -> None:
    """As a run leaves it that did not come to its end."""
    from msvc_pulumi.engine.claims.attempt import Attempt
    from msvc_pulumi.engine.claims.stackclaims import planned_places

    stack.folder.mkdir(parents=True, exist_ok=True)
    Attempt().begun(planned_places([plan])).keep(stack.folder)


def replaced(cluster: Cluster, namespace: str) -> list[Object]:
    return [
        item
        for item in cluster.list("apps/v1", "ReplicaSet", namespace)[0]
        if REPLACED in item["metadata"].get("annotations", {})
        and not item["metadata"].get("deletionTimestamp")
    ]


def versions(objects: Objects) -> dict[tuple[str, str], str]:
    return {
        key: item["metadata"]["resourceVersion"]
        for key, item in objects.items()
        if key[0] != "Deployment"  # its own controller reports
    }


def grown(now: dict[str, int], before: dict[str, int]) -> list[int]:
    return [count - before[name] for name, count in sorted(now.items())]


def left_to_predecessor(item: Object) -> set[str]:
    return {
        path
        for (name, _, _), own in fields(item).items()
        if name == "manager"
        for path in paths(own)
    }


def has_old(item: Object) -> bool:
    text = str({**item, "metadata": {}, "status": {}})
    return any(old in text for old in ("'OLD'", "'old'", "'nixl'"))


def by_hand(item: Object) -> bool:
    env = item["spec"]["template"]["spec"]["containers"][0]["env"]
    return "BY_HAND" in {one["name"] for one in env} and item["metadata"]["labels"]["by"] == "hand"
