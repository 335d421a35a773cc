"""Arguments that do not do what they say: void beside the BaseConfig's, lost in a shell, refused.

How a program reads its words is `msvc_pulumi.commandline`'s to know. Nothing here changes a child.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.containerwords import ContainerWords
from msvc_pulumi.children.gocontainer import containers
from msvc_pulumi.commandline.invocation import invocation, script_of
from msvc_pulumi.commandline.reader import PLAIN, POSITIONAL, REST, Statement
from msvc_pulumi.errors import Diagnostic, Diagnostics, Label, Severity

__all__ = ["argument_warnings"]

MODEL = "model"
COLLECTING = ("append", "many")  # more than one is what such an option is for
BY_FLAG = "state mergePolicy: {args: byFlag}, or append, or take the flag out of the BaseConfig"
MOST_ALIKE = 50  # statements of one option that are looked at, of the first and of the last
ONE_MODEL = "state mergePolicy: {args: byFlag}, or take the model out of the BaseConfig"
WHOLE_SCRIPT = (
    "state the whole script, or a command that is no shell, with mergePolicy: {args: replace}; or "
    'have the script pass on "$0" "$@" and state mergePolicy: {args: append}'
)


def argument_warnings(
    children: Sequence[Child], policy: str, known: Diagnostics
) -> Iterator[Diagnostic]:
    """A warning for every argument of a container that its program does not see or refuses.

    ``policy`` is ``spec.mergePolicy.args``; ``known`` is where the warnings go.
    """
    for child in children:
        for path in containers(child):
            words = ContainerWords.of(child, path)
            if not words.are_taken():
                from msvc_pulumi.children import refusedflags  # noqa: PLC0415  seldom there

                yield from refusedflags.refused_flags(words, known)
            yield from _Joined(words, policy, known).warnings()


class _Joined(NamedTuple):
    """Words of two sides in one container."""

    words: ContainerWords
    policy: str
    known: Diagnostics

    def warnings(self) -> Iterator[Diagnostic]:
        words = self.words
        is_known = words.program.dialect.table
        if (strange := self._script_of_base()) is not None:
            yield strange
        elif not is_known and (lost := self._lost()) is not None:
            yield lost
        elif words.is_joined():
            yield from self._void()

    def _void(self) -> Iterator[Diagnostic]:
        """What the ModelService states and the BaseConfig, or the role, states again later."""
        found = sorted((s for s in self.words.statements() if s.option != REST), key=self._slot)
        for slot, group in groupby(found, key=self._slot):
            statements = [*group]
            if len(statements) < 2 or not slot or statements[0].kind in COLLECTING:
                continue
            if self.words.program.dialect is PLAIN and not slot.startswith("--"):
                continue
            middle = slice(MOST_ALIKE, max(len(statements) - MOST_ALIKE, MOST_ALIKE))
            del statements[middle]  # each is held against each
            pair = self._overruled(slot, statements)
            if pair is None:
                continue
            if self.known.has_room(Severity.WARNING):
                yield self._void_warning(slot, *pair)
            else:
                self.known.pass_over(Severity.WARNING)

    def _slot(self, statement: Statement) -> str:
        takes_model = self.words.program.takes_model
        if takes_model and statement.option in (POSITIONAL, "model", "model-path"):
            return MODEL
        return statement.option

    def _overruled(
        self, slot: str, statements: Sequence[Statement]
    ) -> tuple[Statement, Statement] | None:
        """The last statement of the ModelService that another list's overrules, and that one."""
        for number in reversed(range(len(statements))):
            early = statements[number]
            place = self.words.place(early.start)
            if not self.words.is_stated(place):
                continue
            mine = self.words.list_of(place)
            for late in reversed(statements):
                if late is early or not self._beats(late, early):
                    continue
                where = self.words.place(late.start)
                same = (late.values, late.is_inverse) == (early.values, early.is_inverse)
                if same and slot != MODEL:
                    continue
                theirs = self.words.list_of(where)
                if theirs == mine:
                    continue
                if not self.words.is_stated(where) or self.policy == "prepend":
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
        child = self.words.child
        place, other = self.words.place(early.start), self.words.place(late.start)
        span = child.origin(other).span
        where = f"{child.field(other)}" + (f" ({span})" if span else "")
        name = self.words.word(early).partition("=")[0]
        if slot == MODEL and self.words.program.takes_model:
            summary = f"the model is stated again by {where}, and a second one is refused"
            advice = ONE_MODEL
        elif self.words.program.dialect is PLAIN:
            summary = f"{name} is stated again by {where}, and most programs take the last"
            advice = BY_FLAG
        else:
            summary = f"{name} has no effect: {where} states it again later, and the last one wins"
            advice = BY_FLAG
        return self.words.warning(
            "overruled-flag", summary, place, advice, child.origin(other).span
        )

    def _lost(self) -> Diagnostic | None:
        """What the ModelService adds in front of a program's name, or to a shell's script."""
        words = self.words
        if not words.args or not (
            words.is_joined() or self._is_shell() or script_of(words.command)
        ):
            return None
        places = [self.words.path.child("args", number) for number in range(len(self.words.args))]
        stated = [number for number, place in enumerate(places) if self.words.is_stated(place)]
        if not stated:
            return None
        mine = self.words.list_of(places[stated[0]])
        theirs = [
            word
            for word, place in zip(self.words.args, places, strict=True)
            if self.words.list_of(place) != mine
        ]
        return (
            self._in_script(stated[0], theirs)
            or self._as_script(stated[0])
            or self._in_front(stated[0], theirs)
        )

    def _in_script(self, first: int, theirs: Sequence[str]) -> Diagnostic | None:
        if theirs and self.words.is_stated(self.words.path.child("command")):
            return self._behind_own_script(first)
        script = script_of([*self.words.command, *theirs]) or script_of(
            [*self.words.command, *self.words.args]
        )
        if script is None or (script.place >= len(self.words.command) and not theirs):
            return None
        at = script.place - len(self.words.command)
        behind = first > at and (at < 0 or self.words.args[at] == script.text)
        if behind and script.takes_arguments:
            if "$0" in script.text or "${0" in script.text or first > at + 1:
                return None
            summary = (
                f"{self.words.args[first]} becomes $0 of the shell's script and does not reach the "
                'server by "$@"'
            )
        else:
            summary = "the command is a shell with -c: what is added here does not reach the server"
        return self._lost_warning("script-arguments", summary, first, WHOLE_SCRIPT)

    def _behind_own_script(self, first: int) -> Diagnostic | None:
        """The base's args behind a script that the ModelService states, command and all."""
        words = self.words
        script = script_of([*words.command, *words.args])
        if script is None or script.takes_arguments:
            return None
        summary = "the command is a shell with -c: the BaseConfig's args do not reach the server"
        return self._lost_warning(
            "script-arguments", summary, first, "state mergePolicy: {args: replace}"
        )

    def _is_shell(self) -> bool:
        """Whether the command is a shell that takes the first of the args for its script."""
        script = script_of([*self.words.command, "script"])
        return script is not None and script.place == len(self.words.command)

    def _as_script(self, first: int) -> Diagnostic | None:
        """A flag where a shell looks for its script."""
        word = self.words.args[first]
        if first > 0 or not word.startswith("--") or not self._is_shell():
            return None
        summary = f"the command is a shell with -c: it takes {word} for an option of its own"
        return self._lost_warning("script-arguments", summary, first, WHOLE_SCRIPT)

    def _script_of_base(self) -> Diagnostic | None:
        """The BaseConfig's script behind a command of the ModelService that is no shell."""
        words, place = self.words, self.words.path.child("command")
        if not words.command or not words.is_stated(place) or script_of(words.command):
            return None
        base = words.base_container()
        command, args = base.get("command") or [], base.get("args") or []
        script = script_of([*command, *args])
        if script is None or script.place < len(command) or script.text not in words.args:
            return None
        if self._is_shell():
            return None
        child = words.child
        there = child.origin(words.path.child("args", words.args.index(script.text))).span
        return Diagnostic(
            "script-arguments",
            f"the BaseConfig's args are a script for its shell, and {words.command[0]} is none",
            Severity.WARNING,
            field=child.field(place),
            span=child.origin(place).span,
            related=(Label(there, "the script"),) if there else (),
            help="state mergePolicy: {args: replace}",
        )

    def _in_front(self, first: int, theirs: Sequence[str]) -> Diagnostic | None:
        named = invocation({"command": self.words.command, "args": theirs})
        if first > 0 or not named.skip:
            return None
        program = " ".join([*self.words.command, *theirs[: named.skip]])
        summary = f"what is added here comes before the end of `{program}` and does not reach it"
        advice = "state mergePolicy: {args: byFlag}, or have the BaseConfig name it in command"
        return self._lost_warning("misplaced-arguments", summary, first, advice)

    def _lost_warning(self, code: str, summary: str, first: int, advice: str) -> Diagnostic:
        place = self.words.path.child("args", first)
        return Diagnostic(
            code,
            summary,
            Severity.WARNING,
            field=self.words.list_of(place),
            span=self.words.child.origin(place).span,
            help=advice,
        )
