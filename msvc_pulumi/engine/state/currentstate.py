"""`CurrentState`: what a stack has, read again only after something that may have changed it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

__all__ = ["CurrentState"]

State = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


class CurrentState:
    """Called, it returns what ``read`` does, which takes 0.1 s and more for 100 ModelServices."""

    def __init__(self, read: Callable[[], State]) -> None:
        self._read = read
        self._known: State | None = None

    def __call__(self) -> State:
        if self._known is None:
            self._known = self._read()
        return self._known

    def changed_by(self, act: Callable[P, T]) -> Callable[P, T]:
        """``act``, after which the state is read again, and while which it is not kept."""

        def acted(*arguments: P.args, **keywords: P.kwargs) -> T:
            self._known = None
            try:
                return act(*arguments, **keywords)
            finally:
                self._known = None

        return acted
