"""`msvc init`: whatever is chosen, the files are right; and nothing is ever overwritten."""

from __future__ import annotations

import itertools
import json
import os
import pty
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.cli import main
from msvc_pulumi.starter.choices import AUTOSCALING, ROUTING, SOURCES, name_of

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "v1": ("inference.networking.k8s.io/v1", "InferencePool"),
    "v1alpha2": ("inference.networking.x-k8s.io/v1alpha2", "InferencePool"),
    "hpa": ("autoscaling/v2", "HorizontalPodAutoscaler"),
    "keda": ("keda.sh/v1alpha1", "ScaledObject"),
}
LONG = "long-" * 20 + "b"
EVERY = list(itertools.product(SOURCES, ("--prefill", "--no-prefill"), ROUTING, AUTOSCALING))


def made(folder: Path, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    assert main(["init", str(folder), *words]) == 0
    service = yaml.safe_load((folder / "msvc.yaml").read_text())
    return service, yaml.safe_load((folder / "baseconfig.yaml").read_text())


def objects(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What is generated from the files; there must be nothing to say of it."""
    files = ["-m", str(folder / "msvc.yaml"), "-b", str(folder / "baseconfig.yaml")]
    capsys.readouterr()
    assert main(["validate", *files]) == 0
    assert main(["generate", *files]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    first, _, rest = out.partition("\n")
    assert first.startswith("valid: 1 ModelService")
    return list(yaml.safe_load_all(rest))


@pytest.fixture(autouse=True, scope="module")
def schemas_are_read_once() -> Iterator[None]:
    """Not for every object anew."""
    from kubernetes_validate import utils

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", cache(utils.schema_contents))
        yield


@pytest.mark.parametrize("choices", EVERY, ids="-".join)
def test_every_choice_makes_valid_files(
    choices: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, prefill, routing, autoscaling = choices
    words = ["--source", source, prefill, "--routing", routing, "--autoscaling", autoscaling]
    if source == "hf":
        words += ["--gpus=2", "--size=30Gi", "--secret=token", "--namespace=models"]
    service, _ = made(tmp_path, *words)
    found = objects(tmp_path, capsys)
    known = {(one["apiVersion"], one["kind"]) for one in found}
    for choice in (routing, autoscaling):
        assert choice == "none" or KINDS[choice] in known
    for choice in {*ROUTING, *AUTOSCALING} - {routing, autoscaling, "none"}:
        assert KINDS[choice] not in known
    workloads = [one for one in found if one["kind"] == "Deployment" and "vllm" in str(one)]
    assert len(workloads) == 1 + (prefill == "--prefill")
    for workload in workloads:
        pod = workload["spec"]["template"]["spec"]
        server = next(one for one in pod["containers"] if one["name"] == "vllm")
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= server.keys()
        gpus = 2 if source == "hf" else 1
        assert server["resources"]["limits"]["nvidia.com/gpu"] == str(gpus)
        assert (workload["spec"].get("replicas") is None) == (autoscaling != "none")
        assert any(mount["name"] == "model-storage" for mount in server["volumeMounts"])
    assert service["spec"]["modelArtifacts"]["uri"] == SOURCES[source]


@pytest.mark.parametrize(
    ("model", "name", "served_as"),
    [
        ("hf://facebook/opt-125m", "opt-125m", "facebook/opt-125m"),
        ("pvc://claim/models/Llama_3.1-8B", "llama-3-1-8b", "Llama_3.1-8B"),
        ("pvc+hf://claim/hub/meta-llama/Llama-3", "llama-3", "meta-llama/Llama-3"),
        ("oci://host:5000/a/granite:1.0::/models/x", "granite", "granite"),
        ("oci+native://host/a/granite:1@sha256:" + "a" * 64 + "::m", "granite", "granite"),
        (f"hf://a/{LONG}", "-".join(["long"] * 8), f"a/{LONG}"),
        ("hf://a/...", "model", "a/..."),
    ],
)
def test_a_model_gives_its_name(
    model: str, name: str, served_as: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert name_of(model) == (name, served_as)
    if "..." not in model:
        service, config = made(tmp_path, "--model", model)
        assert service["spec"]["routing"]["modelName"] == served_as
        assert service["spec"]["baseConfigMapRef"]["name"] == config["metadata"]["name"]
        assert objects(tmp_path, capsys)


def test_names_that_yaml_reads_otherwise_stay_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--name", "y", "--namespace", "0x1", "--secret", "null", "--gateway", "1.5"]
    service, config = made(tmp_path, *words, "--routing=v1", "--model=hf://true/1e3", "--size=1e9")
    assert service["metadata"] == {"name": "y", "namespace": "0x1"}
    assert config["metadata"] == {"name": "y-base", "namespace": "0x1"}
    assert service["spec"]["routing"]["gatewayRefs"] == [{"name": "1.5"}]
    assert service["spec"]["modelArtifacts"]["authSecretName"] == "null"
    assert objects(tmp_path, capsys)


@pytest.mark.parametrize("there", ["msvc.yaml", "baseconfig.yaml"])
def test_nothing_is_overwritten(
    there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / there).write_text("mine")
    assert main(["init", str(tmp_path)]) == 1
    assert "file-exists" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    "words",
    [
        ["--name", "No_Name"],
        ["--size", "10 GB"],
        ["--gpus", "0"],
        ["--gpus", "65"],
        ["--prometheus", 'http://a" }} {{ "b'],
        ["--source", "hf", "--model", "pvc://a/b"],
        ["--gateway", "a b"],
        ["--routing", "v2"],
        ["--size", "0"],
        ["--size=-5Gi"],
        ["--source", "pvc", "--size", "20Gi"],
        ["--source", "pvc", "--secret", "token"],
        ["--source", "oci", "--size", "20Gi"],
        ["--gateway", "front"],
        ["--routing", "v1", "--prometheus", "http://prometheus"],
        ["--model", ""],
        ["--model", "s3://bucket/model"],
        ["--model", "granite"],
        ["--model", "pvc://claim"],
        ["--model", "hf://a b/c"],
        ["--model", 'hf://a"/b\n: c'],
    ],
)
def test_wrong_words_are_wrong_usage(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["init", str(tmp_path), *words])
    assert ended.value.code == 2
    assert not list(tmp_path.iterdir())


def test_a_repository_of_hugging_face_is_recognized(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["init", str(tmp_path), "--model", "facebook/opt-125m"])
    assert "did you mean hf://facebook/opt-125m?" in capsys.readouterr().err


def test_a_program_reads_what_was_written_and_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, "--source=oci", "--secret=registry", "--format=json")
    told = json.loads(capsys.readouterr().out)
    assert told["written"] == [str(tmp_path / "msvc.yaml"), str(tmp_path / "baseconfig.yaml")]
    assert [command.split()[1] for command in told["next"]] == ["validate", "generate", "up"]
    assert "docker-registry registry" in told["needs"][0]


def test_a_link_to_nowhere_is_something_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "msvc.yaml").symlink_to(tmp_path / "elsewhere")
    assert main(["init", str(tmp_path / "folder")]) == 1
    assert "file-exists" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["init", str(tmp_path / "file" / "folder")]) == 1
    assert "file-unwritable" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["my models", "-m"])
def test_the_commands_that_come_next_work(
    folder: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--", folder]) == 0
    told = capsys.readouterr().out
    commands = [line.strip() for line in told.splitlines() if line.startswith("  msvc ")]
    assert [command.split()[1] for command in commands] == ["validate", "generate", "up"]
    for command in commands[:2]:
        assert main(shlex.split(command)[1:]) == 0


def test_on_a_terminal_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For what no option states, again after a wrong answer, with defaults for empty lines."""
    answers = ["nowhere", "pvc", "pvc://shelf/granite", "", "2", "maybe", "no", "v1", "front"]
    answers += ["keda", "", "models"]
    ours, theirs = pty.openpty()
    with open(os.ttyname(theirs)) as asked, open(os.ttyname(theirs), "w") as shown:
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        monkeypatch.setattr(sys, "stdin", asked)
        monkeypatch.setattr(sys, "stdout", shown)
        assert main(["init", str(tmp_path)]) == 0
        shown.write("end\n")
        text = ""
        while "end\r\n" not in text:
            text += os.read(ours, 1 << 16).decode()
    assert '"nowhere" is none of hf, oci, pvc' in text
    assert "answer yes or no" in text
    os.close(ours)
    os.close(theirs)
    service = yaml.safe_load((tmp_path / "msvc.yaml").read_text())
    assert service["metadata"] == {"name": "granite", "namespace": "models"}
    assert service["spec"]["modelArtifacts"] == {"uri": "pvc://shelf/granite"}
    assert service["spec"]["routing"]["gatewayRefs"] == [{"name": "front"}]
    assert service["spec"]["decode"]["parallelism"]["tensor"] == 2
    assert "keda" in service["spec"]["decode"]["autoscaling"]


def test_a_first_service_has_the_images_of_the_samples() -> None:
    """Releases that go together are stated twice, so they are compared."""

    def images(folder: str) -> set[str]:
        texts = [path.read_text() for path in (ROOT / folder).rglob("*.yaml")]
        return {image for text in texts for image in re.findall(r"image: (\S+)", text)}

    assert images("msvc_pulumi/starter") <= images("samples")
