"""The command line: exit codes, streams, and one clear diagnostic for each kind of bad input."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from msvc_pulumi.cli import main

ROOT = Path(__file__).parents[2]
SIMPLE = str(ROOT / "samples" / "simple" / "msvc.yaml")
BASE = str(ROOT / "samples" / "simple" / "baseconfig.yaml")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(list(arguments))
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def line_of(file: str | Path, text: str) -> int:
    """The number of the first line that has ``text``."""
    lines = Path(file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def codes(err: str) -> list[str]:
    """The codes of the errors in JSON diagnostics."""
    return [item["code"] for item in json.loads(err) if item["severity"] == "error"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "file-not-found"),
        ("a: [", "yaml-syntax"),
        ("\t- x", "yaml-syntax"),
        ("just text", "not-a-model-service"),
        ("kind: Pod\napiVersion: v1\nspec: {}\n", "not-a-model-service"),
        ("", "empty-file"),
        ("kind: ModelService\nspec: {}\n", "required"),
        ("a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n" * 1, "not-a-model-service"),
    ],
)
def test_bad_model_services(
    text: str | None, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bad input exits with 1, prints nothing on stdout and one diagnostic that names the rule."""
    file = tmp_path / "msvc.yaml"
    if text is not None:
        file.write_text(text)

    status, out, err = run(capsys, "generate", "-m", str(file), "--format", "json")

    assert (status, out) == (1, "")
    assert code in codes(err)


def test_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing or unknown option is wrong usage, not bad input."""
    for arguments in (["generate"], ["generate", "-m", SIMPLE, "--bogus"], ["nonsense"], []):
        status, out, err = run(capsys, *arguments)
        assert (status, out) == (2, "")
        assert "usage:" in err


def test_a_diagnostic_shows_place_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text diagnostics name file, line and column, show the line with a caret, and help."""
    file = tmp_path / "msvc.yaml"
    file.write_text(Path(SIMPLE).read_text().replace("{{ .HFModelName }}", "{{ .HFModelNme }}"))

    status, out, err = run(capsys, "generate", "-m", str(file), "-b", BASE)

    assert (status, out) == (1, "")
    assert f"{file}:{line_of(file, 'HFModelNme')}:" in err
    assert "HFModelName" in err and "^" in err
    assert "Traceback" not in err


def test_strict_turns_warnings_into_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown field is a warning, and an error with --strict."""
    file = tmp_path / "msvc.yaml"
    file.write_text(Path(SIMPLE).read_text().replace("replicas: 1", "replicas: 1\n    replica: 2"))

    lenient, _, warning = run(capsys, "generate", "-m", str(file), "-b", BASE)
    strict, out, _ = run(capsys, "generate", "-m", str(file), "-b", BASE, "--strict")

    assert lenient == 0
    assert "unknown-field" in warning and "replicas" in warning
    assert (strict, out) == (1, "")


def test_many_files_in_one_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder or glob plans every ModelService in it; a bad one stops all, naming only itself."""
    for number in range(3):
        text = Path(SIMPLE).read_text().replace("name: granite", f"name: granite-{number}")
        (tmp_path / f"m{number}.yaml").write_text(text)

    status, out, _ = run(capsys, "generate", "-m", str(tmp_path), "-b", BASE)
    assert status == 0
    assert out.count("kind: Deployment") == 3

    (tmp_path / "bad.yaml").write_text("kind: ModelService\n")
    status, out, err = run(
        capsys, "generate", "-m", str(tmp_path / "*.yaml"), "-b", BASE, "--format", "json"
    )
    assert (status, out) == (1, "")
    assert {item["file"] for item in json.loads(err)} == {str(tmp_path / "bad.yaml")}


def test_validate_counts_and_complains(capsys: pytest.CaptureFixture[str]) -> None:
    """A valid input is counted; nothing else is printed."""
    status, out, err = run(capsys, "validate", "-m", SIMPLE, "-b", BASE)

    assert (status, err) == (0, "")
    assert out == (
        "valid: 1 ModelService, 3 objects; "
        "checked: the API server's rules, the schemas of Kubernetes 1.36 "
        "and of custom resources\n"
    )


def test_validate_finds_what_the_api_would_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value the schema does not allow is reported at the BaseConfig line that set it."""
    file = tmp_path / "base.yaml"
    port = """containerPort: {{ "app_port" | getPort }}"""
    file.write_text(Path(BASE).read_text().replace(port, "protocol: TCP"))

    status, out, err = run(capsys, "validate", "-m", SIMPLE, "-b", str(file), "--format", "json")

    assert (status, out) == (1, "")
    (problem,) = json.loads(err)
    assert problem["code"] == "required"
    assert problem["field"].endswith("containerPort")
    assert (problem["file"], problem["line"]) == (str(file), line_of(file, "- name: http"))


def test_diff_of_two_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the objects that differ are shown, with their lines; --exit-code tells."""
    changed = tmp_path / "msvc.yaml"
    changed.write_text(Path(SIMPLE).read_text().replace("replicas: 1", "replicas: 2"))
    (tmp_path / "baseconfig.yaml").write_text(Path(BASE).read_text())

    same, out, _ = run(capsys, "diff", str(ROOT / "samples/simple"), str(ROOT / "samples/simple"))
    assert (same, out) == (0, "no differences\n")

    status, out, _ = run(
        capsys, "diff", str(ROOT / "samples" / "simple"), str(tmp_path), "--exit-code"
    )
    assert status == 1
    assert "update Deployment.apps granite-decode" in out
    assert "-  replicas: 1" in out and "+  replicas: 2" in out
    assert "1 object differs" in out


