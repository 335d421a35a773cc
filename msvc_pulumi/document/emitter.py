"""Plain values as YAML that every reader takes for the same values.

Strings that YAML 1.1 or 1.2 would read as something else are quoted, long lines are not folded,
control characters are escaped (the original failed on them, quirk Q30).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from msvc_pulumi.document.scalars import resolve
from msvc_pulumi.errors import FieldPath

__all__ = ["leaf_lines", "to_yaml"]

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the C emitter where it was built


UNFOLDED = 2**31 - 1  # characters; no line is that long


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, _data: Any) -> bool:
        """Anchors are for authors; output repeats shared values."""
        return True

    def text(self, data: str) -> yaml.ScalarNode:
        style = None
        if "\n" in data:
            style = "|"
        elif not isinstance(resolve(data), str):
            style = '"'
        node: yaml.ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", data, style=style)
        return node


_Dumper.add_representer(str, _Dumper.text)


def to_yaml(value: Any) -> str:
    """``value`` as one block-style YAML document with sorted keys, ending in a line end."""
    text: str = yaml.dump(value, Dumper=_Dumper, width=UNFOLDED, allow_unicode=True, sort_keys=True)
    return text


def leaf_lines(text: str) -> Iterator[tuple[FieldPath, int]]:
    """Where in ``text`` each scalar and each empty collection starts: (path, line from 0)."""
    yield from _leaves(yaml.compose(text, Loader=yaml.SafeLoader), FieldPath())


def _leaves(node: Any, path: FieldPath) -> Iterator[tuple[FieldPath, int]]:
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, value in node.value:
            yield from _leaves(value, path.child(key.value))
    elif isinstance(node, yaml.SequenceNode) and node.value:
        for number, value in enumerate(node.value):
            yield from _leaves(value, path.child(number))
    elif node is not None:
        yield path, node.start_mark.line
