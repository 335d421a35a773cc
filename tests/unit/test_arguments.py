"""The byFlag merge of container args."""

from __future__ import annotations

import pytest

from msvc_pulumi.merge.arguments import by_flag


@pytest.mark.parametrize(
    ("base", "overlay", "want"),
    [
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
    sides = {"base": base, "overlay": overlay}

    assert want == [sides[side][number] for side, number in by_flag(base, overlay)]
