"""What an endpoint picker or routing sidecar is told on its command line, each with its place.

The words are those of command and args, or of the script that a shell is given; values may name
variables of the container's environment, which the kubelet fills in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msvc_pulumi.children.child import Child
from msvc_pulumi.commandline.goprograms import Candidates, candidates
from msvc_pulumi.commandline.gowords import Parser, Reading, WordFlag, read_flags
from msvc_pulumi.commandline.invocation import GO_PROGRAMS, commands, script_of
from msvc_pulumi.errors import FieldPath

__all__ = ["GoContainer", "Told", "containers"]

WORKLOADS = frozenset({"Deployment", "LeaderWorkerSet"})
TEMPLATE = FieldPath.of("spec", "template")
WORKER = FieldPath.of("spec", "leaderWorkerTemplate", "workerTemplate")
LEADER = FieldPath.of("spec", "leaderWorkerTemplate", "leaderTemplate")
WRAPPERS = 4  # words like tini and -- before the program's own
_REFERENCE = re.compile(r"\$\(([^()]+)\)")
_ASSIGNMENT = re.compile(r"\w+=")


class Told(NamedTuple):
    """A flag that is stated: where, and where its value is; ``value`` is what the program sees.

    ``aside`` is the word behind a switch that was meant for its value, and where it is.
    """

    flag: WordFlag
    place: FieldPath
    value_place: FieldPath
    value: str
    aside: tuple[FieldPath, str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether its value is not to be known here."""
        return "$" in self.value

    @property
    def is_on(self) -> bool:
        """Whether a switch is on."""
        return self.flag._replace(value=self.value).is_on


class GoContainer(NamedTuple):
    """A container with one of the programs, as far as its words can be told apart.

    ``known`` is None where the image says nothing. ``end`` is a word behind which flags are not
    read. ``is_open`` is set where the program may be told more than is known here.
    """

    child: Child
    path: FieldPath
    known: Candidates | None
    told: tuple[Told, ...]
    end: tuple[FieldPath, str] | None = None
    is_open: bool = False

    @classmethod
    def of(cls, child: Child, path: FieldPath) -> GoContainer:
        """The container at ``path``; without words where another program runs."""
        container: Mapping[str, Any] = child.get(path)
        known = candidates(container.get("image") or "")
        words = _words(container)
        if words is None:
            return cls(child, path, known, (), is_open=True)
        texts = tuple(text for _, _, text in words)
        reading = _read(texts, known)
        places = [path.child(name, number) for name, number, _ in words]
        told = tuple(
            Told(
                flag,
                places[flag.at],
                places[max(flag.at, flag.value_at)],
                _expanded(flag.value, container) if "$(" in flag.value else flag.value,
                (places[flag.aside], texts[flag.aside]) if flag.aside >= 0 else None,
            )
            for flag in reading.flags
        )
        end = (places[reading.end], texts[reading.end]) if reading.end >= 0 else None
        opaque = any(text.startswith(("$", "`")) for text in texts)
        return cls(child, path, known, told, end, opaque)

    @property
    def container(self) -> Mapping[str, Any]:
        container: Mapping[str, Any] = self.child.get(self.path)
        return container

    def last(self, *names: str) -> Told | None:
        """The last statement of a flag, which is the one that counts, by any of its names."""
        found = [told for told in self.told if told.flag.name in names]
        return found[-1] if found else None


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
def _read(words: tuple[str, ...], known: Candidates | None) -> Reading:
    """What ``words`` state; the containers of a fleet have the same ones again and again."""
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


def _words(container: Mapping[str, Any]) -> list[tuple[str, int, str]] | None:
    """The program's words with their places; None where they cannot be told.

    Where nobody knows the program of a command, all words are taken for its own.
    """
    command: Sequence[str] = container.get("command") or ()
    args: Sequence[str] = container.get("args") or ()
    words = [("command", number, text) for number, text in enumerate(command)]
    words += [("args", number, text) for number, text in enumerate(args)]
    if not command:
        return words
    is_known = candidates(container.get("image") or "") is not None
    script = script_of([*command, *args])
    if script is not None:
        name, number, text = words[script.place]
        found = _of_script(name, number, text, words[script.place + 2 :])
        if found is None and not is_known:
            return [(name, number, word) for word in text.split()]
        return found
    for number, (_, _, text) in enumerate(words[:WRAPPERS]):
        if _program(text) in GO_PROGRAMS:
            return words[number + 1 :]
    return None if is_known else words[1:]


def _of_script(
    name: str, number: int, text: str, behind: list[tuple[str, int, str]]
) -> list[tuple[str, int, str]] | None:
    """The words of the one program of ours that a shell's script starts."""
    found = []
    for words in commands(text):
        first = 0
        while first < len(words) and (words[first] == "exec" or _ASSIGNMENT.match(words[first])):
            first += 1
        if first < len(words) and _program(words[first]) in GO_PROGRAMS:
            found.append(words[first + 1 :])
    if len(found) != 1:
        return None
    result = []
    for word in found[0]:
        result += behind if word in ("$@", "$*") else [(name, number, word)]
    return result


def _program(word: str) -> str:
    return word.rpartition("/")[2]


def _expanded(value: str, container: Mapping[str, Any]) -> str:
    variables = {
        variable.get("name", ""): variable.get("value", "")
        for variable in container.get("env") or ()
        if "valueFrom" not in variable
    }
    return _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), value)
