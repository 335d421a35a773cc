"""`Contender`: one of those that do the same work in one run; `Figures`: what each takes."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from fleet import ROOT

from msvc_pulumi.engine.tools.plugins import KUBERNETES
from msvc_pulumi.engine.tools.toolchain import find_or_build


class Contender(NamedTuple):
    """A command, and what is to be on its PATH."""

    name: str
    command: tuple[str, ...]
    path: tuple[str, ...] = ()
    is_original: bool = False

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([*self.path, os.environ.get("PATH", os.defpath)])
        return {**os.environ, "PATH": path}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--beside", type=Path, metavar="TREE", help="another checkout, set up")
    parser.add_argument(
        "--same-plugin", action="store_true", help="TREE uses our Kubernetes plugin, too"
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (3)")


def introduce(*counts: int) -> None:
    """Say what is measured, and on what."""
    load, many = os.getloadavg()[0], ", ".join(map(str, counts))
    print(f"{many} ModelServices; {os.cpu_count()} processors, load {load:.1f} at the start")


def trees(arguments: argparse.Namespace, program: Sequence[str]) -> list[Contender]:
    """``program`` of this checkout, and of the other one."""
    found = [_of(ROOT, program)]
    if arguments.beside is not None:
        other = _of(arguments.beside.resolve(), program)
        found.append(other._replace(name=other.name if other.name != ROOT.name else "beside"))
    if arguments.same_plugin:
        folder = str(find_or_build(KUBERNETES).parent)
        found = [one._replace(path=(folder,)) for one in found]
    return found


def originals() -> list[Contender]:
    """The Go operator, if MSVC_GO_BINARY names its program."""
    if not (binary := os.environ.get("MSVC_GO_BINARY")):
        return []
    command = (binary, "run", "--epp-cluster-role=view", "--health-probe-bind-address=0")
    return [Contender("Go", command, is_original=True)]


def _of(tree: Path, program: Sequence[str]) -> Contender:
    return Contender(tree.name, (str(tree / ".venv" / "bin" / "msvc"), *program))


class Figures:
    """What each contender took, by line of the table; `tell` prints medians and ratios."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def note(self, name: str, line: str, value: float) -> None:
        self._found[line][name].append(value)
        print(f"  {name:<10} {line:<56} {value:9.2f}", file=sys.stderr, flush=True)

    @contextmanager
    def timed(self, name: str, what: str) -> Iterator[None]:
        """Note what the block takes, and the processor time of the processes that end in it."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        yield
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        self.note(name, f"{what}, s", wall)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.note(name, f"{what}: processor, s", processor)

    def tell(self) -> None:
        """Each line's medians, and the first contender's in parts of each other one's."""
        first, *others = self._names
        head = "".join(f"{name:>12}" for name in self._names)
        print(f"{'':<58}{head}" + "".join(f"{'/ ' + name:>12}" for name in others))
        for line, values in self._found.items():
            medians = {
                name: statistics.median(values[name]) for name in self._names if values[name]
            }
            shown = "".join(
                f"{medians[n]:12.2f}" if n in medians else " " * 12 for n in self._names
            )
            ratios = (
                f"{medians[first] / medians[name]:12.2f}"
                if first in medians and medians.get(name)
                else " " * 12
                for name in others
            )
            print(f"{line:<58}{shown}{''.join(ratios)}".rstrip())
