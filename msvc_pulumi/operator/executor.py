"""What the controller asks of an executor: `Executor`, with `Work` to do and its `Outcome`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.plan import Plan

__all__ = ["Executor", "Key", "Outcome", "Work"]


class Key(NamedTuple):
    """A ModelService in the cluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def stack(self) -> str:
        """Name of its stack, the same as `msvc up` gives it."""
        return f"{self.namespace}.{self.name}"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be for one ModelService; without a plan nothing of it is."""

    key: Key
    plan: Plan | None
    generation: int = 0
    """metadata.generation that the plan was made from."""
    refresh: bool = False
    """Whether to look at the cluster first, because somebody else changed what was made."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one `Work`: done if there is no problem."""

    problems: tuple[Diagnostic, ...] = ()
    changes: Mapping[str, int] = field(default_factory=dict)
    """Operation ("create", "update", "delete", …) → number of resources, of the whole run."""
    general: bool = False
    """Whether nothing says that the problem is this ModelService's own."""
    pending: bool = False
    """Whether it goes on by itself; the same work is to be handed in again to hear of its end."""

    @property
    def done(self) -> bool:
        return not self.problems and not self.pending


class Executor(Protocol):
    """Makes the cluster what plans say. Safe to use from several threads."""

    def knows(self, key: Key) -> bool:
        """Whether anything was made for ``key`` and not removed since."""
        ...

    def converge(self, works: Sequence[Work]) -> dict[Key, Outcome]:
        """The outcome of each work; one that fails holds none of the others back.

        No two works may be of ModelServices with the same name.
        """
        ...

    def forget(self, key: Key) -> None:
        """Keep nothing of ``key`` any more, and leave what was made for it as it is."""
        ...

    def disallow(self, key: Key) -> None:
        """What was made for ``key`` stays, but its BaseConfig, one of another namespace, is not for
        it to read any more.
        """
        ...

    def recover(self) -> list[Key]:
        """Mend what a killed operator left behind; the ModelServices that it was working on."""
        ...

    def stop(self, seconds: float) -> None:
        """End what runs, cleanly if it does so within ``seconds``."""
        ...

    def close(self) -> None:
        """Nothing of it runs any more; nothing is asked of it after this."""
        ...
