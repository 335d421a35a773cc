"""The catalogue of diagnostic codes: whole, well-formed, and each example does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from diagnosticcodes import codes_in_source

from msvc_pulumi.cli import main, parser
from msvc_pulumi.cli.diagnostics import show
from msvc_pulumi.cli.operator import plan_options
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.explanations.catalogue import TOPICS, Edit, Example, codes, explanation
from msvc_pulumi.fleet.fleetplan import plan_inputs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CODES = codes()
ENTRIES = {code: explanation(code) for code in CODES}
# Where codes are read that were written elsewhere: by another process, and in the catalogue.
COPIED = {"msvc_pulumi/operator/planning/answer.py", "msvc_pulumi/explanations/catalogue.py"}
HEADLINE = re.compile(r"^(error|warning)\[([a-z0-9-]+)\]: ", re.MULTILINE)
SEVERITIES = {"error", "warning", "error or warning"}
# Codes whose example nobody can run without a cluster, a full disk, Go or a program of Pulumi:
# what brings them about is said in words.
IN_WORDS = frozenset((HERE / "explanations" / "in-words.txt").read_text().split())


@pytest.fixture(scope="module")
def found() -> object:
    return codes_in_source(ROOT, ("msvc_pulumi", "components"))


def test_codes_of_the_source_are_those_of_the_catalogue(found) -> None:
    assert {place.partition(":")[0] for place in found.unknown} <= COPIED, sorted(found.unknown)
    unexplained = {code: sorted(found.places[code]) for code in set(found.places) - set(CODES)}
    assert not unexplained, "write msvc_pulumi/explanations/CODE.yaml for these"
    assert not set(CODES) - set(found.places), "nothing raises these any more"


def test_a_new_code_is_found(tmp_path: Path) -> None:
    """Whatever way it takes to its diagnostic."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "module.py").write_text(
        """
class Diagnostic:
    code: str
    summary: str

CAUSES = (("full", "by-table"), ("empty", "by-second"))
CODES = {404: ("by-status", "")}
NAMED, OTHER = "by-name", ""

def made(summary: str, code: str = "by-default") -> Diagnostic:
    return Diagnostic(code, summary)

def all(status: int, what, mystery):
    yield Diagnostic("by-word", "")
    yield made("", "by-function" if status else "by-choice")
    yield Diagnostic(NAMED, "")
    for _, code in CAUSES:
        yield Diagnostic(code, "")
    code, _ = CODES.get(status, ("by-fallback", ""))
    yield Diagnostic(code, "")
    yield replace(what, code="by-change")
    yield Diagnostic(mystery(), "")
"""
    )
    codes = codes_in_source(tmp_path, ("new",))
    ways = "table second status fallback name default word function choice change"
    assert set(codes.places) == {f"by-{way}" for way in ways.split()}
    assert codes.unknown == {"new/module.py:22"}


@pytest.mark.parametrize("code", CODES)
def test_an_entry_says_something(code: str) -> None:
    entry = ENTRIES[code]
    assert entry.topic in TOPICS
    assert entry.severity in SEVERITIES
    assert not entry.title.endswith(".")
    assert len(entry.title) <= 72
    for text in (entry.meaning, entry.why, entry.cure):
        assert len(text) > 12
        assert text[-1] in ".`)"
    assert code not in entry.related
    assert set(entry.related) <= set(CODES)
    assert bool(entry.example) != bool(entry.see)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_lists_its_codes(capsys: pytest.CaptureFixture[str], topic: str) -> None:
    """By its name, also where a field is called so; the list of all says which there are."""
    assert main(["explain", topic]) == 0
    shown = capsys.readouterr().out
    _, _, listed = shown.rpartition(f"{TOPICS[topic]} [{topic}]:\n")
    codes_of = {line.split()[0] for line in listed.splitlines() if line.startswith("  ")}
    assert codes_of == {code for code in CODES if explanation(code).topic == topic}
    assert main(["explain"]) == 0
    assert f"[{topic}]:" in capsys.readouterr().out


def test_no_text_is_of_two_codes() -> None:
    for name in ("title", "meaning", "cure"):
        texts = [getattr(ENTRIES[code], name) for code in CODES]
        assert len(set(texts)) == len(texts), name


def test_who_has_no_example_is_known() -> None:
    assert {code for code in CODES if ENTRIES[code].see} == IN_WORDS


@pytest.mark.parametrize("code", sorted(set(CODES) - IN_WORDS))
def test_an_example_gives_its_code_and_its_cure_takes_it_away(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = ENTRIES[code]
    example = entry.example
    assert example is not None
    for name, value in example.environment.items():
        monkeypatch.setenv(name, value)
    status, problems = _run(example.command, example.files, tmp_path / "wrong", monkeypatch, capsys)
    assert {name for _, name in problems} == {code}
    assert {severity for severity, _ in problems} <= set(entry.severity.split(" or "))
    assert bool(status) == any(severity == "error" for severity, _ in problems)
    status, problems = _run(
        example.cured_command, example.cured_files, tmp_path / "cured", monkeypatch, capsys
    )
    assert tuple(name for _, name in problems) == example.leaves
    assert bool(status) == bool(example.leaves)


def _run(
    command: str,
    files: dict[str, str | bytes],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[int, list[tuple[str, str]]]:
    """The exit code, and severity and code of every problem."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    monkeypatch.chdir(folder)
    capsys.readouterr()
    words = shlex.split(command)
    assert words[0] == "msvc"
    runs_operator = words[1:3] == ["operator", "run"]
    status = _as_operator(words[1:]) if runs_operator else main(words[1:])
    return status, HEADLINE.findall(capsys.readouterr().err)


def _as_operator(words: list[str]) -> int:
    """Plan the files as the operator does that is started by ``words``."""
    try:
        options = plan_options(parser(words).parse_args(words))
        fleet = plan_inputs(load_inputs(["msvc.yaml"], ["baseconfig.yaml"]), options)
    except ModelServiceError as error:
        show(error.diagnostics, None)
        return 1
    show(fleet.warnings, None)
    return 0


@pytest.mark.parametrize("text", ["none", "x x"])
def test_an_edit_that_does_not_fit_is_told(text: str) -> None:
    example = Example("msvc", {"a": text}, {}, (Edit("a", "x", "y"),), "msvc", ())
    with pytest.raises(ValueError, match="a does not hold once: x"):
        example.cured_files  # noqa: B018


@pytest.mark.parametrize("name", ["", "no-such-code", "../errors", "catalogue.py", "Required"])
def test_what_is_no_code_is_not_looked_for_elsewhere(name: str) -> None:
    with pytest.raises(KeyError):
        explanation(name)
