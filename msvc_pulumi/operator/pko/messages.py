"""`told`: what the engine said in a workspace, as the diagnostics of an update of our own.

Pulumi's operator hands on all that the engine printed, on stdout with every object in full.
"""

from __future__ import annotations

import re

from msvc_pulumi.engine.diagnosis.failures import SUMMARIES, failure
from msvc_pulumi.engine.diagnosis.refusals import refused
from msvc_pulumi.engine.processes.process import Run
from msvc_pulumi.errors import Diagnostic

__all__ = ["told"]

MAX_LINES = 8  # of what the engine printed
STDERR = "\nstderr:"
URN = re.compile(r'urn:[^"\s]*::[^":\s]+')
REFUSED = re.compile(
    r'resource "?urn:\S*?:(?P<kind>\w+)::(?P<name>[^"\s:]+)"? was not successfully \w+ by the '
    r"Kubernetes API server: (?P<why>.*)"
)


def told(message: str) -> tuple[Diagnostic, ...]:
    """What is wrong according to ``message``, at least one diagnostic."""
    lines = _errors(message)
    if objects := [one for line in lines if (one := refused(_urn(line), line))]:
        return tuple(dict.fromkeys(objects))
    known = failure(Run(255, "\n".join(lines)), "the update in the workspace").diagnostics
    others = [found for line in lines if (found := REFUSED.search(line))]
    if others and known and known[0].code == "engine-failed":
        return tuple(
            Diagnostic("apply-failed", f"{found['kind']} {found['name']}: {found['why']}")
            for found in others
        )
    return known or (Diagnostic("engine-failed", "the update in the workspace failed"),)


def _urn(line: str) -> str:
    found = URN.search(line)
    return found[0] if found else ""


def _errors(message: str) -> list[str]:
    """The lines that tell of an error, or the last ones if none does."""
    _, _, printed = message.rpartition(STDERR)
    lines = [line.strip(" \t*") for line in printed.splitlines()]
    errors = [line for line in lines if re.match(r"error\b", line)]
    own = [line for line in errors if line.removeprefix("error: ") not in SUMMARIES]
    return (own or errors or [line for line in lines if line])[-MAX_LINES:]
