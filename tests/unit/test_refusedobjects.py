"""What an API server says of an object it refuses is told with the object, the field and who."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine.diagnosis.failures import failure
from msvc_pulumi.engine.diagnosis.obstacles import Obstacles
from msvc_pulumi.engine.diagnosis.refusals import Conflict, are_refusals, conflicts, refused
from msvc_pulumi.engine.processes.process import Run
from msvc_pulumi.engine.rounds import Rounds

PLACE = Place("apps/v1", "Deployment", "shop", "granite-decode")
URN = (
    "urn:pulumi:shop.granite::modelservice::llmd:index:ModelService$kubernetes:apps/v1:Deployment::"
    "granite-decode-deployment"
)
OTHER = URN.replace("decode", "prefill")
CREATED = f'resource "{URN}" was not successfully created by the Kubernetes API server: '
NAMED = 'Deployment "granite-decode" in namespace "shop": '
FORBIDDEN = 'deployments.apps "granite-decode" is forbidden: '
SCALE = 'Apply failed with 1 conflict: conflict with "kube-controller-manager" with subresource '
SCALE += '"scale" using apps/v1: .spec.replicas'

SAID = [
    (
        f"{CREATED}{FORBIDDEN}exceeded quota: few, requested: a=1, used: a=4, limited: a=4",
        "quota-exceeded",
        'ResourceQuota "few" has no room: requested a=1, used: a=4, limited: a=4',
    ),
    (
        f"Preview failed: {CREATED}{FORBIDDEN}ValidatingAdmissionPolicy 'a.example.com' with "
        "binding 'b' denied request: no digest",
        "admission-denied",
        "ValidatingAdmissionPolicy 'a.example.com' with binding 'b' denied it: no digest",
    ),
    (
        f'{CREATED}Internal error occurred: failed to allocate a serviceIP for Service "x": range '
        "is full",
        "service-range-full",
        "the cluster had no room for a serviceIP",
    ),
    (
        f"{CREATED}Internal error occurred: failed to allocate a nodePort: range is full",
        "service-range-full",
        "the cluster had no room for a nodePort",
    ),
    (
        f'{CREATED}admission webhook "guard.example.com" denied the request: no latest',
        "admission-denied",
        'admission webhook "guard.example.com" denied it: no latest',
    ),
    (
        f'{CREATED}{FORBIDDEN}violates PodSecurity "restricted:latest": privileged',
        "admission-denied",
        'violates PodSecurity "restricted:latest" denied it: privileged',
    ),
    (
        f'{CREATED}Internal error occurred: failed calling webhook "m.example.com": failed to call '
        'webhook: Post "https://m.shop": dial tcp 10.0.0.1:443: connect: connection refused',
        "webhook-failed",
        'the admission webhook "m.example.com" did not answer: failed to call webhook: Post '
        '"https://m.shop": dial tcp 10.0.0.1:443: connect: connection refused',
    ),
    (
        f'update of resource "{URN}" failed: Deployment.apps "granite-decode" is invalid: '
        'spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
        "immutable-field",
        "spec.selector cannot be changed",
    ),
    (
        '1 error occurred:\n\t* the Kubernetes API server reported that "shop/x" failed to fully '
        'initialize or become live: ConfigMap "x" is invalid: immutable: Forbidden: field is '
        "immutable when `immutable` is set\n\n",
        "immutable-field",
        "immutable cannot be changed",
    ),
    (
        f'{CREATED}{FORBIDDEN}User "ann" cannot create resource "deployments" in API group "apps" '
        'in the namespace "shop"',
        "cluster-forbidden",
        '"ann" may not create resource "deployments" in API group "apps" in the namespace "shop"',
    ),
    (
        f'{CREATED}no matches for kind "Thing" in version "example.com/v1"',
        "kind-not-served",
        'the cluster serves no such kind: no matches for kind "Thing" in version "example.com/v1"',
    ),
    (
        'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using apps/v1:\n'
        '- .spec.paused\n- .spec.template.spec.containers[name="vllm"].image',
        "field-conflict",
        'spec.paused, spec.template.spec.containers[name="vllm"].image was set by "kubectl-edit"',
    ),
    (
        'Apply failed with 1 conflict: conflict with "argo" using v1 at 2026-11-29T10:00:00Z: .a.b',
        "field-conflict",
        'a.b was set by "argo" at 2026-11-29T10:00:00Z',
    ),
    (
        'Apply failed with 2 conflicts: conflicts with "a": \n- .spec.x\nconflicts with "b" using '
        "v1:\n- .spec.y",
        "field-conflict",
        'spec.x was set by "a"; spec.y was set by "b"',
    ),
]


@pytest.mark.parametrize(("message", "code", "said"), SAID)
def test_what_the_server_says(message: str, code: str, said: str) -> None:
    """The object, the reason and who, and a way out; no name of a stack in it."""
    problem = refused(URN, message, PLACE)
    assert problem is not None
    assert (problem.code, problem.summary) == (code, NAMED + said)
    assert problem.help
    assert "urn:" not in f"{problem}"
    [diagnostic] = failure(Run(1, "", (event(message, URN),)), "x", places={URN: PLACE}).diagnostics
    assert diagnostic == problem
    assert are_refusals([diagnostic])


@pytest.mark.parametrize(
    "message", ["connection refused", "etcdserver: request timed out", "spec.x: Invalid value: 1"]
)
def test_what_is_of_no_object_alone(message: str) -> None:
    assert refused(URN, message, PLACE) is None


@pytest.mark.parametrize(
    "events",
    [
        (),
        (("connection refused", URN),),
        (("error reading from server: EOF", URN),),
        (("program failed", ""),),
        ((SAID[0][0], URN), ("error reading from server: EOF", OTHER)),
    ],
)
def test_after_anything_else_the_state_may_be_behind(events: tuple[tuple[str, str], ...]) -> None:
    """A plugin that died has perhaps written what it could not report."""
    done = Run(255, "", tuple(event(message, urn) for message, urn in events))
    places = {URN: PLACE, OTHER: PLACE._replace(name="granite-prefill")}
    assert not are_refusals(failure(done, "x", places=places).diagnostics)


def test_when_a_field_was_set() -> None:
    """The server says it itself, or the object's managed fields do."""
    message = 'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a'
    [conflict] = conflicts(message)
    assert conflict == Conflict("data.a", "kubectl", "", "")
    problem = refused(URN, message, PLACE, {conflict: "2026-11-29T10:00:00Z"})
    assert problem is not None
    assert problem.summary == f'{NAMED}data.a was set by "kubectl" at 2026-11-29T10:00:00Z'


