"""What a workspace's engine printed becomes the diagnostics that the user needs, and no more."""

from __future__ import annotations

import pytest

from msvc_pulumi.operator.pko.messages import told

URN = (
    "urn:pulumi:ns.x::modelservice::llmd:index:ModelService$kubernetes:apps/v1:Deployment::x-decode"
)
PRINTED = """up failed: failed to run update: exit status 1
code: 1
stdout: Updating (ns.x):
        + kubernetes:core/v1:ConfigMap: (create)
            data: {
                key: "error: this is content"
            }

stderr: warning: using a plugin from $PATH
Retry #0; creation failed: too many
"""


def test_each_refused_object_is_named() -> None:
    """Kind, name and the API server's words; nothing of the objects that were printed."""
    refused = f'error: resource "{URN}" was not successfully created by the Kubernetes API server: '
    found = told(f"{PRINTED}{refused}exceeded quota\nerror: update failed\n\n")
    assert [(one.code, one.summary) for one in found] == [
        ("apply-failed", "Deployment x-decode: exceeded quota")
    ]


def test_who_refused_it_is_named() -> None:
    """As in an update of our own: the object, the policy and its words, the way out."""
    refused = f'error: resource "{URN}" was not successfully created by the Kubernetes API server: '
    denied = "ValidatingAdmissionPolicy 'a' with binding 'b' denied request: no digest"
    [problem] = told(f"{PRINTED}{refused}{denied}\nerror: update failed\n\n")
    assert problem.code == "admission-denied" and problem.help
    assert problem.summary.startswith("Deployment x-decode: ValidatingAdmissionPolicy 'a'")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{PRINTED}error: incorrect passphrase\n", "passphrase-wrong"),
        (f"{PRINTED}error: [boom] something else\n", "engine-failed"),
        ("error reading from server: EOF", "engine-failed"),
        ("the stack is currently locked by 1 lock(s)", "stack-locked"),
        ("", "engine-failed"),
    ],
)
def test_anything_is_a_diagnostic(text: str, code: str) -> None:
    """Known causes have their code and remedy; content that was printed is never taken for one."""
    [problem] = told(text)
    assert problem.code == code
    assert "content" not in " ".join((problem.summary, *problem.notes))
