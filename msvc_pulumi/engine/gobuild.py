"""Runs Go for one tool module: its modules, or one program, or one diagnostic of what is missing.

Go's own settings (GOFLAGS, GOPROXY, GOMODCACHE, GOCACHE, GOTOOLCHAIN …) are the user's and stay.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NoReturn

from msvc_pulumi.engine.interruption import Interruption
from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["Go", "Progress", "ToolError", "tool_error"]

Progress = Callable[[str], None]
"""Receives one finished line of text at a time."""

HEARTBEAT = 10.0  # seconds between two lines about the same build: seldom enough for a CI log
POLL = 0.05  # seconds
TERM_WAIT = 5.0  # seconds a build may take to end when interrupted
GIGABYTE = 1 << 30
LOG_TAIL = 12  # lines of a failed build that are shown; the whole log is named

INSTALL_GO = "install Go 1.26 or newer (https://go.dev/dl/) and have `go` on PATH"

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
            "i/o timeout",
            "TLS handshake",
            "proxyconnect",
            "403 Forbidden",
            "404 Not Found",
            "module lookup disabled",
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
            env=_environment(),
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
            existing = next(path for path in (directory, *directory.parents) if path.exists())
            free = shutil.disk_usage(existing).free
            if free < size:
                raise tool_error(
                    "disk-full",
                    f"building {tool} takes {size / GIGABYTE:.1f} GB below {directory}, "
                    f"{free / GIGABYTE:.1f} GB are free",
                    help="free some space there, or move it: GOCACHE and GOMODCACHE are Go's, "
                    "XDG_CACHE_HOME holds the finished tools",
                )

    def modules(self, *paths: str) -> dict[tuple[str, str], Path]:
        """(module path, version) → folder of its source, downloaded and checked against go.sum.

        Without ``paths``: every module that go.mod requires, after its replacements.
        Raises ToolError as `build` does.
        """
        done = subprocess.run(
            ["go", "mod", "download", "-json", *paths],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            _fail("Go modules cannot be downloaded", done.stderr + done.stdout, log=None)
        found: dict[tuple[str, str], Path] = {}
        decoder, text = json.JSONDecoder(), done.stdout.strip()
        while text:
            module, end = decoder.raw_decode(text)
            found[module["Path"], module["Version"]] = Path(module["Dir"])
            text = text[end:].lstrip()
        return found

    def build(
        self,
        package: str,
        *,
        linker_flags: str,
        output: Path,
        log: Path,
        title: str,
        progress: Progress,
    ) -> None:
        """Builds ``package`` into the file ``output``; its messages go to the file ``log``.

        Runs at low priority, and without cgo so that the machine's C library does not matter.
        Raises ToolError: tool-build-failed, or the code of one of `CAUSES`.
        """
        command = ["go", "build", "-trimpath", "-ldflags", linker_flags, "-o", str(output), package]
        if shutil.which("nice"):
            command = ["nice", "-n", "10", *command]
        progress(f"{title} …")
        with log.open("w", encoding="utf-8") as stream:
            returncode = _run(command, self.folder, stream.fileno(), title, progress)
        if returncode != 0:
            _fail(f"{title} failed", log.read_text(encoding="utf-8", errors="replace"), log=log)


def _run(command: Sequence[str], folder: Path, log: int, title: str, progress: Progress) -> int:
    began = told = time.monotonic()
    with Interruption() as interruption:
        # A group of its own: the compilers that `go` starts end with it.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        try:
            while (returncode := process.poll()) is None:
                interruption.check()
                if time.monotonic() - told > HEARTBEAT:
                    told = time.monotonic()
                    progress(f"{title} … {told - began:.0f} s")
                time.sleep(POLL)
            return returncode
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(timeout=TERM_WAIT)  # Go removes its work folder
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def _environment() -> dict[str, str]:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    for crossing in ("GOOS", "GOARCH"):
        environment.pop(crossing, None)  # these tools run here
    return environment


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
