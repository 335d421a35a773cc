"""Arguments that do not do what they say: void beside the BaseConfig's, lost in a shell, refused.

How a program reads its words is `msvc_pulumi.commandline`'s to know. Nothing here changes a child.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.flags import containers
from msvc_pulumi.commandline.invocation import (
    Invocation,
    invocation,
    release_of,
    script_of,
)
from msvc_pulumi.commandline.options import Release
from msvc_pulumi.commandline.reader import GO, PLAIN, POSITIONAL, REST, Dialect, Statement
from msvc_pulumi.commandline.replacements import INSTEAD
from msvc_pulumi.errors import Diagnostic, FieldPath, Label, Severity, nearest

__all__ = ["argument_warnings"]

MODEL = "model"
BY_FLAG = "state mergePolicy: {args: byFlag}, or append, or take the flag out of the BaseConfig"
ONE_MODEL = "state mergePolicy: {args: byFlag}, or take the model out of the BaseConfig"
WHOLE_SCRIPT = (
    "state the whole script with mergePolicy: {args: replace}, or a command that is no shell, or "
    'have the script pass on "$0" "$@" and state mergePolicy: {args: append}'
)


def argument_warnings(children: Sequence[Child], policy: str) -> Iterator[Diagnostic]:
    """A warning for every argument of a container that its program does not see or refuses.

    ``policy`` is ``spec.mergePolicy.args``.
    """
    for child in children:
        for path in containers(child):
            container = child.get(path)
            if not container.get("args") and not container.get("command"):
                continue
            yield from _Container.of(child, path, container, policy).warnings()


@dataclass(frozen=True, slots=True)
class _Container:
    child: Child
    path: FieldPath
    command: Sequence[str]
    args: Sequence[str]
    program: Invocation
    release: Release | None
    policy: str

    @classmethod
    def of(
        cls, child: Child, path: FieldPath, container: dict[str, Any], policy: str
    ) -> _Container:
        program = invocation(container)
        if child.key == "eppDeployment" and program.dialect is PLAIN:
            program = Invocation(GO)
        release = release_of(container, program.dialect)
        command = container.get("command") or ()
        return cls(child, path, command, container.get("args") or (), program, release, policy)

    def warnings(self) -> Iterator[Diagnostic]:
        dialect = self.program.dialect
        if dialect.table and not _all_taken(self.program.lead, self.args, dialect, self.release):
            yield from self._refused()
        if not dialect.table and self.command and (lost := self._lost()) is not None:
            yield lost
        elif self._is_joined():
            yield from self._void()

    def _is_joined(self) -> bool:
        """Whether the args come from more than one list; a leader's words have an origin each."""
        here = self.path.child("args")
        child = self.child
        return bool(self.args) and (
            (here in child.sources and here.child(0) in child.sources)
            or here.child(0) in child.overrides
        )

    def _place(self, word: int) -> FieldPath:
        """The field of a word of the program, counted as `Invocation.statements` does."""
        lead = len(self.program.lead)
        if word < lead:
            return self.path.child("command", len(self.command) - lead + word)
        return self.path.child("args", self.program.skip + word - lead)

    def _list(self, place: FieldPath) -> FieldPath:
        """The list of a document that the word at ``place`` comes from."""
        return self.child.field(place).parent

    def _is_stated(self, place: FieldPath) -> bool:
        return self.child.origin(place).kind == "model service"

    def _void(self) -> Iterator[Diagnostic]:
        """What the ModelService states and the BaseConfig, or the role, states again later."""
        found = sorted(
            (s for s in self.program.statements(self.args) if s.option != REST), key=self._slot
        )
        for slot, group in groupby(found, key=self._slot):
            statements = [*group]
            if len(statements) < 2 or not slot or statements[0].kind == "append":
                continue
            if self.program.dialect is PLAIN and not slot.startswith("--"):
                continue
            pair = self._overruled(slot, statements)
            if pair is not None:
                yield self._void_warning(slot, *pair)

    def _slot(self, statement: Statement) -> str:
        takes_model = self.program.takes_model
        if takes_model and statement.option in (POSITIONAL, "model", "model-path"):
            return MODEL
        return statement.option

    def _overruled(
        self, slot: str, statements: Sequence[Statement]
    ) -> tuple[Statement, Statement] | None:
        """The last statement of the ModelService that another list's overrules, and that one."""
        for number in reversed(range(len(statements))):
            early = statements[number]
            place = self._place(early.start)
            if not self._is_stated(place):
                continue
            mine = self._list(place)
            for late in reversed(statements):
                if late is early or not self._beats(late, early):
                    continue
                where = self._place(late.start)
                same = (late.values, late.is_inverse) == (early.values, early.is_inverse)
                if same and slot != MODEL:
                    continue
                theirs = self._list(where)
                if theirs == mine:
                    continue
                if not self._is_stated(where) or self.policy == "prepend":
                    return early, late
        return None

    def _beats(self, late: Statement, early: Statement) -> bool:
        """Whether ``early`` has no effect because of ``late``, by the rules of the program."""
        if late.key and not early.key:
            return True  # dotted entries replace a whole value wherever they stand
        if late.start < early.start or (early.key and not late.key):
            return False
        nested = f"{early.key}.".startswith(f"{late.key}.")
        return not late.key or nested or late.spelling != early.spelling

    def _void_warning(self, slot: str, early: Statement, late: Statement) -> Diagnostic:
        child = self.child
        place, other = self._place(early.start), self._place(late.start)
        span = child.origin(other).span
        where = f"{child.field(other)}" + (f" ({span})" if span else "")
        name = self._word(early).partition("=")[0]
        if slot == MODEL and self.program.takes_model:
            summary = f"the model is stated again by {where}, and a second one is refused"
            advice = ONE_MODEL
        elif self.program.dialect is PLAIN:
            summary = f"{name} is stated again by {where}, and most programs take the last"
            advice = BY_FLAG
        else:
            summary = f"{name} has no effect: {where} states it again later, and the last one wins"
            advice = BY_FLAG
        return self._warning("overruled-flag", summary, place, advice, child.origin(other).span)

    def _word(self, statement: Statement) -> str:
        return [*self.program.lead, *self.args[self.program.skip :]][statement.start]

    def _lost(self) -> Diagnostic | None:
        """What the ModelService adds in front of a program's name, or to a shell's script."""
        if not self.args or not (self._is_joined() or script_of(self.command)):
            return None
        places = [self.path.child("args", number) for number in range(len(self.args))]
        stated = [number for number, place in enumerate(places) if self._is_stated(place)]
        if not stated:
            return None
        mine = self._list(places[stated[0]])
        theirs = [
            word for word, place in zip(self.args, places, strict=True) if self._list(place) != mine
        ]
        return self._in_script(stated[0], theirs) or self._in_front(stated[0], theirs)

    def _in_script(self, first: int, theirs: Sequence[str]) -> Diagnostic | None:
        script = script_of([*self.command, *theirs]) or script_of([*self.command, *self.args])
        if script is None or (script.place >= len(self.command) and not theirs):
            return None
        at = script.place - len(self.command)
        behind = first > at and (at < 0 or self.args[at] == script.text)
        if behind and script.takes_arguments:
            if "$0" in script.text or "${0" in script.text or first > at + 1:
                return None
            summary = (
                f"{self.args[first]} becomes $0 of the shell's script and does not reach the "
                'server by "$@"'
            )
        else:
            summary = "the command is a shell with -c: what is added here does not reach the server"
        return self._lost_warning("script-arguments", summary, first, WHOLE_SCRIPT)

    def _in_front(self, first: int, theirs: Sequence[str]) -> Diagnostic | None:
        named = invocation({"command": self.command, "args": theirs})
        if first > 0 or not named.skip:
            return None
        program = " ".join([*self.command, *theirs[: named.skip]])
        summary = f"what is added here comes before the end of `{program}` and does not reach it"
        advice = "state mergePolicy: {args: byFlag}, or have the BaseConfig name it in command"
        return self._lost_warning("misplaced-arguments", summary, first, advice)

    def _lost_warning(self, code: str, summary: str, first: int, advice: str) -> Diagnostic:
        place = self.path.child("args", first)
        return Diagnostic(
            code,
            summary,
            Severity.WARNING,
            field=self._list(place),
            span=self.child.origin(place).span,
            help=advice,
        )

    def _refused(self) -> Iterator[Diagnostic]:
        """Flags that the release in the image does not take, or that no known release does."""
        options = self.program.dialect.options
        for statement in self.program.statements(self.args):
            if statement.option in (POSITIONAL, REST):
                continue
            if options.refuses(statement.spelling, self.release):
                yield self._refusal(statement)

    def _refusal(self, statement: Statement) -> Diagnostic:
        options = self.program.dialect.options
        name = self.program.dialect.name
        flag = self._word(statement).partition("=")[0]
        place = self._place(statement.start)
        taken = options.taken(statement.spelling)
        newest = _text(options.releases[-1])
        asked = f"{name} {_text(self.release)}" if self.release else name
        completions = [s for s in options.newest if s.startswith(statement.spelling)]
        if not taken and len(completions) > 1 and flag.startswith("-"):
            summary = f"{flag} is ambiguous to {asked}: it begins {', '.join(completions[:4])}"
            return self._warning("unknown-flag", summary, place, "write the whole name")
        if not taken:
            summary = f"{flag} is no flag of any known release of {name} (up to {newest})"
            close = nearest(statement.spelling, options.newest)
            advice = INSTEAD.get(statement.option) or (f"write {close}" if close else "remove it")
            return self._warning("unknown-flag", summary, place, advice)
        release = self.release or options.releases[-1]
        if taken[0][0] > release:
            since = _text(taken[0][0])
            summary = f"{flag} is not known before {name} {since}, and the image is older"
            return self._warning("unknown-flag", summary, place, "use a newer image")
        until = _text(max(last for _, last in taken if last < release))
        advice = INSTEAD.get(statement.option, "") or self._other_spelling(statement)
        code = "renamed-flag" if advice.startswith("write") else "removed-flag"
        summary = f"{asked} does not take {flag}; {until} did"
        return self._warning(code, summary, place, advice or "remove it")

    def _other_spelling(self, statement: Statement) -> str:
        options = self.program.dialect.options
        option = options.by_spelling[statement.spelling]
        group = option.inverses if statement.is_inverse else option.spellings
        other = next((s for s in group if not options.refuses(s, self.release)), "")
        return f"write {other}" if other else ""

    def _warning(
        self, code: str, summary: str, place: FieldPath, advice: str, other: Any = None
    ) -> Diagnostic:
        child = self.child
        return Diagnostic(
            code,
            summary,
            Severity.WARNING,
            field=child.field(place),
            span=child.origin(place).span,
            related=(Label(other, "the later one"),) if other else (),
            help=advice,
        )


def _text(release: Release | None) -> str:
    return ".".join(str(part) for part in release or ())


def _all_taken(
    lead: Sequence[str], args: Sequence[str], dialect: Dialect, release: Release | None
) -> bool:
    """Whether every word that looks like a flag is one of the release, in its full spelling."""
    taken = _taken(dialect, release)
    return all(
        word.partition("=")[0] in taken
        for words in (lead, args)
        for word in words
        if word.startswith("-")
    )


@lru_cache(maxsize=64)
def _taken(dialect: Dialect, release: Release | None) -> frozenset[str]:
    options = dialect.options
    return frozenset(s for s in options.by_spelling if not options.refuses(s, release))
