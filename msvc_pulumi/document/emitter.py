"""Plain values as YAML that every reader takes for the same values.

Strings that YAML 1.1 or 1.2 would read as something else are quoted, long lines are not folded,
control characters are escaped (the original failed on them, quirk Q30).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NoReturn

import yaml

from msvc_pulumi.document.scalars import resolve
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.pattern import pattern

__all__ = ["leaf_lines", "to_yaml"]

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the C emitter where it was built

UNFOLDED = 2**31 - 1  # characters; no line is that long
LONGEST_KEY = 128  # bytes before a colon

# Words, paths, flags, images and quantities: texts that stand as they are, unless they are a YAML
# word. No number or date begins like them, or ends like a quantity.
_PLAIN = re.compile(
    r"(?:[A-Za-z_/$]|--?(?=[A-Za-z])|--(?!-))(?:[\w/.,;=+@%()$-]|:(?=[\w/]))*"
    r"|[1-9]\d*(?:[KMGTP]i|[mkMGTP])",
    re.ASCII,
)
_UNESCAPED = re.compile(r"[ !#-\[\]-~]*")  # what stands for itself between double quotes
_BLOCK_LINE = re.compile(r"\n(?!\n)")  # the start of a block scalar's line that is not empty
_UNUSUAL = pattern("[\r\x85\u2028\u2029]")  # line ends that are none to everybody
LONGEST_KEPT = 256  # characters of a text whose layout is remembered


class _Dumper(_Base):  # type: ignore[misc]
    def ignore_aliases(self, _data: Any) -> bool:
        """Anchors are for authors; output repeats shared values."""
        return True

    def text(self, data: str) -> yaml.ScalarNode:
        style = None
        if _UNUSUAL.search(data):
            style = '"'  # to others they are no line ends, and what indents the next line is text
        elif "\n" in data:
            style = "|"
        elif not isinstance(resolve(data), str):
            style = '"'
        node: yaml.ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", data, style=style)
        return node


_Dumper.add_representer(str, _Dumper.text)


class _UnusualError(Exception):
    """A key or text whose layout only PyYAML's emitter knows."""


def to_yaml(value: Any, *, sort_keys: bool = True) -> str:
    """``value`` as one block-style YAML document, ending in a line end.

    Keys are sorted, or in their own order for what a person goes on writing. The text is the one
    PyYAML's emitter writes. Collections are laid out here, in a tenth of its time; it is asked for
    the scalars that are no plain words.
    """
    if not sort_keys:
        return _dumped(value, sort_keys=False)
    chunks: list[str] = []
    try:
        if isinstance(value, dict) and value:
            _mapping(value, "", "", chunks.append)
        elif isinstance(value, list) and value:
            _sequence(value, "", "", chunks.append)
        else:
            return _dumped(value)
    except _UnusualError:
        return _dumped(value)
    return "".join(chunks)


def _dumped(value: Any, *, sort_keys: bool = True) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, width=UNFOLDED, allow_unicode=True, sort_keys=sort_keys
    )
    return text


def _mapping(value: dict[str, Any], lead: str, indent: str, write: Callable[[str], None]) -> None:
    """Write a mapping whose first line begins with ``lead``, the others with ``indent``."""
    for key in sorted(value):
        member = value[key]
        name = _key_once(key) if len(key) <= LONGEST_KEY else _long_key()
        if type(member) is str:
            text = _scalar_once(member) if len(member) <= LONGEST_KEPT else _scalar(member)
            if "\n" in text:
                text = _BLOCK_LINE.sub(f"\n{indent}", text)
            write(f"{lead}{name}: {text}\n")
        elif isinstance(member, dict) and member:
            write(f"{lead}{name}:\n")
            below = indent + "  "
            _mapping(member, below, below, write)
        elif isinstance(member, list) and member:
            write(f"{lead}{name}:\n")
            _sequence(member, indent, indent, write)
        else:
            write(f"{lead}{name}: {_leaf(member, indent)}\n")
        lead = indent


def _sequence(value: list[Any], lead: str, indent: str, write: Callable[[str], None]) -> None:
    for item in value:
        if type(item) is str:
            write(f"{lead}- {_text(item, indent)}\n")
        elif isinstance(item, dict) and item:
            _mapping(item, f"{lead}- ", indent + "  ", write)
        elif isinstance(item, list) and item:
            _sequence(item, f"{lead}- ", indent + "  ", write)
        else:
            write(f"{lead}- {_leaf(item, indent)}\n")
        lead = indent


def _leaf(value: Any, indent: str) -> str:
    if isinstance(value, str):
        return _text(value, indent)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, int) else _member(value)


def _text(value: str, indent: str) -> str:
    text = _scalar_once(value) if len(value) <= LONGEST_KEPT else _scalar(value)
    return _BLOCK_LINE.sub(f"\n{indent}", text) if "\n" in text else text


def _scalar(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) is not None and isinstance(resolve(text), str)
    return text if is_plain else _laid_out(text)


_scalar_once = lru_cache(maxsize=4096)(_scalar)  # a fleet's names, flags and images are few


def _laid_out(text: str) -> str:
    if _UNESCAPED.fullmatch(text) and not isinstance(resolve(text), str):
        return f'"{text}"'
    # a block scalar has to mark more than one line end at its end
    if _UNUSUAL.search(text) or text.endswith("\n\n") or text == "\n":
        raise _UnusualError
    return _member(text)


def _member(value: Any) -> str:
    """``value`` as it stands behind a key that is not indented."""
    return _dumped({"k": value})[3:-1]


def _long_key() -> NoReturn:
    raise _UnusualError


@lru_cache(maxsize=4096)
def _key_once(key: str) -> str:
    if "\n" in key or len(key.encode()) > LONGEST_KEY:
        raise _UnusualError
    return _scalar(key)


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
