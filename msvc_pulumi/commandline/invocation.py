"""Which program a container runs, by its command, args and image, and where its words begin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msvc_pulumi.commandline.image import PICKERS, SIDECARS, Image
from msvc_pulumi.commandline.reader import GO, PLAIN, SGLANG, VLLM, Dialect, Statement, read

__all__ = [
    "GO_PROGRAMS",
    "Invocation",
    "Script",
    "commands",
    "invocation",
    "release_of",
    "script_of",
]

# What images of endpoint pickers and routing sidecars start.
GO_PROGRAMS = frozenset({"epp", "pd-sidecar", "disagg-sidecar", "llm-d-routing-sidecar"})
SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
# What the names of images whose entrypoint is vLLM's server say besides vLLM: what it runs on.
PLATFORMS = frozenset(
    {"openai", "serve", "server", "runtime", "dev", "nightly", "release", "repo", "env"}
    | {"cpu", "gpu", "cuda", "rocm", "amd", "nvidia", "tpu", "xpu", "hpu", "gaudi", "neuron"}
    | {"ascend", "arm64", "aarch64", "x86"}
)
_TAG = r"(?:v?|.*vllm[_-]v?)(0\.\d+(?:\.\d+)?)(?!\d)"
_SGLANG_TAG = r"v?(\d+\.\d+\.\d+)(?!\d)"
_PUNCTUATION = ";&|<>\n"


class Invocation(NamedTuple):
    """A program's own words: ``lead`` from the command, then the args from ``skip`` on.

    ``takes_model`` is set where the first positional word is the model. ``is_opaque`` is set where
    words are not to be known here: variables of a shell, or the file of ``--config``.
    """

    dialect: Dialect
    lead: tuple[str, ...] = ()
    skip: int = 0
    takes_model: bool = False
    is_opaque: bool = False

    def statements(self, args: Sequence[str]) -> list[Statement]:
        """What command and args state together; places count from the command's first word."""
        return [*_known_words((*self.lead, *args[self.skip :]), self.dialect)]


@lru_cache(maxsize=256)
def _known_words(words: tuple[str, ...], dialect: Dialect) -> tuple[Statement, ...]:
    """What ``words`` state; the containers of a fleet have the same ones again and again."""
    return tuple(read(words, dialect))


class Script(NamedTuple):
    """A shell's script: the text and its index among the words of command and args."""

    text: str
    place: int

    @property
    def takes_arguments(self) -> bool:
        """Whether the script looks at what stands behind it."""
        return bool(re.search(r"\$(?:[@*1-9]|\{[@*1-9])", self.text))

    def invocation(self) -> Invocation | None:
        """The one server that the script starts, if it starts one."""
        found = [served for words in commands(self.text) if (served := _served(words, len(words)))]
        if len(found) != 1:
            return None
        served, words = found[0], found[0].lead
        opaque = any(
            statement.spelling.startswith("$") for statement in read(words, served.dialect)
        )
        opaque = opaque or any(
            word.startswith(("$", "`")) for word in _options_and_positional(served, words)
        )
        return Invocation(served.dialect, words, 0, served.takes_model, opaque)


def _options_and_positional(served: Invocation, words: Sequence[str]) -> list[str]:
    statements = [s for s in read(words, served.dialect) if not s.option or not s.is_known]
    first = next((s for s in statements if not s.option), None)
    return [s.values[0] for s in statements if not s.option and s is not first and s.values]


def invocation(container: Mapping[str, Any]) -> Invocation:
    """What ``container`` runs; a program that is not known reads its words in the plain way."""
    command: list[str] = container.get("command") or []
    args: list[str] = container.get("args") or []
    leading = next((n for n, word in enumerate(args) if word.startswith("--")), len(args))
    served = _served([*command, *args], len(command) + leading)
    if served is not None:
        start = len(command) + len(args) - len(served.lead)
        lead = tuple(command[start:])
        return Invocation(served.dialect, lead, max(0, start - len(command)), served.takes_model)
    if command:
        program = command[0].rpartition("/")[2]
        return Invocation(GO if program in GO_PROGRAMS else PLAIN)
    name = Image.of(container.get("image")).name
    if _is_vllm(name):
        return Invocation(VLLM, takes_model=True)
    return Invocation(GO if name in PICKERS | SIDECARS else PLAIN)


