"""What was changed of an object is told from who owns its fields and from their values."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.drift import HIDDEN, Change, ObjectDrift, compared, deleted, summary
from msvc_pulumi.cluster.ownership import disowned
from msvc_pulumi.engine.claims.stackdrift import _applied, _foreseen, suspects
from msvc_pulumi.plan import PlannedObject

CASES = yaml.safe_load((Path(__file__).parent / "drift" / "cases.yaml").read_text())
PLACE = Place("apps/v1", "Deployment", "here", "it")
TIME = "2026-11-30T10:00:00Z"
MANIFEST = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "it",
        "namespace": "here",
        "labels": {"example.com/team": "blue", "app": "it"},
    },
    "spec": {
        "replicas": 2,
        "paused": True,
        "text": "a" * 80 + "?!",
        "containers": [
            {"name": "main", "image": "one"},
            {"name": "second", "resources": {"limits": {"cpu": "1000m"}}},
        ],
    },
}
Manifest = dict[str, Any]


def field_set(value: Any) -> Manifest:
    """What an owner of all of ``value`` owns: lists are known by the names of their items."""
    if isinstance(value, dict):
        return {f"f:{key}": field_set(item) for key, item in value.items()}
    if isinstance(value, list):
        return {keyed(item): {".": {}, **field_set(item)} for item in value}
    return {}


def keyed(item: Manifest) -> str:
    return f"k:{json.dumps({'name': item['name']}, separators=(',', ':'))}"


def entry(fields: Manifest, manager: str = "pulumi-kubernetes-1", **more: Any) -> Manifest:
    operation = "Apply" if manager.startswith("pulumi") else "Update"
    return {"manager": manager, "operation": operation, "time": TIME, "fieldsV1": fields, **more}


def taken(fields: Manifest, steps: list[str]) -> None:
    """Nobody else owns that any more; a set that would be empty is not written down."""
    first, *rest = steps
    if not rest:
        fields.pop(first, None)
    elif first in fields:
        taken(fields[first], rest)
        if not fields[first]:
            del fields[first]


def edited(edits: list[Manifest]) -> Manifest:
    """The applied object after the edits."""
    item = copy.deepcopy(MANIFEST)
    fields = field_set({key: MANIFEST[key] for key in ("metadata", "spec")})
    for name in ("name", "namespace"):
        del fields["f:metadata"][f"f:{name}"]
    entries = [entry(fields)]
    for edit in edits:
        steps = [keyed(step) if isinstance(step, dict) else f"f:{step}" for step in edit["path"]]
        for one in entries:
            taken(one["fieldsV1"], steps)
        put(item, edit["path"], edit["value"])
        if edit["value"] is None:
            continue
        owned = field_set(edit["value"])
        for step in reversed(steps):
            owned = {step: owned}
        extra = {key: edit[key] for key in ("operation", "subresource", "time") if key in edit}
        entries.append(entry(owned, edit["by"], **extra))
    item["metadata"]["managedFields"] = entries
    return item


def put(here: Any, path: list[Any], value: Any) -> None:
    *parents, last = path
    for step in parents:
        here = (
            next(one for one in here if step.items() <= one.items())
            if isinstance(step, dict)
            else here[step]
        )
    if isinstance(last, dict):
        here[:] = [one for one in here if not last.items() <= one.items()]
        here += [value] if value is not None else []
    elif value is None:
        del here[last]
    else:
        here[last] = value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_told(case: Manifest) -> None:
    """Value, owner and time of what a repair restores, takes away and leaves."""
    found = compared(PLACE, MANIFEST, edited(case["edits"]), case.get("ignored", ()))
    told = {
        "restored": found.fields,
        "removed": found.removed,
        "kept": found.kept,
        "left": [one for one in found.left if one not in found.kept],
    }
    for fate, fields in told.items():
        assert sorted(map(str, fields)) == sorted(case.get(fate, ())), fate
    assert found.change is (Change.CHANGED if "restored" in case else Change.NONE)
    plain = found.plain()
    assert [one["path"] for one in plain["restored"]] == [str(one.path) for one in found.fields]
    json.dumps(plain)


def test_one_that_pulumi_never_wrote_is_another() -> None:
    item = {"metadata": {"creationTimestamp": TIME, "managedFields": [entry({}, "kubectl-create")]}}
    found = compared(PLACE, MANIFEST, item)
    assert found.brief() == f"Deployment it was made anew by kubectl-create at {TIME}"


def test_a_summary_is_never_longer_than_an_event() -> None:
    """What does not fit is counted; at least one object is told."""
    edits = [
        {"by": "console", "path": ["spec", name], "value": "x" * 400}
        for name in ("replicas", "paused", "text", "more")
    ]
    spec: Manifest = {**MANIFEST["spec"], "more": 1}  # type: ignore[dict-item]
    big = compared(PLACE, {**MANIFEST, "spec": spec}, edited(edits))
    assert big.brief().endswith("and 1 more")
    several: list[ObjectDrift] = [big, deleted(PLACE), *[big] * 5]
    text = summary(several, 900)
    assert len(text) <= 900
    assert text.startswith("Deployment it: spec.replicas")
    assert text.endswith("more objects")
    assert (
        summary([deleted(PLACE)] * 2, 900) == "Deployment it was deleted; Deployment it was deleted"
    )


def resources(**more: Any) -> Iterator[Manifest]:
    metadata = {"name": "it", "namespace": "here", "uid": "u"}
    yield {
        "urn": "urn:1",
        "type": "kubernetes:apps/v1:Deployment",
        "inputs": MANIFEST,
        "outputs": {**MANIFEST, "metadata": metadata},
        **more,
    }


def test_what_a_state_has_applied() -> None:
    """Its inputs, without secrets; what waits for its deletion or is only read is left out."""
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "v",
    }
    inputs = {**MANIFEST, "data": secret}
    [one] = _applied({"resources": resources(inputs=inputs, ignoreChanges=["spec.replicas"])})
    assert one.manifest["data"] == HIDDEN
    owned = json.dumps(
        {"f:data": {"f:key": {}}, **edited([])["metadata"]["managedFields"][0]["fieldsV1"]}
    )
    assert disowned(one.manifest, owned) == []
    for left_out in ({"delete": True}, {"external": True}, {"type": "kubernetes:core/v1:PodPatch"}):
        assert not list(_applied({"resources": resources(**left_out)}))


def test_suspicion_needs_no_values() -> None:
    """The metadata tell how many objects are to be looked at."""
    state = {"resources": [*resources()]}
    intact = {**edited([])["metadata"], "uid": "u"}
    touched = edited([{"by": "console", "path": ["spec", "replicas"], "value": 7}])["metadata"]
    assert suspects(state, {PLACE: intact}) == 0
    assert suspects(state, {PLACE: {**touched, "uid": "u"}}) == 1
    assert suspects(state, {PLACE: {**intact, "uid": "other"}}) == 1
    assert suspects(state, {}) == 1


def test_what_files_say_by_now_is_told_beside_it() -> None:
    """A field that was edited on both sides becomes what the files say; items keep their names."""
    item = edited(
        [
            {"by": "console", "path": ["spec", "replicas"], "value": 7},
            {
                "by": "console",
                "path": ["spec", "containers", {"name": "main"}, "image"],
                "value": "x",
            },
        ]
    )
    spec: Manifest = copy.deepcopy(MANIFEST["spec"])  # type: ignore[arg-type]
    spec["containers"] = [{"name": "new"}, {"name": "main", "image": "two"}]
    planned = PlannedObject("decodeDeployment", {**MANIFEST, "spec": spec}, (), (), child=None)  # type: ignore[arg-type]
    [applied] = _applied({"resources": resources()})
    found = _foreseen(applied.drift(with_uid(item)), applied, planned, item["metadata"])
    assert {str(one.path): one.wanted for one in found.fields} == {
        "spec.replicas": None,
        "spec.containers[0].image": "two",
    }
    assert 'is "x" instead of "one" (now "two"), changed by console' in found.brief()


def with_uid(item: Manifest) -> Manifest:
    return {**item, "metadata": {**item["metadata"], "uid": "u"}}
