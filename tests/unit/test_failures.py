"""Every way a run fails is one diagnostic, with a code, what was printed, and a remedy."""

from __future__ import annotations

import pytest

from msvc_pulumi.engine.diagnosis.failures import EngineError, ProgramError, failure, reason
from msvc_pulumi.engine.processes.process import Run

PRINTED = {
    "passphrase-wrong": "error: getting stack configuration: get stack secrets manager: "
    "incorrect passphrase",
    "passphrase-missing": "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or ...",
    "stack-locked": "error: the stack is currently locked by 1 lock(s). Either wait for the other "
    "process(es) to end or delete the lock file with `pulumi cancel`.",
    "disk-full": "error: write /x: no space left on device",
    "backend-login": "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive",
    "backend-unreachable": "error: unable to open bucket postgres://u:****@h/x: failed to ping "
    "PostgreSQL: dial tcp 127.0.0.1:1: connect: connection refused",
    "plugin-missing": "error: no resource plugin 'pulumi-resource-kubernetes' found in the ...",
    "engine-failed": "error: something nobody has seen before",
}
# In the words of engine 3.276.
PRINTED_SINCE = [
    (
        "backend-unreachable",
        'error: unable to open state directory "file:///x": stat /x: no such file or directory',
    ),
    (
        "backend-unreachable",
        'error: unable to open state database "postgres://u:****@h/x": failed to ping PostgreSQL: '
        "dial tcp 127.0.0.1:1: connect: connection refused",
    ),
    (
        "state-legacy",
        "error: Legacy DIY state is no longer supported, please use Pulumi v3.274.1 or earlier",
    ),
    (
        "state-too-new",
        "error: the stack 'x' uses features that are not supported by this version of the Pulumi "
        "CLI: byteString. Please update the Pulumi CLI",
    ),
]


def event(message: str, urn: str = "") -> dict[str, object]:
    return {"diagnosticEvent": {"urn": urn, "message": f"{message}\n", "severity": "error"}}


@pytest.mark.parametrize(("code", "line"), [*PRINTED.items(), *PRINTED_SINCE])
def test_before_the_engine(code: str, line: str) -> None:
    """What the CLI prints on stderr is recognised, and kept as a note."""
    found = failure(Run(255, line + "\n"), "`pulumi up`")
    assert isinstance(found, EngineError)
    assert found.exit_code == 3
    (diagnostic,) = found.diagnostics
    assert diagnostic.code == code
    assert diagnostic.notes == (line.removeprefix("error: "),)
    assert diagnostic.help or code == "engine-failed"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("configured Kubernetes cluster is unreachable: dial tcp: refused", "cluster-unreachable"),
        ("the API server https://x cannot be reached: timed out", "cluster-unreachable"),
        (
            'Get "https://127.0.0.1:1/openapi": net/http: TLS handshake timeout',
            "cluster-unreachable",
        ),
        ("the server is currently unable to handle the request", "cluster-unreachable"),
        ("etcdserver: request timed out", "cluster-unreachable"),
        *(
            (
                f'Patch "https://127.0.0.1:1/api/v1/services/s?force=false": {ended}',
                "cluster-unreachable",
            )
            for ended in (
                "read tcp 127.0.0.1:53710->127.0.0.1:43747: read: connection reset by peer",
                "write tcp 127.0.0.1:53710->127.0.0.1:43747: write: broken pipe",
                "EOF",
                "unexpected EOF",
                "dial tcp 10.0.0.1:443: connect: no route to host",
                "dial tcp 10.0.0.1:443: connect: network is unreachable",
                "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                "context deadline exceeded",
                "the request has been made before all known HTTP paths have been installed, please",
                "http: server closed idle connection",
                'http2: server sent GOAWAY and closed the connection; LastStreamID=1, debug=""',
            )
        ),
        ('configmaps "x" already exists', "object-exists"),
        ('Apply failed with 1 conflict: conflict with "kubectl": .data', "field-conflict"),
        ("spec.replicas: Invalid value: -1", "engine-failed"),
    ],
)
def test_of_a_resource(message: str, code: str) -> None:
    """An error of one resource names it, and the summary of the run is not repeated."""
    urn = "urn:pulumi:dev::modelservice::kubernetes:apps/v1:Deployment::facebook-decode"
    run = Run(1, "", (event(message, urn), event("update failed")))
    (diagnostic,) = failure(run, "`pulumi up`").diagnostics
    assert diagnostic.code == code
    assert diagnostic.notes == (f"facebook-decode: {message}",)


