"""Runs ``pulumi``: `run` shows its progress and returns its exit code, errors and events."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine.processes.orphans import end_session
from msvc_pulumi.engine.processes.redaction import hidden

__all__ = ["Run", "Step", "run"]

HUSHED = (
    "using pulumi-"  # the engine's warning about each plugin from PATH: we say it once, ourselves
)
# A shell's exit codes for a program that a signal ended; 255 is any failure of older engines.
SIGNALLED = range(129, 193)
KEPT = ('"diagnosticEvent"', '"summaryEvent"')
# These repeat every resource as it was and as it is.
DONE = '"resOutputsEvent"'
UNTOLD = re.compile(r'"metadata":\{"op":"(?:same|refresh|read)"')
UNCHANGED = "same"
KEEPING = {"create", "update", "replace"}  # after them there is the resource
PARTS = {"create-replacement", "delete-replaced"}  # of a replacement, which is told as one
MARKUP = re.compile(r"<\{%[^%]*%\}>")  # colours, where the engine speaks to a terminal


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, or would be, to one resource; ``fields`` are the paths that differ, and
    ``properties`` what it is, or was.
    """

    operation: str
    urn: str
    type: str
    fields: tuple[str, ...]
    properties: Mapping[str, Any]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Step:
        """The step of an event's ``metadata``."""
        state = event.get("new") or event.get("old") or {}
        fields = event.get("detailedDiff") or dict.fromkeys(event.get("diffs") or ())
        return cls(
            str(event["op"]),
            str(event["urn"]),
            str(event["type"]),
            tuple(sorted(fields)),
            state.get("inputs") or {},
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What one ``pulumi`` process did; ``events`` are its diagnostics and summaries, with steps if
    they were asked for, and empty if the engine was not reached. ``suspects`` counts the objects
    that may not have been what was applied before. ``removed`` are objects that were deleted after
    it, because a run before it was killed when it had made them and wrote down too little of them.
    ``begun`` is a run that did the first part of the same operation.
    """

    code: int
    stderr: str
    events: tuple[Mapping[str, Any], ...] = ()
    interrupted: bool = False
    suspects: int = 0
    removed: tuple[Place, ...] = ()
    begun: Run | None = None

    def after(self, before: Run) -> Run:
        """The same as the end of an operation that ``before`` began, if that did anything."""
        did = not before.is_preview and before.changes.keys() - {UNCHANGED}
        return replace(self, begun=before) if did else self

    @property
    def killed(self) -> bool:
        """Whether a signal ended it, so that it may have done more than it said."""
        return self.code < 0 or self.code in SIGNALLED

    @property
    def errors(self) -> tuple[tuple[str, str], ...]:
        """(urn, message) of every error the engine reported; the urn is "" for the program's."""
        return self._told("error")

    @property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """(urn, message) of every warning."""
        return tuple(one for one in self._told("warning") if HUSHED not in one[1])

    @property
    def steps(self) -> list[Step]:
        """What was done in the last phase, in that order; what stayed as it was is left out."""
        found: list[Step] = []
        ended = False
        for event in self.events:
            if ended and "resOutputsEvent" in event:
                found, ended = [], False  # that was the preview
            ended = ended or "summaryEvent" in event
            if "resOutputsEvent" in event:
                step = Step.of(event["resOutputsEvent"]["metadata"])
                found += [step] if step.operation not in PARTS else []
        return [*(self.begun.steps if self.begun else ()), *found]

    def _told(self, severity: str) -> tuple[tuple[str, str], ...]:
        diagnostics = (
            event["diagnosticEvent"] for event in self.events if "diagnosticEvent" in event
        )
        return tuple(
            (str(item.get("urn", "")), MARKUP.sub("", str(item["message"])).rstrip())
            for item in diagnostics
            if item.get("severity") == severity
        )

    @property
    def is_preview(self) -> bool:
        """Whether it got no further than to say what it would do."""
        summaries = [event["summaryEvent"] for event in self.events if "summaryEvent" in event]
        return bool(summaries) and all(summary.get("isPreview") for summary in summaries)

    @property
    def changes(self) -> Mapping[str, int]:
        """Operation ("same", "create", "update", …) → how many resources, in the last summary, with
        what a run before it did.
        """
        summaries = [event["summaryEvent"] for event in self.events if "summaryEvent" in event]
        found = Counter(summaries[-1].get("resourceChanges") or {} if summaries else {})
        for operation, number in (self.begun.changes if self.begun else {}).items():
            if operation != UNCHANGED:
                found[operation] += number
                found[UNCHANGED] -= number if operation in KEEPING else 0
        return {operation: number for operation, number in found.items() if number > 0}


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    cwd: Path,
    output: TextIO | int | None = None,
    events: bool = True,
    steps: bool = False,
    told: Callable[[str], object] | None = None,
) -> Run:
    """Run ``pulumi`` to its end.

    Its progress goes to ``output`` (default: our stdout, as a live display on a terminal); stderr
    is kept, so that what went wrong can be said once. SIGINT and SIGTERM let the engine finish what
    it is doing and release its lock; a second one ends it at once. Plugins that it leaves behind
    are ended. ``steps`` says that somebody wants to know them. ``told`` hears each line of stderr
    as it comes.
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
            stderr = ""
            for line in process.stderr:
                if HUSHED not in line:
                    stderr += line
                    if told is not None:
                        told(hidden(line, environment))
            code = process.wait()
            if code and not interactive:
                end_session(process.pid)
        found = tuple(_events(log, environment, steps=steps))
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


def _events(
    log: Path, environment: Mapping[str, str], *, steps: bool
) -> Iterator[Mapping[str, Any]]:
    if not log.exists():
        return
    for line in hidden(log.read_text(errors="replace"), environment).splitlines():
        is_step = steps and DONE in line and not UNTOLD.search(line)
        if not is_step and not any(kind in line for kind in KEPT):
            continue
        try:
            event = json.loads(line)
        except ValueError:  # cut off when the engine was killed
            continue
        if isinstance(event, dict):
            yield event
