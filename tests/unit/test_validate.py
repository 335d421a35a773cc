"""Objects against the published schemas: the same words as the package's own check, read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from kubernetes_validate import utils

from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.plan import Plan, PlanOptions
from msvc_pulumi.validation import definitions
from msvc_pulumi.validation import schemas as validate

ROOT = Path(__file__).parents[2]
VERSIONS = ("1.30", "1.36")


@pytest.fixture(scope="module")
def plan() -> Plan:
    (plan,) = plan_inputs(load_inputs([str(ROOT / "samples/facebook")]), PlanOptions()).plans
    return plan


def put(manifest: dict[str, Any], *steps: str | int, value: Any) -> dict[str, Any]:
    """The manifest with ``value`` at the end of ``steps``."""
    changed = deepcopy(manifest)
    place: Any = changed
    for step in steps[:-1]:
        place = place.setdefault(step, {})
    place[steps[-1]] = value
    return changed


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest,
        lambda manifest: put(manifest, "strange", value=1),
        lambda manifest: put(manifest, "metadata", "labels", value=["a"]),
        lambda manifest: put(manifest, "spec", "replicas", value="two"),
        lambda manifest: put(manifest, "kind", value="Nothing"),
    ],
)
def test_the_words_are_those_of_kubernetes_validate(
    plan: Plan, change: Callable[[dict[str, Any]], dict[str, Any]], version: str
) -> None:
    """Every object, right or wrong, is told of as the package's own function would tell of it."""
    for planned in plan:
        if definitions.has_definition(planned.manifest):
            continue
        manifest = change(planned.manifest)
        changed = replace(plan, objects=(replace(planned, manifest=manifest),))
        found = [item.summary for item in validate.validate([changed], version)]
        wanted = []
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            name = f"{manifest['kind']} {manifest['metadata']['name']}"
            wanted = [f"{name}: {error.message}"]
        except kubernetes_validate.SchemaNotFoundError as error:
            wanted = [error.message]
        assert found == wanted


def test_each_schema_is_read_once(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many objects of a kind there are."""
    read: Counter[str] = Counter()
    real = utils.schema_contents

    def counted(file: str, version: str) -> Any:
        read[file] += 1
        return real(file, version)

    monkeypatch.setattr(utils, "schema_contents", counted)

    assert list(validate.validate([plan] * 3, "1.35")) == []

    assert "deployment-apps-v1.json" in {file.rpartition("/")[2] for file in read}
    assert set(read.values()) == {1}
