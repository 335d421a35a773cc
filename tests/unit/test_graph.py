"""Pictures of plans: whole, true to the manifests, and in SVG without one thing upon another."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.document.sourcefile import Source
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.graph import render
from msvc_pulumi.graph.layout import Rect, layout
from msvc_pulumi.graph.picture import Group, Picture, picture
from msvc_pulumi.graph.wires import Point, Wires
from msvc_pulumi.plan import Plan, plan_model_service
from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.options import PlanOptions

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NAMES = sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir())


@pytest.fixture(scope="module")
def plans() -> dict[str, tuple[Plan, ...]]:
    return {
        name: plan_inputs(load_inputs([str(SAMPLES / name)]), PlanOptions()).plans for name in NAMES
    }


def hostile() -> Plan:
    """A plan with a name that every language would stumble over, and objects elsewhere."""
    name = 'x"];<b>#evil\\ --> ]]>&amp;' + "long-" * 30
    data = {
        "configMaps": f"[{{metadata: {{name: {name!r}, namespace: elsewhere}}}}]".replace(
            "\x07", ""
        ),
        "decodeDeployment": "spec: {template: {spec: {volumes: [{name: a, secret: "
        "{secretName: s}}, {name: b, configMap: {name: c}}], containers: [{name: v, image: i, "
        "envFrom: [{secretRef: {name: t}}], env: [{name: E, valueFrom: {configMapKeyRef: "
        "{name: d, key: k}}}]}]}}}",
        "httpRoute": "spec: {rules: [{backendRefs: [{name: other, port: 1}]}]}",
    }
    service = {
        "kind": "ModelService",
        "apiVersion": "llm-d.ai/v1alpha1",
        "metadata": {"name": "tiny", "namespace": "here"},
        "spec": {
            "routing": {"modelName": "m", "gatewayRefs": [{"name": "g"}, {"name": "h"}]},
            "modelArtifacts": {"uri": "pvc://claim/m"},
            "decode": {"containers": [{"name": "v", "mountModelVolume": True}]},
        },
    }
    return plan_model_service(service, {"kind": "ConfigMap", "data": data}, PlanOptions())


def told(drawn: Picture) -> set[tuple[str, str, str]]:
    """Every arrow as (kind and name, what it does, kind and name)."""
    known = {node.name: f"{node.kind} {node.title}" for node in drawn.nodes}
    return {(known[a.start], str(a.relation), known[a.end]) for a in drawn.arrows}


def test_relations_are_those_of_the_objects(plans: dict[str, tuple[Plan, ...]]) -> None:
    name = "facebook-opt-125m"
    pool, epp = f"InferencePool {name}-inference-pool", f"{name}-epp"
    decode, prefill = f"Deployment {name}-decode", f"Deployment {name}-prefill"
    route, account = f"HTTPRoute {name}-http-route", f"ServiceAccount {name}-sa"
    binding = f"RoleBinding {epp}-rolebinding"
    assert told(picture(plans["facebook"][0], 0)) >= {
        ("Gateway inference-gateway", "routes to", route),
        (route, "routes to", pool),
        (pool, "routes to", f"Service {epp}-service"),
        (pool, "selects", decode),
        (pool, "selects", prefill),
        (f"Service {name}-service-decode", "selects", decode),
        (f"Service {name}-service-prefill", "selects", prefill),
        (f"Service {epp}-service", "selects", f"Deployment {epp}"),
        (binding, "refers to", f"Role {epp}-role"),
        (binding, "refers to", f"ServiceAccount {epp}-sa"),
        (decode, "refers to", account),
        (prefill, "refers to", account),
        (f"InferenceModel {name}", "refers to", pool),
    }
    assert not any("prefill" in one[0] and one[2] == decode for one in told(picture(
        plans["facebook"][0], 0)))  # fmt: skip


def test_what_is_not_planned_stands_outside() -> None:
    drawn = picture(hostile(), 0)
    outside = next(box for box in drawn.boxes if box.group is Group.OUTSIDE)
    named = {(node.kind, node.title) for node in outside.nodes}
    assert named >= {
        ("PersistentVolumeClaim", "claim"),
        ("Secret", "s"),
        ("Secret", "t"),
        ("ConfigMap", "c"),
        ("ConfigMap", "d"),
        ("Gateway", "g"),
        ("Service", "other"),
    }
    assert any(title.startswith('x"];<b>') for _, title in named)  # in another namespace: not owned


def test_what_is_left_out_is_shown_as_that() -> None:
    served = Capabilities.parse(Source("c", "v1\napps/v1\n"))
    options = PlanOptions(capabilities=served)
    plan = plan_inputs(load_inputs([str(SAMPLES / "facebook")]), options).plans[0]
    missing = {node.kind for node in picture(plan, 0).nodes if node.missing}
    assert missing == {"InferencePool", "InferenceModel", "HTTPRoute"}
    assert render([plan], "dot").count("style=dashed") == len(missing)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["dot", "mermaid", "svg"])
def test_every_object_is_drawn_once(
    name: str, language: str, plans: dict[str, tuple[Plan, ...]]
) -> None:
    text = render(plans[name], language)  # type: ignore[arg-type]
    drawn = [picture(plan, number) for number, plan in enumerate(plans[name])]
    nodes = [node for one in drawn for node in one.nodes]
    assert len(nodes) >= sum(map(len, plans[name]))
    if language == "svg":
        root = ElementTree.fromstring(text)  # noqa: S314  ours
        kinds = [e.text for e in root.iter() if e.get("class") == "kind"]
        assert kinds.count("Deployment") == sum(node.kind == "Deployment" for node in nodes)
        assert len(kinds) == len(nodes)
    else:
        opening = {"dot": " [label=", "mermaid": '["'}[language]
        lines = [line.strip() for line in text.splitlines()]
        for node in nodes:
            assert sum(line.startswith(f"{node.name}{opening}") for line in lines) == 1
        arrows = sum(len(one.arrows) for one in drawn)
        assert len(re.findall(r"p\d+_\d+ (?:->|-->\|[a-z ]+\|) p\d+_\d+", text)) == arrows
    assert render(plans[name], language) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*NAMES, "hostile"])
def test_nothing_lies_upon_another(name: str, plans: dict[str, tuple[Plan, ...]]) -> None:
    """Nodes keep apart and within their bands, bands keep apart, and lines go round nodes."""
    plan = hostile() if name == "hostile" else plans[name][0]
    drawn = picture(plan, 0)
    wires = Wires.of(drawn)
    made = layout(drawn, 16, wires.tracks, wires.lanes)
    assert set(made.nodes) == {node.name for node in drawn.nodes}
    for one, other in combinations(made.nodes.values(), 2):
        assert not _overlap(one, other)
    for band, other_band in combinations(made.bands.values(), 2):
        assert not _overlap(band.place, other_band.place)
    for box in drawn.boxes:
        for node in box.nodes:
            if node.kind != "Gateway":
                assert _within(made.nodes[node.name], made.bands[box.group].place)
    for band in made.bands.values():
        assert _within(band.place, made.frame) == (band.group is not Group.OUTSIDE)
    for arrow, points in wires.ways(made):
        assert _touches(made.nodes[arrow.start], points[0])
        assert _touches(made.nodes[arrow.end], points[-1])
        for node_name, place in made.nodes.items():
            crossed = any(_crosses(a, b, place) for a, b in pairwise(points))
            assert not crossed, (arrow, node_name)
        assert all(0 <= x <= made.right and 0 <= y <= made.bottom for x, y in points)


def test_texts_fit_into_their_nodes(plans: dict[str, tuple[Plan, ...]]) -> None:
    for plan in (plans["facebook"][0], hostile()):
        drawn = picture(plan, 0)
        made = layout(drawn, 0, {}, {})
        for node, lines in made.lines.items():
            assert len(lines) <= 8
            assert max(map(len, lines)) * 6 <= made.nodes[node].width


def test_no_name_ends_what_it_is_in() -> None:
    plan = hostile()
    text = render([plan], "svg")
    root = ElementTree.fromstring(text)  # noqa: S314  ours
    assert not list(root.iter("b"))
    assert '["ConfigMap x#34;#93;#59;#60;b#62;#35;evil' in render([plan], "mermaid")
    for line in render([plan], "dot").splitlines():
        assert re.sub(r'"(?:[^"\\]|\\.)*"', "", line).count('"') == 0


def _overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.right
        and other.x < one.right
        and one.y < other.bottom
        and other.y < one.bottom
    )


def _within(inner: Rect, outer: Rect) -> bool:
    return (
        outer.x <= inner.x
        and inner.right <= outer.right
        and outer.y <= inner.y
        and inner.bottom <= outer.bottom
    )


def _touches(place: Rect, point: Point) -> bool:
    x, y = point
    return place.x <= x <= place.right and place.y <= y <= place.bottom


def _crosses(start: Point, end: Point, place: Rect) -> bool:
    """Whether a straight line runs through the inside of ``place``."""
    (ax, ay), (bx, by) = start, end
    return (
        max(ax, bx) > place.x
        and min(ax, bx) < place.right
        and max(ay, by) > place.y
        and min(ay, by) < place.bottom
    )
