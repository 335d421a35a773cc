"""The API server's rules, by what a real one said of the generated objects."""

from __future__ import annotations

import json

import generatedobjects

from msvc_pulumi.rules.refusals import broken_rules

VERDICTS: dict[str, bool] = json.loads(generatedobjects.VERDICTS.read_text(encoding="utf-8"))


def test_verdicts() -> None:
    """An object is refused exactly where the API server refused it (Kubernetes 1.36)."""
    made = {item.name: item.manifest for item in generatedobjects.objects()}
    assert set(made) == set(VERDICTS)
    assert 100 < sum(VERDICTS.values()) < len(VERDICTS) - 100
    found = {name: bool(generatedobjects.refused(manifest)) for name, manifest in made.items()}
    assert {name for name in found if found[name] != VERDICTS[name]} == set()


def test_every_finding_has_a_place_of_the_object() -> None:
    """What a finding is about is in the object, or missing from something that is."""
    for item in generatedobjects.objects():
        for finding in broken_rules(item.manifest):
            assert finding.summary
            for path in (finding.path, *(path for path, _ in finding.others)):
                first = type(path)(path[:1]).find(item.manifest)
                assert first is not None or len(path) == 1, f"{item.name}: {path}"