DECODE = (
    "urn:pulumi:batch-1::modelservice::llmd:index:ModelService$kubernetes:apps/v1:Deployment::d"
)
INVALID = 'Deployment.apps "d" is invalid: spec.replicas: Invalid value: -1'
SSA = "Server-Side Apply field conflict detected. See https://example.com for troubleshooting help."
CONFLICT = """Apply failed with 2 conflicts: conflicts with "kubectl-edit" using apps/v1:
- .spec.replicas
- .spec.paused"""


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            f'resource "{DECODE}" was not successfully created by the Kubernetes API server: '
            f"{INVALID}",
            INVALID,
        ),
        (
            "1 error occurred:\n\t* the Kubernetes API server reported that "
            f'"x/d" failed to fully initialize or become live: {INVALID}\n\n',
            INVALID,
        ),
        (
            f'update of resource "{DECODE}" failed: {INVALID}\nunable to get cluster state: gone',
            INVALID,
        ),
        (
            f'3 errors occurred:\n\t* resource "{DECODE}" was successfully created, but the '
            "Kubernetes API server reported that it failed to fully initialize or become live: "
            "'d' timed out waiting to be Ready\n\t* [Reason] why\n",
            "was successfully created, but the Kubernetes API server reported that it failed to "
            "fully initialize or become live: 'd' timed out waiting to be Ready",
        ),
        (
            f'1 error occurred:\n\t* the Kubernetes API server reported that "x/d" failed to fully '
            f'initialize or become live: {SSA}\nThe resource managed by field manager "pulumi-'
            f'kubernetes-1" had an apply conflict: {CONFLICT}\n\n',
            " ".join(CONFLICT.split()),
        ),
    ],
)
def test_the_plugins_words(message: str, said: str) -> None:
    """Of what the Kubernetes plugin says the API server's words stay, and no name of a stack."""
    assert reason(message) == said


def test_several_errors_in_one_message() -> None:
    """Of a list of errors the first that says something is shown."""
    message = "1 error occurred:\n\t* Deployment did not become ready: 0 of 1\n\n"
    run = Run(1, "", (event(message, "urn:pulumi:a::b::c::d"),))
    assert failure(run, "x").diagnostics[0].notes == ("d: Deployment did not become ready: 0 of 1",)


def test_of_the_program() -> None:
    """Bad input has been shown by the program itself: nothing is left to say, exit code 1."""
    found = failure(Run(1, "", (event("error[unknown-field]: spec.x: unknown field"),)), "x")
    assert isinstance(found, ProgramError)
    assert found.diagnostics == ()
    assert getattr(found, "exit_code", 1) == 1


def test_interrupted() -> None:
    """Ctrl-C is not a failure to look into."""
    (diagnostic,) = failure(Run(1, "", interrupted=True), "`pulumi up`").diagnostics
    assert diagnostic.code == "interrupted"


def test_what_nobody_was_shown_is_told() -> None:
    """Where the engine's own display goes nowhere, its program's diagnostics are not lost."""
    text = "error[spec-invalid]: spec.x: unknown field\n  --> a.yaml:3:4\nwarning[odd]: odd"
    run = Run(1, "", (event(text), event("update failed")))
    assert failure(run, "`pulumi up`").diagnostics == ()

    found = failure(run, "`pulumi up`", is_shown=False)

    assert isinstance(found, ProgramError)
    (diagnostic,) = found.diagnostics
    assert (diagnostic.code, diagnostic.summary) == ("spec-invalid", "spec.x: unknown field")
    assert "  --> a.yaml:3:4" in diagnostic.notes


@pytest.mark.parametrize(
    "said", ["update failed", "Resource monitor has terminated, shutting down"]
)
def test_what_the_engine_says_beside_the_reason_is_left_out(said: str) -> None:
    events = [
        event("quota exceeded", "urn:pulumi:s::p::kubernetes:core/v1:ConfigMap::c"),
        event(said),
    ]
    (diagnostic,) = failure(Run(255, "", events), "`pulumi up`").diagnostics
    assert diagnostic.notes == ("c: quota exceeded",)
