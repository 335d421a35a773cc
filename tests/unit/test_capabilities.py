"""What a cluster serves, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.cli import parser
from msvc_pulumi.cli.servedkinds import ServedKinds
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.document.source import Source
from msvc_pulumi.errors import LoadError
from msvc_pulumi.plan import plan_model_service
from msvc_pulumi.target.capabilities import OPTIONAL, Capabilities
from msvc_pulumi.target.kinds import KINDS, Kind

CASES = Path(__file__).parent / "capabilities" / "cases.yaml"

API_RESOURCES = """\
NAME                SHORTNAMES   APIVERSION                      NAMESPACED   KIND
bindings                         v1                              true         Binding
scaledobjects       so           keda.sh/v1alpha1                true         ScaledObject
gatewayclasses      gc           gateway.networking.k8s.io/v1    false        GatewayClass
"""
WIDE = (
    "scaledobjects  so  keda.sh/v1alpha1  true  ScaledObject  create,delete,get,list  all,scaled\n"
)
KEDA = Kind("keda.sh/v1alpha1", "ScaledObject")
SETS = Kind("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet")


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """What the cluster does not serve is left out with a reason, and nothing else is."""
    check_case(planned_case)


@pytest.mark.parametrize(
    "text",
    [API_RESOURCES, WIDE, "keda.sh/v1alpha1/ScaledObject\n", "- keda.sh/v1alpha1 # all of it\n"],
    ids=["api-resources", "wide", "kind", "version"],
)
def test_every_form_says_the_same(text: str) -> None:
    """A kind is served however the file says so, and another kind is not."""
    capabilities = Capabilities.parse(Source("capabilities", text))

    assert capabilities.serves(KEDA)
    assert not capabilities.serves(SETS)


def test_a_cluster_is_asked_for_each_kind_it_may_lack() -> None:
    """What is discovered is what the cluster says it serves, and it is asked for nothing else."""
    asked = set()

    def serves(api_version: str, kind: str) -> bool:
        asked.add(Kind(api_version, kind))
        return kind == KEDA.kind

    assert Capabilities.discover(serves) == Capabilities(frozenset({KEDA}))
    assert asked == set(OPTIONAL)


@pytest.mark.parametrize(
    ("text", "line"), [("NAME KIND\n\nfoo bar\n", 1), ("v1\nwhat is this\n", 2), ("# nothing\n", 0)]
)
def test_what_is_no_list_is_refused_at_its_line(text: str, line: int) -> None:
    """A file that names no kinds is an error, at the line that is wrong if there is one."""
    with pytest.raises(LoadError) as raised:
        Capabilities.parse(Source("capabilities", text))

    first = raised.value.diagnostics[0]
    assert first.code == "invalid-capabilities" and first.help
    assert (first.span.line if first.span else 0) == line


def test_every_custom_kind_is_optional() -> None:
    """Every kind that Kubernetes itself does not define may be missing from a cluster."""
    built_in = {"v1", "apps/v1", "autoscaling/v2", "rbac.authorization.k8s.io/v1"}

    assert {kind for kind in KINDS.values() if kind.api_version not in built_in} <= set(OPTIONAL)
    assert not [kind for kind in OPTIONAL if kind.api_version in built_in]


class Serving:
    """A cluster that serves these kinds."""

    def __init__(self, *kinds: tuple[str, str]) -> None:
        self.kinds = kinds
        self.connection = type("Connection", (), {"namespace": "here"})

    def serves(self, api_version: str, kind: str) -> bool:
        return (api_version, kind) in self.kinds


ROUTE = ("gateway.networking.k8s.io/v1", "HTTPRoute")
OTHER = ("keda.sh/v1alpha1", "ScaledObject")


@pytest.mark.parametrize(
    ("listed", "served", "told", "planned"),
    [
        ("", [ROUTE], "", True),
        ("", [], "", False),
        (ROUTE[0], [ROUTE], "", True),
        (ROUTE[0], [], "does not serve it", True),
        ("apps/v1", [ROUTE], "it is left out", False),
        ("apps/v1", [], "", False),
        ("apps/v1", [OTHER], "", False),  # of which the plan has nothing
    ],
)
def test_a_file_goes_before_the_cluster(
    listed: str, served: list[tuple[str, str]], told: str, planned: bool, tmp_path: Path
) -> None:
    """And where the plan comes out otherwise for it, that is told."""
    file = tmp_path / "served.txt"
    file.write_text(f"{listed}\n")
    sample = Path(__file__).parents[2] / "samples" / "facebook"
    words = ["up", "-m", str(sample / "msvc.yaml")]
    words += ["--capabilities", str(file)] if listed else []
    arguments = parser(words).parse_args(words)
    kinds = ServedKinds(Serving(*served), arguments)  # type: ignore[arg-type]
    base = load_inputs([str(sample)]).base_configs[0]
    service = load_inputs([str(sample)]).model_services[0]
    plan = plan_model_service(service, base, kinds.options)
    assert any(one.key == "httpRoute" for one in plan) is planned
    found = [one for one in kinds.contradictions([plan]) if "HTTPRoute" in one.summary]
    assert [told in one.summary and one.code == "capabilities-differ" for one in found] == (
        [True] if told else []
    )
