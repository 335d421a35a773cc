"""Command lines as vLLM, SGLang and others read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from msvc_pulumi.commandline.invocation import invocation, release_of, script_of
from msvc_pulumi.commandline.options import Options
from msvc_pulumi.commandline.reader import GO, PLAIN, SGLANG, VLLM, Dialect, read
from msvc_pulumi.merge.arguments import by_flag

CASES = Path(__file__).parent / "commandline"
DIALECTS = {"vllm": VLLM, "sglang": SGLANG, "go": GO, "plain": PLAIN}


def cases(name: str) -> Any:
    return yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))


def answers(name: str) -> list[dict[str, Any]]:
    lines = (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def merged(base: list[str], overlay: list[str], *command: str) -> list[str]:
    words = {"base": base, "overlay": overlay}
    pieces = by_flag({"command": list(command), "args": base}, {"args": overlay})
    return [words[side][number] if made is None else made for side, number, made in pieces]


@pytest.mark.parametrize("case", cases("reading"), ids=lambda case: case["name"])
def test_every_word_belongs_to_the_option_that_the_program_takes_it_for(
    case: dict[str, Any],
) -> None:
    found = [
        [s.option, [*s.values], *([s.key] if s.key else []), *(["no"] if s.is_inverse else [])]
        for s in read(case["words"], DIALECTS[case["dialect"]])
    ]

    # YAML reads a bare no as false
    assert found == [["no" if part is False else part for part in row] for row in case["read"]]


WORDS = st.lists(
    st.sampled_from(
        ["m", "--", "-", "-tp", "--port", "--port=1", "-1", "--a.b", "--x", "-O", "a b"]
    )
    | st.text(alphabet="-=.abcO_ 1", max_size=8),
    max_size=10,
)


@given(WORDS, st.sampled_from([VLLM, SGLANG, GO, PLAIN]))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_every_word_belongs_to_one_statement(words: list[str], dialect: Dialect) -> None:
    places = [n for s in read(words, dialect) for n in range(s.start, s.stop)]

    assert places == [*range(len(words))]


@given(WORDS, WORDS)
@settings(deadline=None, max_examples=150, derandomize=True)
def test_merging_takes_all_of_the_overlay_or_what_is_made_of_it(
    base: list[str], overlay: list[str]
) -> None:
    """No word is doubled, and without a made value none of the overlay's is lost but a ``--``."""
    pieces = by_flag({"command": ["vllm", "serve"], "args": base}, {"args": overlay})
    kept = [(side, number) for side, number, made in pieces if made is None]

    assert len(kept) == len(set(kept))
    if len(kept) == len(pieces) and not any("." in word for word in overlay):
        lost = {*range(len(overlay))} - {number for side, number in kept if side == "overlay"}
        assert {overlay[number] for number in lost} <= {"--"}


@pytest.mark.parametrize("number", range(8))
def test_merged_args_are_those_that_the_parser_reads_as_it_should(number: int) -> None:
    """Recorded with vLLM 0.33.0 by tools/options: the overlay's value, else the base's."""
    pairs = answers("pairs")[number::8]

    assert len(pairs) == 50
    for pair in pairs:
        assert merged(pair["base"], pair["overlay"], "vllm", "serve") == pair["merged"]


@pytest.mark.parametrize("case", cases("programs"), ids=str)
def test_the_program_is_told_by_command_and_image(case: dict[str, Any]) -> None:
    found = invocation(case)

    assert [found.dialect.name, [*found.lead], found.skip, found.takes_model] == case["runs"]


@pytest.mark.parametrize(
    ("image", "release"),
    [
        ("vllm/vllm-openai:v0.11.0", (0, 11, 0)),
        ("r.example:5000/x/vllm-openai:0.9@sha256:ab", (0, 9, 0)),
        ("rocm/vllm:rocm6.4_vllm_0.10.2_x", (0, 10, 2)),
        ("vllm/vllm-openai:latest", None),
        ("ghcr.io/llm-d/llm-d:v0.2.0", None),
    ],
)
def test_the_release_is_told_by_the_images_of_the_server_alone(
    image: str, release: tuple[int, ...] | None
) -> None:
    assert release_of({"image": image}, VLLM) == release


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["sh", "-c", "x"], 2),
        (["/bin/bash", "-lc", "x"], 2),
        (["bash", "-euo", "pipefail", "-c", "x", "y"], 4),
        (["bash", "--login", "-c", "x"], 3),
        (["env", "A=b", "bash", "-ec", "x"], 4),
        (["bash", "start.sh", "-c", "x"], None),
        (["vllm", "serve", "-c", "x"], None),
        (["bash", "-c"], None),
    ],
)
def test_a_script_is_what_a_shell_is_given_by_c(words: list[str], place: int | None) -> None:
    found = script_of(words)

    assert (found.place if found else None) == place


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("source a # it\nexec vllm serve m \\\n  -tp 2 2>&1 | tee log", ["m", "-tp", "2"]),
        ("vllm serve m --port '80 '; sleep 1", ["m", "--port", "80 "]),
        ("vllm bench serve", None),
        ("vllm serve a & vllm serve b", None),
        ("echo 'open", None),
    ],
)
def test_a_script_is_read_as_far_as_its_words_can_be_told_apart(
    text: str, lead: list[str] | None
) -> None:
    script = script_of(["sh", "-c", text])
    assert script is not None
    found = script.invocation()

    assert (None if found is None else [*found.lead]) == lead


def test_variables_of_a_script_may_say_more() -> None:
    opaque = {}
    for text in (
        "vllm serve m $ARGS",
        'vllm serve m "$@"',
        "vllm serve m -tp $TP",
        "vllm serve $M",
    ):
        script = script_of(["sh", "-c", text])
        found = script.invocation() if script else None
        opaque[text] = found is not None and found.is_opaque

    assert [*opaque.values()] == [True, True, False, False]


@pytest.mark.parametrize(
    ("spelling", "release", "refused"),
    [
        ("--swap-space", (0, 11, 0), False),
        ("--swap-space", (0, 33, 0), True),
        ("--nnodes", (0, 11, 0), True),
        ("--nnodes", (0, 11, 1), False),  # between a release that refuses it and one that takes it
        ("--disable-log-requests", (0, 20, 0), True),
        ("--disable-log-requests", (0, 33, 0), False),
        ("--swap-space", None, False),
        ("--ep-size", None, True),
        ("--ep-size", (9, 0, 0), False),
    ],
)
def test_a_release_refuses_what_the_releases_around_it_do(
    spelling: str, release: tuple[int, ...] | None, refused: bool
) -> None:
    assert Options.of("vllm").refuses(spelling, release) is refused


def test_the_table_names_every_spelling_once() -> None:
    for program in ("vllm", "sglang"):
        options = Options.of(program)
        spellings = [
            s for option in options.by_name.values() for s in (*option.spellings, *option.inverses)
        ]
        assert len(spellings) == len(set(spellings)) > 400
