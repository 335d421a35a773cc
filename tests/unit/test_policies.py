"""Policies: what each says of a pod, which of them count, and who may switch them off."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import generatedobjects
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from msvc_pulumi.cli import main
from msvc_pulumi.explanations.catalogue import explanation
from msvc_pulumi.policies.catalogue import POLICIES
from msvc_pulumi.policies.selection import selection
from msvc_pulumi.policies.workload import KINDS, Workload

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "policies" / "workloads.yaml").read_text())
SPLITS = HERE / "commandline" / "splits.jsonl"
PRODUCT = "nvidia.com/gpu.product"
SIMPLE = ROOT / "samples" / "simple"


def workload(case: dict[str, Any]) -> Workload:
    """The Deployment or LeaderWorkerSet of a case."""
    pod = {**case.get("pod", {})}
    if (server := case.get("server")) is not None:
        container: dict[str, Any] = {
            "name": "vllm",
            "image": server.get("image", "vllm/vllm-openai:v0.11.0"),
            "command": server.get("command", ["vllm", "serve"]),
            "args": server["args"],
            **(
                {"resources": {"limits": {"nvidia.com/gpu": server["gpus"]}}}
                if "gpus" in server
                else {}
            ),
            **case.get("container", {}),
        }
        pod["containers"] = [container, *pod.pop("more", [])]
        if "product" in server:
            pod["nodeSelector"] = {PRODUCT: server["product"]}
        if "products" in server:
            expression = {"key": PRODUCT, "operator": "In", "values": server["products"]}
            term = {"matchExpressions": [expression]}
            required = {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}
            }
            pod["affinity"] = {"nodeAffinity": required}
    metadata = {"name": "demo", "namespace": "team-a"}
    if "group" not in case:
        spec: dict[str, Any] = {"template": {"spec": pod}}
        return Workload(
            {"kind": "Deployment", "metadata": metadata, "spec": spec}, case.get("model", "")
        )
    group = {"size": case["group"], "workerTemplate": {"spec": pod}}
    if case.get("leader"):
        group["leaderTemplate"] = {"spec": pod}
    return Workload(
        {"kind": "LeaderWorkerSet", "metadata": metadata, "spec": {"leaderWorkerTemplate": group}}
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_a_policy_says(case: dict[str, Any]) -> None:
    here = workload(case)
    for name in case["of"]:
        found = list(POLICIES[name].check(here))
        assert {finding.code for finding in found} <= {name}
        assert not any(finding.refused for finding in found), "an API server takes all of this"
        for finding in found:
            parent = finding.path.parent.find(here.manifest)
            assert parent is not None, f"{finding.path} is nowhere"
        if "at" in case:
            assert [finding.path.find(here.manifest) for finding in found] == case["at"][name]
            continue
        wanted = case.get("says", {}).get(name, [])
        assert len(found) == len(wanted), [finding.summary for finding in found]
        for words in wanted:
            assert any(words in finding.summary for finding in found), [f.summary for f in found]


def test_every_policy_has_cases_of_both_kinds() -> None:
    """One that finds something, and one that does not."""
    for name in POLICIES:
        mine = [case for case in CASES if name in case["of"]]
        finds = {bool({**case.get("says", {}), **case.get("at", {})}.get(name)) for case in mine}
        assert finds == {True, False}, name


def test_no_object_is_too_wrong_to_look_at() -> None:
    """Also those that an API server refuses: what is found is at a place that is there."""
    looked_at = 0
    for item in generatedobjects.objects():
        if item.manifest["kind"] in KINDS:
            for policy in POLICIES.values():
                for finding in policy.check(Workload(item.manifest)):
                    assert finding.path.parent.find(item.manifest) is not None, item.name
                    looked_at += 1
    assert looked_at > 500


sizes = st.integers(1, 16)


@settings(deadline=None, derandomize=True)
@given(tensor=sizes, pipeline=sizes, data=sizes, gpus=st.integers(1, 64))
def test_accelerators_are_too_few_too_many_or_right(
    tensor: int, pipeline: int, data: int, gpus: int
) -> None:
    args = ["a/b", "-tp", str(tensor), f"--pipeline_parallel_size={pipeline}", "-dp", str(data)]
    here = workload({"server": {"args": args, "gpus": gpus}})
    found = {name for name in POLICIES for _ in POLICIES[name].check(here) if "accel" in name}
    needed = tensor * pipeline * data
    wanted = {"too-few-accelerators"} if gpus < needed else {"idle-accelerators"}
    assert found == (set() if gpus == needed else wanted)


def test_what_vllm_runs_with_is_right() -> None:
    """Recorded with vLLM itself: that many accelerators are never too few nor idle, fewer are."""
    told = 0
    for line in SPLITS.read_text("utf-8").splitlines():
        case = json.loads(line)
        number = case["accelerators"]
        if number is None:
            continue
        server = {"command": ["vllm", "serve"], "args": case["result"], "gpus": number}
        group = {"group": case["pods"]} if case["pods"] > 1 else {}
        for name in ("too-few-accelerators", "idle-accelerators"):
            check = POLICIES[name].check
            assert list(check(workload({"server": server, **group}))) == [], case
            more = {**server, "gpus": number + 1 if name == "idle-accelerators" else number - 1}
            told += bool(list(check(workload({"server": more, **group}))))
    assert told > 200


@settings(deadline=None, derandomize=True)
@given(
    billions=st.integers(1, 700),
    gpus=st.integers(1, 16),
    product=st.sampled_from(["NVIDIA-L4", "NVIDIA-A100-SXM4-80GB", "NVIDIA-B200"]),
)
def test_more_accelerators_never_hold_less(billions: int, gpus: int, product: str) -> None:
    """And what is small enough for one is never called too large."""

    def is_too_large(count: int, size: int) -> bool:
        args = [f"meta-llama/Llama-{size}B", "-tp", str(count)]
        here = workload({"server": {"args": args, "gpus": count, "product": product}})
        return bool(list(POLICIES["model-too-large"].check(here)))

    if is_too_large(gpus, billions):
        assert is_too_large(1, billions)
        assert is_too_large(gpus, billions + 1)
        assert billions * 2 > 24 * gpus


USUAL = ",".join(f"{name}={policy.severity}" for name, policy in POLICIES.items())


@pytest.mark.parametrize(
    ("chosen", "skipped", "wanted"),
    [
        ("all", "", USUAL),
        ("all", "all", ""),
        ("all", "unpinned-image,missing-secret", re.sub("(unpinned-i|missing-s)[^,]*,", "", USUAL)),
        ("unpinned-image", "", "unpinned-image=warning"),
        ("unpinned-image=error", "", "unpinned-image=error"),
        ("model-too-large,unpinned-image", "", "unpinned-image=warning,model-too-large=error"),
        ("unpinned-image=error,no-memory-limit", "unpinned-image", "no-memory-limit=warning"),
        ("unpinned-image=error all,model-too-large=off", "all", ""),
        ("all=off unpinned-image", "", "unpinned-image=warning"),
        ("unpinned-image=error unpinned-image", "", "unpinned-image=error"),
        ("unpinned-image=error all=off", "", ""),
        ("all=error", "", USUAL.replace("warning", "error")),
        (",unpinned-image,,", ",", "unpinned-image=warning"),
    ],
)
def test_what_counts(chosen: str, skipped: str, wanted: str) -> None:
    """Later words overrule earlier ones, what is skipped is off, the order is that of all."""
    found = selection(chosen.split(), [skipped])
    assert ",".join(f"{name}={severity}" for name, severity in found.items()) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unpined-image", "did you mean unpinned-image?"),
        ("xyz", "there are all, unpinned-image"),
        ("Unpinned-Image", "did you mean unpinned-image?"),
        ("", "names no policy"),
        (" , ", "names no policy"),
    ],
)
@pytest.mark.parametrize("option", ["--policy", "--skip-policy"])
def test_what_is_no_policy_is_wrong_usage(
    option: str, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["validate", "--policy", option, text, "-m", str(SIMPLE)])
    assert stop.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "text", "says"),
    [
        ("--policy", "unpinned-image=fatal", '"fatal" is no severity: error, warning, off'),
        ("--policy", "=error", '"" is no policy'),
        ("--skip-policy", "unpinned-image=fatal", '"unpinned-image=fatal" is no policy'),
        ("--skip-policy", "unpinned-image=off", '"unpinned-image=off" is no policy'),
    ],
)
def test_what_is_no_severity_is_wrong_usage(
    option: str, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A skipped policy has none at all."""
    with pytest.raises(SystemExit) as stop:
        main(["validate", "--policy", option, text, "-m", str(SIMPLE)])
    assert stop.value.code == 2
    assert says in capsys.readouterr().err


