"""`economy`: what a run of the engine leaves out because it would bring nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msvc_pulumi.engine.rounds import SKIP_PREVIEW
from msvc_pulumi.engine.state.comparison import Comparison
from msvc_pulumi.engine.variables import UNASKED, UNCHECKED
from msvc_pulumi.plan import Plan

__all__ = ["economy"]

TOLD = 10  # ModelServices of one stack whose outputs are printed; of more they are pages
State = Callable[[], Mapping[str, Any]]


def economy(
    operation: str, plans: Sequence[Plan] | None, state: State, *, adopts: bool, refreshes: bool
) -> tuple[list[str], dict[str, str]]:
    """Flags and variables of the engine for ``operation`` on a stack that declares ``plans``, None
    if its program does.
    """
    flags: list[str] = []
    variables: dict[str, str] = {}
    if operation == "preview":  # it writes no state, but makes one for each resource all the same
        variables |= UNCHECKED
    if len(plans or ()) > TOLD:
        flags.append("--suppress-outputs")
    if operation in ("up", "preview") and plans is not None and not (adopts or refreshes):
        found = Comparison.of(state(), plans)
        if not found.deviating:
            variables |= UNASKED
            if operation == "up" and not found.altered:
                # A preview is for what would be deleted before it is made anew, and could not be.
                flags.append(SKIP_PREVIEW)
    return flags, variables
