"""A container's words: what runs in it, which option each word states and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msvc_pulumi.children.child import Child
from msvc_pulumi.commandline.invocation import Invocation, invocation, release_of
from msvc_pulumi.commandline.options import Release
from msvc_pulumi.commandline.reader import GO, PLAIN, Dialect, Statement
from msvc_pulumi.errors import Diagnostic, FieldPath, Label, Span

__all__ = ["ContainerWords"]

# Parts of values that some releases refuse; they are looked at closely.
SUSPECTS = ('"level"', '"use_inductor"', "limit-mm-per-prompt", "limit_mm_per_prompt")


@lru_cache(maxsize=64)
def _taken(dialect: Dialect, release: Release | None) -> frozenset[str]:
    options = dialect.options
    return frozenset(s for s in options.by_spelling if not options.refuses(s, release))


class ContainerWords(NamedTuple):
    """Command and args of the container at ``path``, and the program that reads them."""

    child: Child
    path: FieldPath
    command: Sequence[str]
    args: Sequence[str]
    program: Invocation
    release: Release | None

    @classmethod
    def of(cls, child: Child, path: FieldPath) -> ContainerWords:
        container: dict[str, Any] = child.get(path)
        program = invocation(container)
        if child.key == "eppDeployment" and program.dialect is PLAIN:
            program = Invocation(GO)
        release = release_of(container, program.dialect)
        command = container.get("command") or ()
        return cls(child, path, command, container.get("args") or (), program, release)

    def are_taken(self) -> bool:
        """Whether the release takes all flags as they are written, and no value looks refused."""
        program = self.program
        if not program.dialect.table:
            return True
        taken = _taken(program.dialect, self.release)
        words = [*program.lead, *self.args]
        text = "\n".join(words)
        return not any(suspect in text for suspect in SUSPECTS) and all(
            word.partition("=")[0] in taken for word in words if word.startswith("-")
        )

    def statements(self) -> list[Statement]:
        return self.program.statements(self.args)

    def is_joined(self) -> bool:
        """Whether the args come from more than one list; a leader's words have an origin each."""
        here = self.path.child("args")
        child = self.child
        return bool(self.args) and (
            (here in child.sources and here.child(0) in child.sources)
            or here.child(0) in child.overrides
        )

    def base_container(self) -> dict[str, Any]:
        """The BaseConfig's container of the same name; empty where it has none."""
        base, name = self.child.base, self.child.get(self.path.child("name"))
        stated = self.path.parent.find(base.value) if base is not None else None
        found = (item for item in stated or () if isinstance(item, dict))
        return next((item for item in found if item.get("name") == name), {})

    def place(self, word: int) -> FieldPath:
        """The field of a word of the program, counted as `Invocation.statements` does."""
        lead = len(self.program.lead)
        if word < lead:
            return self.path.child("command", len(self.command) - lead + word)
        return self.path.child("args", self.program.skip + word - lead)

    def list_of(self, place: FieldPath) -> FieldPath:
        """The list of a document that the word at ``place`` comes from."""
        return self.child.field(place).parent

    def is_stated(self, place: FieldPath) -> bool:
        return self.child.origin(place).kind == "model service"

    def word(self, statement: Statement) -> str:
        """The first word of a statement, as it is written."""
        behind = statement.start - len(self.program.lead)
        return self.program.lead[behind] if behind < 0 else self.args[self.program.skip + behind]

    def warning(
        self, code: str, summary: str, place: FieldPath, advice: str, other: Span | None = None
    ) -> Diagnostic:
        """A warning at the word at ``place``; ``other`` is where the one that overrules it is."""
        related = (Label(other, "the later one"),) if other else ()
        return self.child.warning(code, summary, place, advice, *related)
