"""Accelerator types as node affinity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msvc_pulumi.children.placement import require_accelerators

CASES = Path(__file__).parent / "placement" / "cases.yaml"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
OURS = {"key": "gpu", "operator": "In", "values": ["a", "b"]}
THEIRS = {"key": "zone", "operator": "In", "values": ["z"]}


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """What the API server would reject of the pods is warned of, and the rest is taken over."""
    check_case(planned_case)


def terms(affinity: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = affinity["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return found


def test_without_base_terms_there_is_one() -> None:
    """No affinity, or one without terms, gets a single term with the accelerators."""
    for base in (None, {}, {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}):
        assert [{"matchExpressions": [OURS]}] == terms(
            require_accelerators(base, "gpu", ["a", "b"])
        )


def test_every_base_term_is_narrowed() -> None:
    """The accelerators are AND-ed into each term, not OR-ed beside them (Q01)."""
    base = {
        "nodeAffinity": {
            REQUIRED: {
                "nodeSelectorTerms": [
                    {"matchExpressions": [THEIRS]},
                    {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]},
                ]
            }
        }
    }

    first, second = terms(require_accelerators(base, "gpu", ["a", "b"]))

    assert first["matchExpressions"] == [THEIRS, OURS]
    assert second["matchExpressions"] == [OURS]
    assert "matchFields" in second


def test_a_term_that_matches_nothing_stays_so() -> None:
    """An empty term matches no node; adding to it would open it."""
    base = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{}, {"matchExpressions": [THEIRS]}]}}}

    first, second = terms(require_accelerators(base, "gpu", ["a"]))

    assert first == {}
    assert len(second["matchExpressions"]) == 2


def test_other_affinities_stay_and_the_base_is_not_changed() -> None:
    """Pod affinities and preferences are kept, and the argument is left alone."""
    base: dict[str, Any] = {"podAntiAffinity": {"x": 1}, "nodeAffinity": {"preferred": [1]}}

    result = require_accelerators(base, "gpu", ["a"])

    assert result["podAntiAffinity"] == {"x": 1}
    assert result["nodeAffinity"]["preferred"] == [1]
    assert base == {"podAntiAffinity": {"x": 1}, "nodeAffinity": {"preferred": [1]}}
