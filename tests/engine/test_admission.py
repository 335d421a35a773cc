"""`msvc validate --server`: a real cluster's word on the plan, at its places in the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msvc_pulumi.cli import main

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(folder for folder in (ROOT / "samples").iterdir() if folder.is_dir())
CORPUS = ROOT.parent / "shared" / "conformance" / "cases"
UPSTREAM = sorted(CORPUS.glob("00[1-5]-*")) if CORPUS.is_dir() else []

SERVICE = """\
apiVersion: llm-d.ai/v1alpha1
kind: ModelService
metadata: {name: demo, namespace: NAMESPACE}
spec:
  routing: {modelName: acme/tiny}
  modelArtifacts: {uri: "hf://acme/tiny"}
  decode:
    containers:
      - name: vllm
        args: [serve]
"""
# What no rule or schema here knows: a resource that cannot be resized. A port out of the server's
# range passes its dry run, which allocates nothing; it is our warning.
BASE = """\
kind: ConfigMap
apiVersion: v1
metadata: {name: base}
data:
  decodeDeployment: |
    spec:
      template:
        spec:
          containers:
            - {name: side, image: "side:1"}
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              resizePolicy:
                - {resourceName: gpu, restartPolicy: NotRequired}
  decodeService: |
    spec:
      type: NodePort
      ports:
        - port: 8000
          nodePort: 80
"""


def write(folder: Path, namespace: str, base: str = BASE) -> list[str]:
    (folder / "m.yaml").write_text(SERVICE.replace("NAMESPACE", namespace))
    (folder / "b.yaml").write_text(base)
    return ["validate", "--server", "-m", str(folder / "m.yaml"), "-b", str(folder / "b.yaml")]


def test_answers_are_placed(
    kubeconfig: Path, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each refusal is at the line that caused it."""
    status = main([*write(tmp_path, namespace), "--format", "json"])

    captured = capsys.readouterr()
    problems = json.loads(captured.err)
    assert (status, captured.out) == (1, "")
    pod = "data.decodeDeployment.spec.template.spec"
    assert [(item["severity"], item["line"], item["field"]) for item in problems] == [
        ("error", 13, f"{pod}.containers[1].resizePolicy"),
        ("warning", 20, "data.decodeService.spec.ports[0].nodePort"),
    ]


def test_what_the_cluster_lacks_is_said(
    kubeconfig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A namespace that is not there is named; what goes into it is checked all the same."""
    base = BASE.replace("nodePort: 80", "nodePort: 30080").replace("gpu", "cpu")
    base += "  inferenceObjective: |\n    spec: {priority: 1}\n"
    arguments = write(tmp_path, "not-there", base)

    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "not checked: that namespace not-there exists" in out
    assert "InferenceObjective (the cluster serves none of llm-d.ai/v1alpha2)" in out

    assert main(write(tmp_path, "not-there")) == 1
    assert "nodePort" in capsys.readouterr().err


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)
def test_samples(folder: Path, kubeconfig: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every sample is valid by both."""
    assert main(["validate", "-m", str(folder)]) == 0
    assert main(["validate", "--server", "-m", str(folder)]) == 0, capsys.readouterr().err


@pytest.mark.skipif(not UPSTREAM, reason="the corpus is not beside this checkout")
@pytest.mark.parametrize("case", UPSTREAM, ids=lambda case: case.name)
def test_upstream_samples(case: Path, kubeconfig: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So is every sample of the original."""
    base = case / "baseconfig.yaml"
    files = ["-m", str(case / "msvc.yaml"), *(["-b", str(base)] if base.exists() else [])]
    files += ["--epp-cluster-role", "pod-read"]
    assert main(["validate", *files]) == 0, capsys.readouterr().err
    assert main(["validate", "--server", *files]) == 0, capsys.readouterr().err
