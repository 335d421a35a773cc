"""The byFlag merge of container args."""

from __future__ import annotations

import pytest

from msvc_pulumi.merge.arguments import by_flag


@pytest.mark.parametrize(
    ("base", "overlay", "want"),
    [
        # of a program that nobody knows
        (["--port", "1", "--eager"], ["--port=2"], ["--port=2", "--eager"]),
        (["--a", "1"], ["--b", "2"], ["--a", "1", "--b", "2"]),
        (["model", "--a"], ["other"], ["other", "--a"]),
        (["--a"], ["model"], ["model", "--a"]),
        (["--e", "1", "--e", "2", "--z"], ["--e", "3"], ["--e", "3", "--z"]),
        (["-v", "4"], ["-v", "-1"], ["-v", "-1"]),
        ([], ["--a"], ["--a"]),
        (["--a"], [], ["--a"]),
    ],
)
def test_by_flag(base: list[str], overlay: list[str], want: list[str]) -> None:
    """A flag of the overlay replaces the base's with all its values; the rest stays in order."""
    assert merged(base, overlay, "program") == want


@pytest.mark.parametrize(
    ("base", "overlay", "want"),
    [
        (["m", "--max-model-len=8192"], ["--max_model_len", "1"], ["m", "--max_model_len", "1"]),
        (["-tp", "2"], ["--tensor-parallel-size=4"], ["--tensor-parallel-size=4"]),
        (["--port=1", "--port=2"], ["--port=3"], ["--port=3"]),
        (
            ["--enable-prefix-caching"],
            ["--no-enable-prefix-caching"],
            ["--no-enable-prefix-caching"],
        ),
        (["a", "--port", "1"], ["--enforce-eager", "b"], ["b", "--port", "1", "--enforce-eager"]),
        (["a", "--port", "1"], ["--model", "b"], ["--model", "b", "--port", "1"]),
        (["--model=a", "--port", "1"], ["b"], ["b", "--port", "1"]),
        (
            ["-cc", '{"a": 1, "b": {"c": 2}}'],
            ["-cc.b.d", "10k"],
            ["-cc", '{"a": 1, "b": {"c": 2, "d": 10000}}'],
        ),
        (["-cc.a", "1", "-cc.b", "2"], ["-cc.a", "3"], ["-cc.b", "2", "-cc.a", "3"]),
        (["-cc.a=1"], ["--compilation-config.b=2"], ["--compilation-config", '{"a": 1, "b": 2}']),
        (
            ["-cc.a=1", "-cc.b=2"],
            ["--compilation-config", '{"c":3}'],
            ["--compilation-config", '{"c":3}'],
        ),
        (["m", "--swap-space", "4"], ["--swap_space=8"], ["m", "--swap_space=8"]),
        (["--", "a"], ["--port", "1"], ["a", "--port", "1"]),
    ],
)
def test_by_flag_as_vllm_reads_it(base: list[str], overlay: list[str], want: list[str]) -> None:
    assert merged(base, overlay, "vllm", "serve") == want


def test_the_program_may_begin_in_the_args() -> None:
    """Its own name stays in front, whoever states it."""
    assert merged(["serve", "m", "-tp=1"], ["--tensor=2"], "vllm") == ["serve", "m", "--tensor=2"]


def merged(base: list[str], overlay: list[str], *command: str) -> list[str]:
    words = {"base": base, "overlay": overlay}
    pieces = by_flag({"command": [*command], "args": base}, {"args": overlay})
    return [words[side][number] if made is None else made for side, number, made in pieces]
