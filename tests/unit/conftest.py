"""Cases of what a ModelService yields, as data: ``CASES`` of a test module names their file.

A case has ``spec`` (added to a minimal ModelService), ``base`` (the BaseConfig's data), ``options``
and ``served`` (apiVersion/Kind), and says what it wants: ``objects`` (parts of manifests by key),
``absent`` (keys), ``without`` (paths by key), ``ignored`` and ``depends`` (by key), ``skipped``
(keys) and all ``problems`` (severity, code, field), of which those ``advised`` have a remedy; with
an error there is no plan. ``refusals`` are what the rules say of it (code, field, and whether it is
sure to be refused), by a cluster of ``version``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostic, Diagnostics, ModelServiceError
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.rules.refusals import parse_version, refusals
from msvc_pulumi.target.capabilities import Capabilities

Case = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    file: Path | None = getattr(metafunc.module, "CASES", None)
    if file is not None and "planned_case" in metafunc.fixturenames:
        cases = yaml.safe_load(file.read_text(encoding="utf-8"))
        metafunc.parametrize("planned_case", cases, ids=lambda case: case["name"])


@pytest.fixture
def check_case() -> Callable[[Case], None]:
    """Plans a case and compares everything it wants."""
    return _check


def _check(case: Case) -> None:
    plan, problems = _plan(case)
    found = [[item.severity.value, item.code, str(item.field)] for item in problems]
    assert found == case.get("problems", []), [item.summary for item in problems]
    assert all(item.span is not None for item in problems), "every problem has a place"
    assert all(item.help for item in problems if item.code in case.get("advised", ()))
    if plan is None:
        assert any(severity == "error" for severity, _, _ in found)
        return
    if "refusals" in case:
        version = parse_version(str(case.get("version", "")))
        said = list(refusals(plan, version))
        found = [[item.code, str(item.field), item.refused] for item in said]
        assert found == case["refusals"], [item.summary for item in said]
        assert all(item.span is not None for item in said), "every refusal has a place"
    objects = {planned.key: planned for planned in plan}
    for key, wanted in case.get("objects", {}).items():
        assert key in objects, f"{key} is planned: {sorted(objects)}"
        assert list(_differences(wanted, objects[key].manifest, key)) == []
    for key in case.get("absent", ()):
        assert key not in objects
    for key, paths in case.get("without", {}).items():
        for path in paths:
            assert _at(objects[key].manifest, path) is None, f"{key} has no {path}"
    for key, paths in case.get("ignored", {}).items():
        assert list(objects[key].ignore_changes) == paths
    for key, others in case.get("depends", {}).items():
        assert list(objects[key].depends_on) == others
    assert [skipped.key for skipped in plan.skipped] == case.get("skipped", [])


def _plan(case: Case) -> tuple[Plan | None, list[Diagnostic]]:
    spec = {
        "routing": {"modelName": "acme/tiny"},
        "modelArtifacts": {"uri": "hf://acme/tiny"},
        **case.get("spec", {}),
    }
    service = {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": case.get("service", "demo")},
        "spec": spec,
    }
    base = {"kind": "ConfigMap", "metadata": {"name": "b"}, "data": case.get("base", {})}
    served = case.get("served")
    kinds = None if served is None else [tuple(entry.rsplit("/", 1)) for entry in served]
    options = PlanOptions(
        **case.get("options", {}),
        capabilities=None if kinds is None else Capabilities.of(kinds),
    )
    try:
        plan = plan_model_service(_document(service, "m"), _document(base, "b"), options)
    except ModelServiceError as error:
        return None, list(error.diagnostics)
    return plan, list(plan.diagnostics)


def _document(value: Any, name: str) -> Document:
    text = yaml.safe_dump(value, sort_keys=False)
    return parse(Source(f"{name}.yaml", text), diagnostics=Diagnostics())[0]


def _differences(wanted: Any, found: Any, place: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from _differences(value, found.get(key), f"{place}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (left, right) in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(left, right, f"{place}[{number}]")
    elif wanted != found:
        yield f"{place}: wanted {wanted!r}, found {found!r}"


def _at(value: Any, path: str | list[str]) -> Any:
    for step in path.split(".") if isinstance(path, str) else path:
        value = value[int(step)] if isinstance(value, list) else (value or {}).get(step)
    return value
