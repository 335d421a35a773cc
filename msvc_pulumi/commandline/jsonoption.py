"""JSON options of vLLM: a whole value and its dotted entries are one thing to whoever states them.

vLLM itself gathers the dotted entries of one spelling and lets them replace a whole value beside
them, so entries of two sides, or of two spellings, have to be put into one value before it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.commandline.reader import Statement
from msvc_pulumi.pattern import pattern

__all__ = ["Words", "merged_entries"]

_SUFFIXED = pattern(r"(\d+)(?:\.(\d+))?([kKmMgGtT])")
_POWERS = "kmgt"


@dataclass(frozen=True, slots=True)
class Words:
    """The statements of one JSON option on one side, with the words they are part of."""

    words: Sequence[str]
    statements: Sequence[Statement]

    def head(self, statement: Statement) -> str:
        """The spelling as it is written: each is a dictionary of its own to vLLM."""
        return self.words[statement.start].partition("=")[0].partition(".")[0].replace("_", "-")

    def entries(self) -> list[Statement]:
        """The dotted entries that count: those of the spelling that begins last."""
        entries = [statement for statement in self.statements if statement.key]
        heads = list(dict.fromkeys(self.head(statement) for statement in entries))
        return [statement for statement in entries if self.head(statement) == heads[-1]]

    def effective(self) -> dict[str, Any] | None:
        """The value that vLLM takes from these words, None where it is no mapping."""
        entries = self.entries()
        if not entries:
            return _mapping(self.statements[-1].value)
        result: dict[str, Any] = {}
        for statement in entries:
            *path, key = statement.key.removesuffix("+").split(".")
            here = result
            for step in path:
                inner = here.get(step)
                here[step] = here = inner if isinstance(inner, dict) else {}
            _add(here, key, _value(statement))
        return result


def merged_entries(base: Words, overlay: Words) -> str | tuple[list[Statement], list[Statement]]:
    """The option with the overlay's entries put into the base's value.

    Returns the statements to keep of each side where their own words say it, else the JSON value.
    An entry replaces what the base has under its key, a list that ``+`` adds to included.
    """
    entries = overlay.entries()
    keys = {statement.key.removesuffix("+") for statement in entries}
    heads = {side.head(s) for side in (base, overlay) for s in side.statements}
    plain = all(s.key and not s.key.endswith("+") for s in (*base.statements, *entries))
    nested = any(_nest(s.key, key) for s in base.statements for key in keys)
    if plain and len(heads) == 1 and not nested:
        return [s for s in base.statements if s.key not in keys], entries
    value = base.effective()
    if value is None:
        return [], entries
    stated = Words(overlay.words, entries).effective() or {}
    for key in sorted(keys):
        _put(value, key.split("."), _find(stated, key.split(".")))
    return json.dumps(value)


def _nest(left: str, right: str) -> bool:
    return left != right and (left.startswith(f"{right}.") or right.startswith(f"{left}."))


def _add(here: dict[str, Any], key: str, value: Any) -> None:
    """Add an entry as vLLM does: mappings and lists grow, everything else is replaced."""
    known = here.get(key)
    if isinstance(known, dict) and isinstance(value, dict):
        for inner, member in value.items():
            _add(known, inner, member)
    elif isinstance(known, list) and isinstance(value, list):
        here[key] = [*known, *value]
    else:
        here[key] = value


def _find(value: Any, path: list[str]) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(value: dict[str, Any], path: list[str], member: Any) -> None:
    *steps, key = path
    for step in steps:
        inner = value.get(step)
        value[step] = value = dict(inner) if isinstance(inner, dict) else {}
    value[key] = member


def _mapping(text: str | None) -> dict[str, Any] | None:
    try:
        value = json.loads(text or "")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _value(statement: Statement) -> Any:
    """What vLLM makes of an entry's word: JSON, a number with a suffix, else the text."""
    text = statement.value or ""
    if statement.key.endswith("+"):
        return text.split(",")
    try:
        return json.loads(text)
    except ValueError:
        return _number(text.strip(), text)


def _number(text: str, otherwise: str) -> int | str:
    match = _SUFFIXED.fullmatch(text)
    if match is None:
        try:
            return int(text)
        except ValueError:
            return otherwise
    whole, fraction, suffix = match.groups()
    power = _POWERS.index(suffix.lower()) + 1
    if suffix.islower():
        return int(float(f"{whole}.{fraction or 0}") * 1000**power)
    return otherwise if fraction else int(whole) * 1024**power