def test_to_skip_without_policies_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["validate", "--skip-policy", "unpinned-image", "-m", str(SIMPLE)])
    assert stop.value.code == 2
    assert "--policy" in capsys.readouterr().err


MODEL_SERVICE = {
    "apiVersion": "llm-d.ai/v1alpha1",
    "kind": "ModelService",
    "metadata": {"name": "granite"},
    "spec": {
        "modelArtifacts": {"uri": "hf://ibm-granite/granite-3.3-2b-instruct"},
        "routing": {"modelName": "granite"},
        "decode": {"containers": [{"name": "vllm"}]},
    },
}
CONTAINER = {
    "name": "vllm",
    "image": "vllm/vllm-openai:latest",
    "args": ["{{ .HFModelName }}"],
    "resources": {"limits": {"nvidia.com/gpu": 1, "memory": "16Gi"}},
}


def written(
    folder: Path, *, service: Any = None, base: Any = None, section: Any = None
) -> list[str]:
    """The arguments for a ModelService and its BaseConfig with these annotations."""
    deployment = {
        "metadata": {"annotations": section or {}},
        "spec": {"template": {"spec": {"containers": [CONTAINER]}}},
    }
    one = {**MODEL_SERVICE, "metadata": {"name": "granite", "annotations": service or {}}}
    two = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "base", "annotations": base or {}},
        "data": {"decodeDeployment": yaml.safe_dump(deployment)},
    }
    (folder / "in.yaml").write_text(yaml.safe_dump_all([one, two]))
    return ["validate", "-m", str(folder / "in.yaml"), "--format", "json"]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, list[dict[str, Any]]]:
    status = main([*words])
    captured = capsys.readouterr()
    return status, json.loads(captured.out or "null"), json.loads(captured.err or "[]")


