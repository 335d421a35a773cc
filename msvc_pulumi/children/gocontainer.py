"""What an endpoint picker or routing sidecar is told on its command line, each with its place.

The words are those of command and args, or of the script that a shell is given; values may name
variables of the container's environment, which the kubelet fills in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msvc_pulumi.children.child import Child
from msvc_pulumi.commandline.goprograms import Candidates, candidates
from msvc_pulumi.commandline.gowords import Parser, Reading, WordFlag, read_flags
from msvc_pulumi.commandline.invocation import GO_PROGRAMS, commands, script_of
from msvc_pulumi.commandline.references import expanded
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.pattern import pattern

__all__ = ["GoContainer", "Told", "containers"]

WORKLOADS = frozenset({"Deployment", "LeaderWorkerSet"})
TEMPLATE = FieldPath.of("spec", "template")
WORKER = FieldPath.of("spec", "leaderWorkerTemplate", "workerTemplate")
LEADER = FieldPath.of("spec", "leaderWorkerTemplate", "leaderTemplate")
Step = tuple[str, int]  # a list of the container, and the number of a word in it
STARTING = frozenset({"exec", "env", "nohup", "time", "tini", "dumb-init", "--"})
WRAPPERS = 4  # words like tini and -- before the program's own
_ASSIGNMENT = pattern(r"\w+=")


class Told(NamedTuple):
    """A flag that is stated in the container at ``path``; ``value`` is what the program sees.

    ``at`` and ``value_at`` are where the flag and its value are in the container. ``aside`` is the
    word behind a switch that was meant for its value, at ``aside_at``.
    """

    path: FieldPath
    flag: WordFlag
    at: Step
    value_at: Step
    value: str
    aside: str = ""
    aside_at: Step | None = None

    @property
    def place(self) -> FieldPath:
        return self.path.child(*self.at)

    @property
    def value_place(self) -> FieldPath:
        return self.path.child(*self.value_at)

    @property
    def is_open(self) -> bool:
        """Whether its value is not to be known here."""
        return "$" in self.value

    @property
    def is_on(self) -> bool:
        """Whether a switch is on."""
        return self.flag._replace(value=self.value).is_on


class Line(NamedTuple):
    """A command line as it is written: its words, each with its place, and what they state."""

    words: tuple[tuple[str, Step], ...]
    reading: Reading
    is_open: bool


class GoContainer(NamedTuple):
    """A container with one of the programs, as far as its words can be told apart.

    ``known`` is None where the image says nothing. ``line`` has no words where another program
    runs.
    """

    child: Child
    path: FieldPath
    known: Candidates | None
    line: Line

    @classmethod
    def of(cls, child: Child, path: FieldPath) -> GoContainer:
        """The container at ``path``."""
        container: Mapping[str, Any] = child.get(path)
        image = container.get("image") or ""
        command, args = container.get("command") or (), container.get("args") or ()
        return cls(child, path, candidates(image), _line(image, tuple(command), tuple(args)))

    @property
    def is_open(self) -> bool:
        """Whether the program may be told more than is known here."""
        return self.line.is_open

    @property
    def told(self) -> list[Told]:
        """What is stated, in order."""
        return [self.tell(flag) for flag in self.line.reading.flags]

    def tell(self, flag: WordFlag) -> Told:
        """A flag of the line with its places and its value."""
        words = self.line.words
        return Told(
            self.path,
            flag,
            words[flag.at][1],
            words[max(flag.at, flag.value_at)][1],
            expanded(flag.value, self.container) if "$" in flag.value else flag.value,
            *(words[flag.aside] if flag.aside >= 0 else ()),
        )

    @property
    def end(self) -> tuple[str, Step] | None:
        """A word behind which flags are not read, and where it is."""
        end = self.line.reading.end
        return self.line.words[end] if end >= 0 else None

    @property
    def image_place(self) -> FieldPath:
        return self.path.child("image")

    @property
    def container(self) -> Mapping[str, Any]:
        container: Mapping[str, Any] = self.child.get(self.path)
        return container

    def last(self, *names: str) -> Told | None:
        """The last statement of a flag, which is the one that counts, by any of its names."""
        found = [flag for flag in self.line.reading.flags if flag.name in names]
        return self.tell(found[-1]) if found else None


def containers(child: Child) -> Iterator[FieldPath]:
    """Where the containers of ``child``'s pods are, initial ones first."""
    spec = child.manifest.get("spec")
    if child.kind.kind not in WORKLOADS or not isinstance(spec, dict):
        return
    group = spec.get("leaderWorkerTemplate")
    for holder, at in ((spec, TEMPLATE), (group, WORKER), (group, LEADER)):
        template = holder.get(str(at[-1])) if isinstance(holder, dict) else None
        pod = template.get("spec") if isinstance(template, dict) else None
        if not isinstance(pod, dict):
            continue
        for name in ("initContainers", "containers"):
            if isinstance(found := pod.get(name), list):
                below = at.child("spec", name)
                yield from (below.child(number) for number in range(len(found)))


