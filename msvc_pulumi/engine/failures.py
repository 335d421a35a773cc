"""Why a run failed: `failure` returns an exception that names the cause and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from msvc_pulumi.engine.process import Run
from msvc_pulumi.errors import Diagnostic, ModelServiceError, Severity

__all__ = ["EngineError", "ProgramError", "failure", "reason", "warnings"]


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
        r"the server was unable to return a response in the time allotted|http2: client connection",
        "cluster-unreachable",
        "the Kubernetes cluster does not answer",
        "check that it runs and that KUBECONFIG names it, or start one with `msvc local up`",
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
    (
        r"already exists",
        "object-exists",
        "an object is in the cluster already, and this stack did not make it",
        "delete or rename it; if it is to be taken over, its owner can annotate it "
        "llm-d.ai/adopt=NAME-OF-THE-MODELSERVICE for `msvc up -m` and the operator, and other "
        "programs can set PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true",
    ),
    (
        r"apply failed with|field conflict|conflict with \"",
        "field-conflict",
        "somebody else set a field that this stack wants to set",
        "see who with `kubectl get --show-managed-fields`; to take the field over set "
        "PULUMI_K8S_ENABLE_PATCH_FORCE=true",
    ),
)

# What the Kubernetes plugin puts before an API server's own words, with the URN of the resource.
PREAMBLE = re.compile(
    r'(?:update of )?resource "urn:[^"]*" (?:'
    r"was not successfully created by the Kubernetes API server|failed): |"
    r'the Kubernetes API server reported that "[^"]*" failed to fully initialize or become live: |'
    r'resource "urn:[^"]*" (?=was successfully created, but)'
)
CONFLICT = re.compile(r"Apply failed with \d+ conflicts?: .*", re.DOTALL)
RENDERED = re.compile(r"(error|warning)\[([a-z0-9-]+)\]: (.*)")
COUNT = re.compile(r"\d+ errors? occurred:")
# What the engine says of a run that failed, beside the reasons.
SUMMARIES = {
    *("update failed", "preview failed", "destroy failed", "refresh failed"),
    "Resource monitor has terminated, shutting down",
}


def failure(run: Run, what: str, *, is_shown: bool = True) -> ModelServiceError:
    """The exception for a failed run; ``what`` names it in the summary.

    ProgramError if the program itself said why, with what it said if nobody was shown it;
    EngineError otherwise.
    """
    errors = [(urn, message) for urn, message in run.errors if message not in SUMMARIES]
    if any(RENDERED.match(message) for urn, message in errors if not urn):
        return ProgramError([] if is_shown else _said(message for _, message in errors))
    if run.interrupted:
        return EngineError([Diagnostic("interrupted", f"{what} was interrupted", help=_AGAIN)])
    notes = tuple(_note(urn, message) for urn, message in errors) or _lines(run.stderr)
    text = "\n".join([*(message for _, message in errors), run.stderr])
    for pattern, code, summary, remedy in CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return EngineError([Diagnostic(code, summary, notes=notes, help=remedy)])
    return EngineError(
        [Diagnostic("engine-failed", f"{what} failed (exit code {run.code})", notes=notes)]
    )


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


_AGAIN = "run it again: it continues from where it was"


def reason(message: str) -> str:
    """The one thing that an error of a resource says, without the stack that it was said in.

    Of a list of errors it is the first; of a conflict the fields and who owns them.
    """
    if conflict := CONFLICT.search(message):
        return " ".join(conflict[0].split())
    lines = [line.strip(" \t*") for line in message.splitlines()]
    first = next((line for line in lines if line and not COUNT.fullmatch(line)), "")
    return PREAMBLE.sub("", first)


def _note(urn: str, message: str) -> str:
    return f"{urn.rpartition('::')[2]}: {reason(message)}" if urn else reason(message)


def _lines(stderr: str) -> tuple[str, ...]:
    lines = [line.removeprefix("error: ") for line in stderr.splitlines() if line.strip()]
    return tuple(lines[-5:])
