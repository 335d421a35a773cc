"""Why a run failed: `failure` returns an exception that names the cause and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine.diagnosis.refusals import Conflict, named, reason, refused
from msvc_pulumi.engine.processes.process import Run
from msvc_pulumi.errors import Diagnostic, ModelServiceError, Severity

__all__ = [
    "EngineError",
    "ProgramError",
    "failure",
    "object_problem",
    "place_of",
    "reason",
    "reasons",
    "warnings",
]


class EngineError(ModelServiceError):
    """The engine, its backend or the cluster failed."""

    exit_code: ClassVar[int] = 3


class ProgramError(ModelServiceError):
    """The program found its inputs wrong; the engine has shown its diagnostics already."""


# What the engine prints → code, summary and remedy; the first that occurs decides.
CAUSES: tuple[tuple[str, str, str, str], ...] = (
    (
        r"incorrect passphrase",
        "passphrase-wrong",
        "the passphrase does not open the stack's secrets",
        "set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the one the stack was "
        "made with",
    ),
    (
        r"passphrase must be set",
        "passphrase-missing",
        "the stack's secrets are encrypted with a passphrase and none is set",
        "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    ),
    (
        r"currently locked by",
        "stack-locked",
        "another process is working on the stack",
        "wait for it to end; if there is none, remove the lock with `msvc pulumi cancel`",
    ),
    (
        r"no space left on device|disk quota exceeded",
        "disk-full",
        "the disk is full",
        "free some space and run the command again",
    ),
    (
        # Older engines call a folder and a database a bucket, too.
        r"unable to open (bucket|state directory|state database)|could not list bucket|"
        r"failed to load checkpoint|NoSuchBucket|(read|write) \"\.pulumi/meta\.yaml\"|"
        r"failed to ping PostgreSQL",
        "backend-unreachable",
        "the backend that keeps the stacks cannot be used",
        "check PULUMI_BACKEND_URL, the credentials (AWS_… or PG…) and that the bucket or database "
        "exists",
    ),
    (
        r"legacy DIY state is no longer supported",
        "state-legacy",
        "the backend keeps its stacks as Pulumi did before 2023, which this engine cannot read",
        "run `pulumi state upgrade` on it with a Pulumi of 3.274.1 or older, once",
    ),
    (
        r"(not supported by|newer than what) this version of the Pulumi CLI",
        "state-too-new",
        "a newer Pulumi has written the stack's state, and this one cannot read it",
        "update Pulumi: `pulumi version` says which one this is",
    ),
    (
        r"cluster is unreachable|cannot be reached|connection refused|i/o timeout|no such host|"
        r"TLS handshake timeout|currently unable to handle the request|etcdserver: |"
        r"the server was unable to return a response in the time allotted|http2: client connection|"
        # It ended with requests under way: what they asked for may have been done.
        r"connection reset by peer|broken pipe|\": (?:unexpected )?EOF|http2: server sent GOAWAY|"
        r"server closed idle connection|use of closed network connection|no route to host|"
        r"network is unreachable|Client\.Timeout exceeded|\": context deadline exceeded|"
        r"before all known HTTP paths have been installed",
        "cluster-unreachable",
        "the Kubernetes cluster does not answer",
        "check that it runs and that KUBECONFIG names it, or start one with `msvc local up`; then "
        "run it again: it continues from where it was",
    ),
    (
        r"no resource plugin|could not load plugin|failed to load language plugin",
        "plugin-missing",
        "Pulumi does not find a plugin",
        "install Pulumi (https://www.pulumi.com/docs/install/) with its language host and run "
        "`pulumi plugin install resource kubernetes`",
    ),
    (
        r"PULUMI_ACCESS_TOKEN must be set|not logged in|invalid access token",
        "backend-login",
        "the backend asks for a login",
        "run `pulumi login`, or unset PULUMI_BACKEND_URL to keep state in a folder of its own",
    ),
)

MOST_NOTES = 16
RENDERED = re.compile(r"(error|warning)\[([a-z0-9-]+)\]: (.*)")
# What the engine says of a run that failed, beside the reasons.
SUMMARIES = {
    *("update failed", "preview failed", "destroy failed", "refresh failed"),
    "Resource monitor has terminated, shutting down",
}


def failure(
    run: Run,
    what: str,
    *,
    is_shown: bool = True,
    places: Mapping[str, Place] | None = None,
    since: Mapping[Conflict, str] | None = None,
    known: Iterable[Diagnostic] = (),
) -> ModelServiceError:
    """The exception for a failed run; ``what`` names it in the summary.

    ProgramError if the program itself said why, with what it said if nobody was shown it;
    EngineError otherwise, with a diagnostic for each object that the cluster refused. ``places``
    is where objects are, by URN or logical name, ``since`` is when fields in conflict were written,
    ``known`` what went wrong before the run.
    """
    errors = reasons(run)
    if any(RENDERED.match(message) for urn, message in errors if not urn):
        return ProgramError([] if is_shown else _said(message for _, message in errors))
    if run.interrupted:
        return EngineError([Diagnostic("interrupted", f"{what} was interrupted", help=_AGAIN)])
    found = [*known]
    rest = []
    for urn, message in errors:
        one = object_problem(urn, message, place_of(places or {}, urn), since)
        if one is None:
            rest.append((urn, message))
        elif one not in found:  # a preview says it as well
            found.append(one)
    if found and not rest:
        return EngineError(found)
    return EngineError([*found, _general(run, what, rest)])


def reasons(run: Run) -> list[tuple[str, str]]:
    """(urn, message) of the errors of a run, without what the engine says of its own end."""
    return [(urn, message) for urn, message in run.errors if message not in SUMMARIES]


def object_problem(
    urn: str, message: str, place: Place | None, since: Mapping[Conflict, str] | None = None
) -> Diagnostic | None:
    """What is wrong with one object; None where an error is the cluster's or the engine's own."""
    if not urn:
        return None
    if problem := refused(urn, message, place, since):
        return problem
    if place is None or any(re.search(cause[0], message, re.IGNORECASE) for cause in CAUSES):
        return None
    summary = f"{named(urn, place)}: {reason(message)}"
    return Diagnostic("apply-failed", summary, notes=(_note(urn, message),), help=_CORRECT)


def place_of(places: Mapping[str, Place], urn: str) -> Place | None:
    """Where the object of a resource is; one that never came to be is known by its name only."""
    return places.get(urn) or places.get(urn.rpartition("::")[2])


def _general(run: Run, what: str, errors: Sequence[tuple[str, str]]) -> Diagnostic:
    """What the errors say together that are of no object alone."""
    notes = tuple(_note(urn, message) for urn, message in errors) or _lines(run.stderr)
    if len(notes) > MOST_NOTES:
        notes = (*notes[:MOST_NOTES], f"and {len(notes) - MOST_NOTES} more")
    text = "\n".join([*(message for _, message in errors), run.stderr])
    for pattern, code, summary, remedy in CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return Diagnostic(code, summary, notes=notes, help=remedy)
    return Diagnostic("engine-failed", f"{what} failed (exit code {run.code})", notes=notes)


def _said(messages: Iterable[str]) -> Iterator[Diagnostic]:
    """The diagnostics that a program's texts begin with; their places are in the notes."""
    for message in messages:
        first, *rest = message.splitlines()
        if found := RENDERED.match(first):
            severity, code, summary = found.groups()
            yield Diagnostic(code, summary, Severity(severity), notes=tuple(rest))


def warnings(run: Run) -> list[Diagnostic]:
    """What a run warned of that went well: a program's diagnostics, and the engine's words."""
    found: list[Diagnostic] = []
    for urn, message in run.warnings:
        said = list(_said(message.split("\n\n")))
        found += said or [Diagnostic("engine-warning", _note(urn, message), Severity.WARNING)]
    return found


_CORRECT = (
    "correct it in the ModelService or the BaseConfig; msvc validate --server asks beforehand"
)
_AGAIN = "run it again: it continues from where it was"


def _note(urn: str, message: str) -> str:
    return f"{urn.rpartition('::')[2]}: {reason(message)}" if urn else reason(message)


def _lines(stderr: str) -> tuple[str, ...]:
    lines = [line.removeprefix("error: ") for line in stderr.splitlines() if line.strip()]
    return tuple(lines[-5:])
