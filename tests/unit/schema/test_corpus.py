"""Objects that the original printed read back as themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.document.source import Source, parse
from msvc_pulumi.errors import Diagnostics, FieldPath
from msvc_pulumi.schema import decode
from msvc_pulumi.schema.encode import encode_zero

CASES = Path(__file__).resolve().parents[4] / "shared" / "conformance" / "cases"
PRINTED = sorted(CASES.glob("*/expected.yaml"))

DEPLOYMENT = "apps/v1.Deployment"
SERVICE = "core/v1.Service"
SERVICE_ACCOUNT = "core/v1.ServiceAccount"
TYPES = {
    "configMaps": "[]core/v1.ConfigMap",
    "decodeDeployment": DEPLOYMENT,
    "decodeService": SERVICE,
    "eppDeployment": DEPLOYMENT,
    "eppRoleBinding": "rbac.authorization.k8s.io/v1.RoleBinding",
    "eppService": SERVICE,
    "eppServiceAccount": SERVICE_ACCOUNT,
    "httpRoute": "gateway.networking.k8s.io/v1.HTTPRoute",
    "inferenceModel": "inference.networking.x-k8s.io/v1alpha2.InferenceModel",
    "inferencePool": "inference.networking.x-k8s.io/v1alpha2.InferencePool",
    "pdServiceAccount": SERVICE_ACCOUNT,
    "prefillDeployment": DEPLOYMENT,
    "prefillService": SERVICE,
}


def loaded(path: Path) -> dict[str, Any]:
    diagnostics = Diagnostics()
    documents = parse(Source(str(path), path.read_text()), diagnostics=diagnostics)
    assert not diagnostics.items
    value: dict[str, Any] = documents[0].value
    return value


@pytest.mark.skipif(not PRINTED, reason="the conformance corpus is not here")
@pytest.mark.parametrize("path", PRINTED, ids=lambda path: path.parent.name)
def test_what_go_printed(path: Path) -> None:
    """Reading what Go printed and printing it again changes nothing and meets no problem."""
    for section, value in loaded(path).items():
        diagnostics = Diagnostics()
        stated = decode(TYPES[section], value, at=FieldPath(), diagnostics=diagnostics)
        assert encode_zero(TYPES[section], stated) == value
        assert not diagnostics.items


@pytest.mark.skipif(not PRINTED, reason="the conformance corpus is not here")
def test_quantities_of_case_215() -> None:
    """Every notation of case 215 comes out as Go printed it."""
    case = CASES / "215-quantities-canonical"
    base = loaded(case / "baseconfig.yaml")["data"]["decodeDeployment"]
    value = parse(Source("base", base), diagnostics=Diagnostics())[0].value
    want = loaded(case / "expected.yaml")["decodeDeployment"]
    diagnostics = Diagnostics()

    stated = decode(DEPLOYMENT, value, at=FieldPath(), diagnostics=diagnostics)

    assert limits(stated) == limits(want)
    assert len(limits(stated)) == 71
    assert not diagnostics.items


def limits(deployment: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = deployment["spec"]["template"]["spec"]["containers"][0]["resources"][
        "limits"
    ]
    return found
