"""The API server's rules as this project knows them, against a real API server.

MSVC_RECORD_VERDICTS=1 writes what the server says to unit/rules/verdicts.json, by which the quick
tests go.
"""

from __future__ import annotations

import json
import os

import generatedobjects

from msvc_pulumi.cluster import Cluster, ClusterError


def test_generated_objects(cluster: Cluster, namespace: str) -> None:
    """Where the server refuses an object there is a rule for it, and nowhere else."""
    verdicts: dict[str, bool] = {}
    wrong: list[str] = []
    for made in generatedobjects.objects():
        manifest = {
            **made.manifest,
            "metadata": {**made.manifest["metadata"], "namespace": namespace},
        }
        answer = ""
        try:
            cluster.apply(manifest, force=True, dry_run=True, strict=True)
        except ClusterError as error:
            answer = str(error)
        verdicts[made.name] = bool(answer)
        found = generatedobjects.refused(made.manifest)
        if bool(found) != bool(answer):
            wrong.append(f"{made.name}\n    server: {answer}\n    rules: {found}")
    if os.environ.get("MSVC_RECORD_VERDICTS"):
        text = json.dumps(verdicts, indent=0, ensure_ascii=False)
        generatedobjects.VERDICTS.write_text(f"{text}\n", encoding="utf-8")
    assert len(verdicts) >= 300
    assert not wrong, f"{len(wrong)} of {len(verdicts)} differ:\n" + "\n".join(wrong)