def test_a_count_that_was_scaled_is_told_from_other_conflicts() -> None:
    assert [one.is_scaling for one in conflicts(SCALE)] == [True]
    assert not any(one.is_scaling for one in conflicts(SAID[-1][0]))


def event(message: str, urn: str = "") -> dict[str, Any]:
    return {"diagnosticEvent": {"urn": urn, "message": message, "severity": "error"}}


PREVIEW = {"summaryEvent": {"isPreview": True}}
UPDATE = {"summaryEvent": {"isPreview": False}}
DENIED = SAID[1][0]
STATE = {
    "resources": [
        {
            "urn": URN,
            "type": "kubernetes:apps/v1:Deployment",
            "outputs": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": PLACE.name, "namespace": PLACE.namespace, "uid": "1"},
            },
        }
    ]
}
EXCLUDED = f"--exclude={URN}"
WELL = Run(0, "", (PREVIEW, UPDATE))
PREVIEWED = Run(255, "", (event(DENIED, URN), PREVIEW, event("preview failed")))
UPDATED = Run(255, "", (event(DENIED, URN), UPDATE, event("update failed")))
OTHERS = Run(255, "", (event(DENIED, OTHER), PREVIEW))
GONE = Run(255, "", (event("connection refused", URN), UPDATE))
INTERRUPTED = Run(255, "", (event(DENIED, URN), UPDATE), interrupted=True)


@pytest.mark.parametrize(
    ("operation", "runs", "wanted"),
    [
        ("up", [WELL], [[]]),
        ("up", [PREVIEWED, WELL], [[], [EXCLUDED]]),
        ("up", [OTHERS, WELL], [[], ["--skip-preview"]]),
        ("up", [UPDATED, WELL], [[], [EXCLUDED]]),
        ("up", [UPDATED, UPDATED], [[], [EXCLUDED]]),
        ("up", [GONE], [[]]),
        ("up", [INTERRUPTED], [[]]),
        ("up", [Run(255, "", (event("program failed"),))], [[]]),
        ("preview", [PREVIEWED, WELL], [[], [EXCLUDED]]),
        ("preview", [OTHERS], [[]]),
        ("destroy", [UPDATED], [[]]),
        ("up", [PREVIEWED, OTHERS, WELL], [[], [EXCLUDED], ["--skip-preview", EXCLUDED]]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_engine_goes_around_what_was_refused(
    operation: str, runs: list[Run], wanted: list[list[str]]
) -> None:
    """What the state has is left alone by the next run; what a preview kept from being done is
    done without one; nothing is repeated that would fail again.
    """
    started: list[list[str]] = []

    def start(command: Any, _variables: Any) -> Run:
        started.append([*command])
        return runs[len(started) - 1]

    rounds = Rounds(operation, start, lambda: STATE, None, None)
    done, met = rounds.run([], {})
    assert started == wanted
    assert done == runs[-1]
    is_left_out = any(EXCLUDED in flags for flags in wanted)
    assert [one.code for one in met.recorded.values()] == ["admission-denied"] * (
        is_left_out or operation == "destroy"
    ) or runs[-1].interrupted


def test_what_was_written_is_not_left_out() -> None:
    """An object that is waited for in vain is as it should be; the next run goes on from it."""
    said = "'d' timed out waiting to be Ready"
    met = Obstacles.of(
        [(URN, f'resource "{URN}" was successfully created, but {said}')], STATE, None, None
    )
    assert not met.recorded and not met.is_general


@pytest.mark.parametrize(
    ("message", "unanswered"),
    [
        ("error reading from server: EOF", True),
        (f"{CREATED}Post: dial tcp 10.0.0.1:443: connect: connection refused", True),
        (DENIED, False),
        (SCALE, False),
        (f"{CREATED}Deployment.apps is invalid: spec.x: Required value", False),
    ],
)
def test_what_nobody_heard_of_may_be_made_yet(message: str, unanswered: bool) -> None:
    """Where the plugin died or the server went away, and not where the server said no."""
    found = Obstacles.of([(URN, message)], STATE, None, None)
    assert (PLACE in found.unanswered) == unanswered
    assert Obstacles().also(found).also(Obstacles()).unanswered == found.unanswered


def test_nothing_in_the_way() -> None:
    assert Obstacles().around == []


def test_what_the_state_does_not_know_is_deleted_by_the_name_that_the_server_says() -> None:
    urn = URN.replace("apps/v1:Deployment", "rbac.authorization.k8s.io/v1:RoleBinding")
    said = f'{CREATED}RoleBinding.rbac.authorization.k8s.io "a-epp-rolebinding" is invalid: '
    found = refused(urn, f"{said}roleRef: Invalid value: {{}}: cannot change roleRef")
    assert found is not None
    assert "kubectl delete rolebinding a-epp-rolebinding (" in found.help