def _is_vllm(image: str) -> bool:
    """Whether an image's name says nothing but vLLM, what it runs on and that in which version."""
    name, *words = image.split("-")
    return name == "vllm" and all(
        word in PLATFORMS or word.removeprefix(prefix).isdigit()
        for word in words
        for prefix in [next((p for p in ("cu", "rhel", "ubi", "v") if word.startswith(p)), "")]
    )


def release_of(container: Mapping[str, Any], dialect: Dialect) -> tuple[int, ...] | None:
    """The release of the server in ``container`` where the image's name and tag say it."""
    name, tag = Image.of(container.get("image"))
    if dialect is VLLM and (_is_vllm(name) or "vllm" in tag):
        match = re.match(_TAG, tag)
    elif dialect is SGLANG and name == "sglang":
        match = re.match(_SGLANG_TAG, tag)
    else:
        return None
    if match is None:
        return None
    parts = tuple(int(part) for part in match[1].split("."))
    return parts if len(parts) == 3 else (*parts, 0)


def script_of(words: Sequence[str]) -> Script | None:
    """The script that a shell is given by ``-c`` in ``words``, the command and then the args."""
    shell = 0
    while shell < len(words) and words[shell].rpartition("/")[2] not in SHELLS:
        word = words[shell]
        if shell > 2 or (word.startswith("--") and word != "--"):  # env and tini -- come before it
            return None
        shell += 1
    has_script = False
    number = shell + 1
    while number < len(words):
        word = words[number]
        if word in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"):
            number += 2
            continue
        if not word.startswith(("-", "+")) or word in ("-", "--"):
            break
        has_script = has_script or (not word.startswith("--") and "c" in word[1:])
        takes_option = not word.startswith("--") and word.endswith("o")
        number += 2 if takes_option else 1
    if not has_script or number >= len(words):
        return None
    return Script(words[number], number)


def _served(words: Sequence[str], end: int) -> Invocation | None:
    """The model server that ``words`` start before ``end``, with its own words as ``lead``."""
    for number in range(min(end, len(words))):
        word = words[number]
        program = word.rpartition("/")[2]
        after = tuple(words[number + 2 :])
        follower = words[number + 1] if number + 1 < len(words) else ""
        if program in SHELLS:
            return None
        if program in ("vllm", "sglang"):
            dialect = VLLM if program == "vllm" else SGLANG
            if follower == "serve":
                return Invocation(dialect, after, takes_model=True)
            return None
        if word == "-m" and follower.startswith(("vllm.", "sglang.")):
            if follower == "vllm.entrypoints.cli.main" and after[:1] == ("serve",):
                return Invocation(VLLM, after[1:], takes_model=True)
            if follower.startswith("vllm.entrypoints."):
                return Invocation(VLLM, after)
            return Invocation(SGLANG, after) if follower.startswith("sglang.launch") else None
        if word.startswith("vllm.entrypoints."):
            return Invocation(VLLM, tuple(words[number + 1 :]))
    return None


def commands(script: str) -> list[list[str]]:
    """The simple commands of a shell script; none where its words cannot be told apart."""
    import shlex  # noqa: PLC0415  few containers run scripts

    lexer = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    skip = False
    try:
        for token in lexer:
            if token and not token.strip(_PUNCTUATION):
                redirects = "<" in token or ">" in token
                if redirects and commands[-1] and commands[-1][-1].isdigit():
                    commands[-1].pop()
                skip = redirects
                if not redirects:
                    commands.append([])
            elif skip:
                skip = False
            else:
                commands[-1].append(token)
    except ValueError:
        return []
    return commands