@lru_cache(maxsize=256)
def _line(image: str, command: tuple[str, ...], args: tuple[str, ...]) -> Line:
    """What a command line states; the containers of a fleet have the same ones again and again."""
    known = candidates(image)
    words = _words(command, args, is_known=known is not None)
    if words is None:
        return Line((), Reading(()), is_open=True)
    texts = [text for text, _ in words]
    reading = _read(texts, known)
    values = {flag.value_at for flag in reading.flags}
    opaque = any(
        text.startswith(("$", "`")) for number, text in enumerate(texts) if number not in values
    )
    return Line(tuple(words), reading, opaque)


def _read(words: Sequence[str], known: Candidates | None) -> Reading:
    if known is None:
        return read_flags(words, "", _kind_to_any)
    parsers = {known.program.parsers[n] for n in range(known.first, known.last + 1)}
    parser: Parser = ""
    if len(parsers) == 1:
        parser = "pflag" if "pflag" in parsers else "flag"
    return read_flags(words, parser, known.kind)


def _kind_to_any(name: str) -> str | None:
    from msvc_pulumi.commandline.goprograms import GoProgram  # noqa: PLC0415  its table is read

    for program in ("extension", "llm-d", "sidecar"):
        for row in GoProgram.of(program).rows.get(name, ()):
            return row.kind
    return None


def _words(
    command: Sequence[str], args: Sequence[str], *, is_known: bool
) -> list[tuple[str, Step]] | None:
    """The program's words with their places; None where they cannot be told.

    Where nobody knows the program of a command, all words are taken for its own.
    """
    words: list[tuple[str, Step]] = [
        (text, (name, number))
        for name, texts in (("command", command), ("args", args))
        for number, text in enumerate(texts)
    ]
    if not command:
        return words
    script = script_of([*command, *args])
    if script is not None:
        text, place = words[script.place]
        found = _of_script(text, place, words[script.place + 2 :])
        if found is None and not is_known:
            return [(word, place) for word in text.split()]
        return found
    for number, (text, _) in enumerate(words[:WRAPPERS]):
        if _program(text) in GO_PROGRAMS:
            return words[number + 1 :]
    return None if is_known else words[1:]


def _of_script(
    text: str, place: Step, behind: list[tuple[str, Step]]
) -> list[tuple[str, Step]] | None:
    """The words of the one program of ours that a shell's script starts."""
    found = []
    for words in commands(text):
        first = 0
        while first < len(words) and (
            _program(words[first]) in STARTING or _ASSIGNMENT.match(words[first])
        ):
            first += 1
        if first < len(words) and _program(words[first]) in GO_PROGRAMS:
            found.append(words[first + 1 :])
    if len(found) != 1:
        return None
    result: list[tuple[str, Step]] = []
    for word in found[0]:
        result += behind if word in ("$@", "$*") else [(word, place)]
    return result


def _program(word: str) -> str:
    return word.rpartition("/")[2]
