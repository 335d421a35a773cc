"""`Spans`: the places of all values or keys of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msvc_pulumi.document.nodes import Node
from msvc_pulumi.errors import FieldPath, Span

__all__ = ["Spans"]


class Spans(Mapping[FieldPath, Span]):
    """The spans of a document's values or keys, worked out when one is asked for."""

    def __init__(self, root: Node, find: Callable[[FieldPath], Span | None], *, keys: bool) -> None:
        self._root = root
        self._find = find
        self._keys = keys

    def __getitem__(self, path: FieldPath) -> Span:
        span = self._find(path)
        if span is None:
            raise KeyError(path)
        return span

    def __iter__(self) -> Iterator[FieldPath]:
        for path, _ in self._root.walk():
            if not self._keys or (path and isinstance(path[-1], str)):
                yield path

    def __len__(self) -> int:
        return sum(1 for _ in self)