def test_graph_names_edges(capsys: pytest.CaptureFixture[str]) -> None:
    """Both graph languages have a node per child and an edge per relation."""
    _, dot, _ = run(capsys, "graph", "-m", SIMPLE, "-b", BASE)
    _, mermaid, _ = run(capsys, "graph", "-m", SIMPLE, "-b", BASE, "-o", "mermaid")

    assert dot.count("->") == mermaid.count("-->") == 2  # Service, Deployment, ServiceAccount
    assert "Deployment granite-decode" in dot


def test_names_stay_within_the_labels_of_a_graph(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Neither language lets a name end its label; Mermaid has entities and no backslash."""
    base = tmp_path / "baseconfig.yaml"
    section = 'configMaps: \'[{metadata: {name: "x\\"];<b>#evil"}}]\''
    base.write_text(f"kind: ConfigMap\ndata:\n  {section}\n")

    _, dot, _ = run(capsys, "graph", "-m", SIMPLE, "-b", str(base))
    _, mermaid, _ = run(capsys, "graph", "-m", SIMPLE, "-b", str(base), "-o", "mermaid")

    assert '[label="ConfigMap x\\"];<b>#evil"];' in dot
    assert '["ConfigMap x#34;#93;#59;#60;b#62;#35;evil"]' in mermaid


def test_provenance_comments_every_leaf(capsys: pytest.CaptureFixture[str]) -> None:
    """--provenance ends every line that holds a value with who set it."""
    _, out, _ = run(capsys, "generate", "-m", SIMPLE, "-b", BASE, "--provenance")

    replicas = line_of(SIMPLE, "replicas: 1")
    assert f"replicas: 1  # model service {SIMPLE}:{replicas}" in out
    assert "image: vllm/vllm-openai:v0.30.0  # base config" in out
    valued = [line for line in out.splitlines() if not line.endswith((":", "---"))]
    assert all("  # " in line for line in valued)


def test_persistent_flags_may_stand_before_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """As in the original: with `=`, as two words, and several of them."""
    before = ("--pd-pull-secrets=a", "--epp-pull-secrets", "b", "--epp-cluster-role=c")
    inputs = ("generate", "-m", SIMPLE, "-b", BASE)

    found = run(capsys, *before, *inputs)

    assert found == run(capsys, *inputs, *before)
    assert "imagePullSecrets:\n- name: a" in found[1]


@pytest.mark.parametrize("words", [("--pd-pull-secrets=a",), ("--pd-pull-secrets",)])
def test_flags_alone_are_wrong_usage(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, *words)[0] == 2


@pytest.mark.parametrize("strict", [False, True])
def test_a_flood_is_counted_and_changes_no_exit_code(
    strict: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hundred warnings are shown and the others counted, as data too; with --strict as errors."""
    unknown = "".join(f"  unknown{number}: 1\n" for number in range(400))
    file = tmp_path / "msvc.yaml"
    file.write_text(Path(SIMPLE).read_text().replace("spec:\n", f"spec:\n{unknown}", 1))
    arguments = ("validate", "-m", str(file), "-b", BASE, *(["--strict"] if strict else []))

    status, _, err = run(capsys, *arguments, "--format", "json")
    *shown, rest = json.loads(err)
    assert status == int(strict)
    assert len(shown) == 100
    assert rest["code"] == "not-shown"
    assert sum(rest["notShown"].values()) >= 300
    assert bool(rest["notShown"]["errors"]) is strict

    status, _, err = run(capsys, *arguments)
    assert status == int(strict)
    assert err.rstrip().endswith(" of them are not shown")


@pytest.mark.parametrize(
    "option",
    [("--namespace", "Team_A"), ("--kubernetes-version", "latest"), ("--kubernetes-version", "33")],
)
def test_values_that_cannot_be_are_wrong_usage(
    option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An option says what is wrong with its value before anything is read."""
    status, out, err = run(capsys, "validate", "-m", SIMPLE, "-b", BASE, *option)
    assert (status, out) == (2, "")
    assert option[0] in err and option[1] in err


def test_a_release_without_schemas_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """The rules are checked by any release; of schemas it says which are not here."""
    for version in ("1.9", "1.99"):
        status, out, _ = run(
            capsys, "validate", "-m", SIMPLE, "-b", BASE, "--kubernetes-version", version
        )
        assert status == 0
        assert f"not checked: the schemas of Kubernetes {version}" in out


@pytest.mark.parametrize(
    "words",
    [
        f"{command} --{option} a"
        for command in ("up", "preview", "drift", "destroy")
        for option in ("baseconfig", "namespace", "epp-cluster-role", "pd-pull-secrets")
    ]
    + ["adopt --baseconfig a"],
)
def test_options_of_files_without_files_are_wrong_usage(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is told before a cluster is asked for, which may not be there."""
    monkeypatch.setenv("KUBECONFIG", os.devnull)
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == 2
    assert f"{words.split()[1]} needs -m" in capsys.readouterr().err
