"""Repairs of one ModelService come later and later while somebody undoes them."""

from __future__ import annotations

from msvc_pulumi.operator.drift.repairs import FORGOTTEN_AFTER, LONGEST_PAUSE, Repairs
from msvc_pulumi.operator.executor import Key

KEY, OTHER = Key("here", "a"), Key("here", "b")


def test_two_at_once_then_ever_longer_pauses() -> None:
    """The second may follow the first at once; from then on the pause doubles up to a limit."""
    moment = [0.0]
    repairs = Repairs(lambda: moment[0])
    pauses = []
    for _ in range(12):
        pauses.append(repairs.wait(KEY))
        moment[0] += pauses[-1]
        assert repairs.wait(KEY) == 0
        repairs.begin(KEY)
    assert pauses[:5] == [0, 0, 10, 20, 40]
    assert pauses[-1] == LONGEST_PAUSE
    assert repairs.wait(OTHER) == 0


def test_peace_is_remembered_too() -> None:
    """After a long time without a repair the next one is made at once."""
    moment = [0.0]
    repairs = Repairs(lambda: moment[0])
    for _ in range(5):
        repairs.begin(KEY)
    assert repairs.wait(KEY) > 0
    moment[0] += FORGOTTEN_AFTER + 1
    assert repairs.wait(KEY) == 0
