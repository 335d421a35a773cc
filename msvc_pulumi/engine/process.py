"""Runs ``pulumi``: `run` shows its progress and returns its exit code, errors and events."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from msvc_pulumi.engine.orphans import end_session
from msvc_pulumi.engine.redaction import hidden

__all__ = ["Run", "run"]

HUSHED = (
    "using pulumi-"  # the engine's warning about each plugin from PATH: we say it once, ourselves
)
# The other events repeat every resource as it was and as it is.
KEPT = ('"diagnosticEvent"', '"summaryEvent"')


@dataclass(frozen=True, slots=True)
class Run:
    """What one ``pulumi`` process did; ``events`` are its diagnostics and summaries, and empty if
    the engine was not reached.
    """

    code: int
    stderr: str
    events: tuple[Mapping[str, Any], ...] = ()
    interrupted: bool = False

    @property
    def errors(self) -> tuple[tuple[str, str], ...]:
        """(urn, message) of every error the engine reported; the urn is "" for the program's."""
        diagnostics = (
            event["diagnosticEvent"] for event in self.events if "diagnosticEvent" in event
        )
        return tuple(
            (str(item.get("urn", "")), str(item["message"]).rstrip())
            for item in diagnostics
            if item.get("severity") == "error"
        )

    @property
    def is_preview(self) -> bool:
        """Whether it got no further than to say what it would do."""
        summaries = [event["summaryEvent"] for event in self.events if "summaryEvent" in event]
        return bool(summaries) and all(summary.get("isPreview") for summary in summaries)

    @property
    def changes(self) -> Mapping[str, int]:
        """Operation ("same", "create", "update", …) → number of resources, of the last summary."""
        summaries = [event["summaryEvent"] for event in self.events if "summaryEvent" in event]
        return dict(summaries[-1].get("resourceChanges") or {}) if summaries else {}


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: Path,
    output: TextIO | int | None = None,
    events: bool = True,
) -> Run:
    """Run ``pulumi`` to its end.

    Its progress goes to ``output`` (default: our stdout, as a live display on a terminal); stderr
    is kept, so that what went wrong can be said once. SIGINT and SIGTERM let the engine finish what
    it is doing and release its lock; a second one ends it at once. Plugins that it leaves behind
    are ended.
    """
    interactive = output is None and sys.stdin.isatty() and sys.stdout.isatty()
    with tempfile.TemporaryDirectory(prefix="msvc-") as folder:
        log = Path(folder, "events")
        flags = ["--event-log", str(log)] if events else []
        with (
            subprocess.Popen(
                [*command, *flags, *([] if interactive else ["--non-interactive"])],
                env={**environment, "PULUMI_DEBUG_COMMANDS": "true"},  # knows --event-log
                cwd=cwd,
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                # On a terminal Ctrl-C reaches the engine itself; elsewhere it is ours to pass on.
                start_new_session=not interactive,
            ) as process,
            _forwarding(process, own_session=not interactive) as received,
        ):
            assert process.stderr is not None  # noqa: S101  it is a pipe
            stderr = "".join(line for line in process.stderr if HUSHED not in line)
            code = process.wait()
            if code and not interactive:
                end_session(process.pid)
        found = tuple(_events(log, environment))
        return Run(code, hidden(stderr, environment), found, bool(received))


@contextmanager
def _forwarding(process: subprocess.Popen[str], *, own_session: bool) -> Iterator[list[int]]:
    """Signals received meanwhile; each is passed on as SIGINT, which asks the engine to end."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if own_session or number != signal.SIGINT:
            process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _events(log: Path, environment: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    if not log.exists():
        return
    for line in hidden(log.read_text(errors="replace"), environment).splitlines():
        if not any(kind in line for kind in KEPT):
            continue
        try:
            event = json.loads(line)
        except ValueError:  # cut off when the engine was killed
            continue
        if isinstance(event, dict):
            yield event
