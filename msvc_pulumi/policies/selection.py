"""`selection`: which policies count, and how severe their findings are, by words of a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msvc_pulumi.errors import Severity
from msvc_pulumi.nearest import nearest
from msvc_pulumi.policies.catalogue import POLICIES

__all__ = ["ALL", "selection"]

ALL = "all"
OFF = "off"
LEVELS: Mapping[str, Severity | None] = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    OFF: None,
}


def selection(chosen: Iterable[str], skipped: Iterable[str] = ()) -> dict[str, Severity]:
    """The severity of each policy that counts, in the order of all.

    ``chosen`` are lists such as ``all,unpinned-image=error``: later words overrule earlier ones.
    Those of ``skipped`` count in no case. Raises ValueError for what names no policy.
    """
    levels: dict[str, Severity | None] = {}
    for word in _words(chosen):
        name, equals, level = word.partition("=")
        if equals and level not in LEVELS:
            raise ValueError(f'"{level}" is no severity: {", ".join(LEVELS)}')
        for policy in _named(name):
            usual = levels.get(policy) or POLICIES[policy].severity
            levels[policy] = LEVELS[level] if equals else usual
    for word in _words(skipped):
        levels |= dict.fromkeys(_named(word))
    on = {name: severity for name, severity in levels.items() if severity is not None}
    return {name: on[name] for name in POLICIES if name in on}


def _words(lists: Iterable[str]) -> Iterable[str]:
    return (word.strip() for stated in lists for word in stated.split(",") if word.strip())


def _named(name: str) -> Iterable[str]:
    if name == ALL:
        return tuple(POLICIES)
    if name not in POLICIES:
        close = nearest(name, POLICIES)
        hint = f"did you mean {close}?" if close else f"there are {ALL}, {', '.join(POLICIES)}"
        raise ValueError(f'"{name}" is no policy: {hint}')
    return (name,)
