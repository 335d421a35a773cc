"""What PyYAML's parser makes of a text: its events, its tokens, and how much of a text is read.

libyaml's parser when it was built in, the pure Python one otherwise. What the events mean is
decided in `msvc_pulumi.document.yaml11`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from msvc_pulumi.document.scalars import TAG_PREFIX
from msvc_pulumi.pattern import pattern

try:
    from yaml._yaml import CParser as _EventParser
except ImportError:  # PyYAML was built without libyaml
    from yaml.loader import SafeLoader as _EventParser  # type: ignore[assignment]

__all__ = [
    "MAX_NESTING",
    "MAX_NODES",
    "SURROGATE",
    "UNREADABLE",
    "event_parser",
    "is_merge",
    "scan",
]

MAX_NESTING = 100  # levels of mappings and sequences, aliases included
MAX_NODES = 200_000  # keys and values in one input; about 2,500 ModelServices in one file

UNREADABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SURROGATE = pattern("[\ud800-\udfff]")


def event_parser(text: str) -> Any:
    """A parser with ``get_event`` and ``get_token``; to be disposed of when done with."""
    return _EventParser(text)


def scan(text: str) -> Iterator[Any]:
    """The tokens of a text.

    Raises: yaml.YAMLError where it stops making sense.
    """
    parser = event_parser(text)
    try:
        while (token := parser.get_token()) is not None:
            yield token
    finally:
        parser.dispose()


def is_merge(event: Any) -> bool:
    """Whether the event is the key ``<<``, whose value is merged into its mapping."""
    return (
        type(event) is yaml.ScalarEvent
        and event.value == "<<"
        and (event.implicit[0] or event.tag == TAG_PREFIX + "merge")
    )
