"""Runs Go for one tool module: its modules, or one program, or one diagnostic of what is missing.

Go's own settings (GOFLAGS, GOPROXY, GOMODCACHE, GOCACHE, GOTOOLCHAIN …) are the user's and stay.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NoReturn

from msvc_pulumi.engine.tools.goprocess import Stopped, environment, run
from msvc_pulumi.engine.tools.machine import free_space
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.progress import Progress, Task

__all__ = ["Go", "Packages", "ToolError", "tool_error"]

NICENESS = "5"  # whoever waits for it wants it, but not a machine that stutters
GIGABYTE = 1 << 30
LOG_TAIL = 12  # lines of a failed build that are shown; the whole log is named

INSTALL_GO = "install Go 1.26 or newer (https://go.dev/dl/) and have `go` on PATH"

# What a proxy refuses it refuses again; the rest may be there in a moment.
REFUSED = ("403 Forbidden", "404 Not Found", "410 Gone", "module lookup disabled")

# What Go prints, for each cause a user can do something about; the first that occurs decides.
CAUSES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "disk-full",
        ("no space left on device", "disk quota exceeded"),
        "the disk is full",
        "free some space, or move Go's caches with GOCACHE and GOMODCACHE",
    ),
    ("go-too-old", ("(running go 1.", "(running go1."), "Go is too old", INSTALL_GO),
    (
        "module-checksum",
        ("SECURITY ERROR", "checksum mismatch"),
        "a downloaded module is not the one that go.sum names",
        "empty the module cache with `go clean -modcache` and try again; "
        "if it stays, do not trust the download",
    ),
    (
        "modules-unreachable",
        (
            "dial tcp",
            "no such host",
            "connection refused",
            "connection reset",
            "i/o timeout",
            "TLS handshake",
            "unexpected EOF",
            "proxyconnect",
            "500 Internal Server Error",
            "502 Bad Gateway",
            "503 Service Unavailable",
            "504 Gateway Time",
            *REFUSED,
        ),
        "Go modules cannot be downloaded",
        "connect to the network, or point GOPROXY at a module proxy this machine reaches",
    ),
    (
        "out-of-memory",
        ("signal: killed", "cannot allocate memory", "out of memory"),
        "the build was killed, most likely for want of memory",
        "close other programs, or build with GOFLAGS=-p=1; the largest tool takes about 2 GB",
    ),
)


class ToolError(ModelServiceError):
    """A tool is neither there nor can it be built."""

    exit_code: ClassVar[int] = 3


def tool_error(code: str, summary: str, *, help: str, notes: Iterable[str] = ()) -> ToolError:  # noqa: A002
    """The exception for one problem, ready to be raised."""
    return ToolError([Diagnostic(code, summary, help=help, notes=tuple(notes))])


PAUSES = (5.0, 15.0, 30.0, 60.0)  # seconds before each further try


@dataclass(frozen=True, slots=True)
class Packages:
    """What a program is made of: how many packages, and which Go has not compiled yet."""

    total: int
    stale: frozenset[str]


@dataclass(frozen=True, slots=True)
class Go:
    """A Go new enough for the module in ``folder``."""

    folder: Path
    caches: tuple[Path, ...]

    @classmethod
    def locate(cls, folder: Path, *, tool: str, instead: str = "") -> Go:
        """Go as found on PATH, asked from inside ``folder`` so that it may switch its toolchain.

        ``instead`` is another way to get ``tool``, if there is one.
        Raises ToolError (go-missing, go-too-old) naming the tool that needed it.
        """
        remedy = f"{INSTALL_GO}{f', or {instead}' if instead else ''}"
        if shutil.which("go") is None:
            raise tool_error(
                "go-missing", f"{tool} has to be built, and Go is not installed", help=remedy
            )
        asked = subprocess.run(
            ["go", "env", "-json", "GOCACHE", "GOMODCACHE"],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode != 0:
            _fail(f"{tool} cannot be built", asked.stderr, log=None)
        directories: Mapping[str, str] = json.loads(asked.stdout)
        return cls(
            folder, tuple(Path(directory) for directory in directories.values() if directory)
        )

    def require_space(self, *, tool: str, size: int, target: Path) -> None:
        """Raises ToolError (disk-full) unless ``size`` bytes are free wherever the build writes."""
        for directory in (*self.caches, target):
            free = free_space(directory)
            if free < size:
                raise tool_error(
                    "disk-full",
                    f"building {tool} takes {size / GIGABYTE:.1f} GB below {directory}, "
                    f"{free / GIGABYTE:.1f} GB are free",
                    help="free some space there, or move it: GOCACHE and GOMODCACHE are Go's, "
                    "XDG_CACHE_HOME holds the finished tools",
                )

    def modules(self, *paths: str, progress: Progress | None = None) -> dict[tuple[str, str], Path]:
        """(module path, version) → folder of its source, downloaded and checked against go.sum.

        Without ``paths``: every module that go.mod requires, after its replacements. A network that
        is lost is tried again, with a word on ``progress``. Raises ToolError as `build` does.
        """
        text = self._asked(
            ["go", "mod", "download", "-json", *paths],
            "Go modules cannot be downloaded",
            progress or (lambda _: None),
            threading.Event(),
        )
        found: dict[tuple[str, str], Path] = {}
        decoder, text = json.JSONDecoder(), text.strip()
        while text:
            module, end = decoder.raw_decode(text)
            found[module["Path"], module["Version"]] = Path(module["Dir"])
            text = text[end:].lstrip()
        return found

    def known_packages(self, package: str, *, linker_flags: str) -> Packages | None:
        """What ``package`` is made of, if that can be said without a download."""
        asked = subprocess.run(
            _listing(package, linker_flags),
            cwd=self.folder,
            env={**environment(), "GOPROXY": "off"},
            capture_output=True,
            text=True,
            check=False,
        )
        return _packages(asked.stdout) if asked.returncode == 0 else None

    def packages(
        self, package: str, *, linker_flags: str, progress: Progress, stop: threading.Event
    ) -> Packages:
        """What ``package`` is made of, all of it downloaded.

        A network that is lost is tried again. Raises ToolError as `build` does, or Stopped.
        """
        listing = _listing(package, linker_flags)
        return _packages(self._asked(listing, "the build cannot begin", progress, stop))

    def build(
        self,
        package: str,
        *,
        linker_flags: str,
        output: Path,
        log: Path,
        packages: Packages,
        task: Task,
        stop: threading.Event,
    ) -> float:
        """Builds ``package`` into the file ``output``; its messages go to the file ``log``.

        Returns the processor seconds it took. ``task`` tells how many of ``packages`` are compiled.
        Runs at low priority, and without cgo so that the machine's C library does not matter.
        Raises ToolError: tool-build-failed, or the code of one of `CAUSES`; or Stopped.
        """
        command = ["go", "build", "-v", *_flags(linker_flags), "-o", str(output), package]
        if shutil.which("nice"):
            command = ["nice", "-n", NICENESS, *command]

        def look() -> None:
            done = sum(line in packages.stale for line in _lines(log))
            task.count(done, len(packages.stale), "packages")
            if done >= len(packages.stale):
                task.note = "linking"

        with log.open("w", encoding="utf-8") as stream:
            code, seconds = run(
                command, self.folder, output=stream, errors=stream, stop=stop, look=look
            )
        if code != 0:
            said = [line for line in _lines(log) if line not in packages.stale]
            _fail(f"building {task.title} failed", "\n".join(said), log=log)
        return seconds

    def _asked(
        self, command: Sequence[str], what: str, progress: Progress, stop: threading.Event
    ) -> str:
        """What ``command`` printed."""
        for pause in (*PAUSES, None):
            with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as errors:
                code, _ = run(command, self.folder, output=answer, errors=errors, stop=stop)
                for stream in (answer, errors):
                    stream.seek(0)
                text = answer.read().decode(errors="replace")
                problem = errors.read().decode(errors="replace")
            if code == 0:
                return text
            try:
                _fail(what, problem + text, log=None)
            except ToolError as error:
                [diagnostic] = error.diagnostics
                refused = any(sign in problem + text for sign in REFUSED)
                if pause is None or refused or diagnostic.code != "modules-unreachable":
                    raise
            progress(
                f"the network is lost ({_last(problem + text)}); trying again in {pause:.0f} s"
            )
            if stop.wait(pause):
                raise Stopped
        raise AssertionError


def _listing(package: str, linker_flags: str) -> list[str]:
    # With the flags of the build: they are part of what Go compares.
    form = "{{if .Stale}}-{{else}}={{end}}{{.ImportPath}}"
    return ["go", "list", *_flags(linker_flags), "-deps", "-f", form, package]


def _flags(linker_flags: str) -> list[str]:
    # What debuggers read is not linked, so it need not be compiled either: an eighth of a build.
    return ["-trimpath", "-gcflags=all=-dwarf=false", "-ldflags", linker_flags]


def _packages(listed: str) -> Packages:
    lines = listed.split()
    return Packages(len(lines), frozenset(line[1:] for line in lines if line.startswith("-")))


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "").strip()[-160:]


def _fail(what: str, output: str, *, log: Path | None) -> NoReturn:
    tail = tuple(line for line in output.splitlines() if line.strip())[-LOG_TAIL:]
    place = (f"the whole output is in {log}",) if log else ()
    for code, signs, cause, remedy in CAUSES:
        if any(sign in output for sign in signs):
            raise tool_error(code, f"{what}: {cause}", help=remedy, notes=(*tail, *place))
    raise tool_error(
        "tool-build-failed",
        what,
        help="read the output; a second try often helps",
        notes=(*tail, *place),
    )