def test_only_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = written(tmp_path)
    assert run(capsys, *arguments)[2] == []
    status, result, problems = run(capsys, *arguments, "--policy", "unpinned-image")
    assert (status, [one["code"] for one in problems]) == (0, ["unpinned-image"])
    assert problems[0]["severity"] == "warning"
    assert problems[0]["field"].startswith("data.decodeDeployment.spec.template.spec.containers[0]")
    assert problems[0]["line"] > 0
    assert "1 policy" in result["checked"]


def test_severities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error is one of the input; with --strict every finding is one."""
    arguments = written(tmp_path)
    for more in (["--policy", "unpinned-image=error"], ["--policy", "unpinned-image", "--strict"]):
        status, result, problems = run(capsys, *arguments, *more)
        assert (status, result) == (1, None)
        assert [one["severity"] for one in problems] == ["error"]


@pytest.mark.parametrize("holder", ["service", "base", "section"])
def test_annotations_waive(holder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a ModelService, a BaseConfig or one object; who did so, and why, is not hidden."""
    waiver = {"skip-policy.llm-d.ai/unpinned-image": "a registry of our own"}
    arguments = written(tmp_path, **{holder: waiver})
    status, result, problems = run(
        capsys, *arguments, "--policy", "--skip-policy", "no-liveness-probe"
    )
    assert (status, [one["code"] for one in problems]) == (0, ["no-readiness-probe"])
    assert (
        "unpinned-image of Deployment granite-decode (a registry of our own)"
        in result["notChecked"]
    )


def test_a_reason_does_not_write_the_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever writes it may be somebody else than who reads it."""
    reason = "ours\nvalid: all\x1b[2K\u202e"
    words = written(tmp_path, service={"skip-policy.llm-d.ai/unpinned-image": reason})
    assert main([*words[:-2], "--policy", "unpinned-image"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(r"(ours\nvalid: all\x1b[2K\u202e)")


@pytest.mark.parametrize("holder", ["service", "base", "section"])
def test_a_waiver_of_nothing_is_told(
    holder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waiver = {"skip-policy.llm-d.ai/unpined-image": "mistyped"}
    arguments = written(tmp_path, **{holder: waiver})
    _, _, problems = run(capsys, *arguments, "--policy", "unpinned-image")
    assert sorted(one["code"] for one in problems) == ["unknown-policy", "unpinned-image"]
    assert all(one["line"] > 0 for one in problems)
    assert run(capsys, *arguments)[2] == []


def test_what_needs_a_cluster_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, result, problems = run(capsys, *written(tmp_path), "--policy", "missing-secret")
    assert problems == []
    assert "missing-secret (--server asks the cluster)" in result["notChecked"]


def test_nobody_pays_who_does_not_ask() -> None:
    code = (
        "import sys; from msvc_pulumi.cli import main; main(['validate', '-m', 'samples/simple']);"
        "print([name for name in sys.modules if name.startswith('msvc_pulumi.policies')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize("name", POLICIES)
def test_the_explanation_has_the_severity(name: str) -> None:
    assert explanation(name).severity == POLICIES[name].severity


def test_the_page_lists_all() -> None:
    page = (ROOT / "docs" / "policies.md").read_text()
    for policy in POLICIES.values():
        server = "`--server`" if policy.needs_cluster else ""
        link = f"[`{policy.name}`](diagnostics/policies.md#{policy.name})"
        row = f"| {link} | {policy.severity} | {policy.title} | {server} |"
        assert row in page, row
    rows = [line for line in page.splitlines() if line.startswith("| [")]
    assert len(rows) == len(POLICIES)
