"""`told`: what the engine said in a workspace, as the diagnostics of an update of our own.

Pulumi's operator hands on all that the engine printed, on stdout with every object in full.
"""

from __future__ import annotations

import re

from msvc_pulumi.engine.failures import SUMMARIES, failure
from msvc_pulumi.engine.process import Run
from msvc_pulumi.errors import Diagnostic

__all__ = ["told"]

MAX_LINES = 8  # of what the engine printed
STDERR = "\nstderr:"
REFUSED = re.compile(
    r'resource "?urn:\S*?:(?P<kind>\w+)::(?P<name>[^"\s:]+)"? was not successfully \w+ by the '
    r"Kubernetes API server: (?P<why>.*)"
)


def told(message: str) -> tuple[Diagnostic, ...]:
    """What is wrong according to ``message``, at least one diagnostic."""
    lines = _errors(message)
    known = failure(Run(255, "\n".join(lines)), "the update in the workspace").diagnostics
    refused = [found for line in lines if (found := REFUSED.search(line))]
    if refused and known and known[0].code == "engine-failed":
        return tuple(
            Diagnostic("apply-failed", f"{found['kind']} {found['name']}: {found['why']}")
            for found in refused
        )
    return known or (Diagnostic("engine-failed", "the update in the workspace failed"),)


def _errors(message: str) -> list[str]:
    """The lines that tell of an error, or the last ones if none does."""
    _, _, printed = message.rpartition(STDERR)
    lines = [line.strip(" \t*") for line in printed.splitlines()]
    errors = [line for line in lines if re.match(r"error\b", line)]
    own = [line for line in errors if line.removeprefix("error: ") not in SUMMARIES]
    return (own or errors or [line for line in lines if line])[-MAX_LINES:]
