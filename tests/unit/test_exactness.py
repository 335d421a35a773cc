"""What prints keeps every integer; what applies refuses those that Pulumi would change."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from services import BASE_CONFIG, model_service

from msvc_pulumi.cli import main
from msvc_pulumi.cluster.modelservices import plan_of
from msvc_pulumi.errors import PlanError
from msvc_pulumi.plan import plan_model_service
from msvc_pulumi.rules.exactness import refuse_inexact
from msvc_pulumi.target.options import PlanOptions

OVER = 2**53


@pytest.mark.parametrize("number", [OVER - 1, OVER, -OVER, 2**63 - 1])
def test_whole_numbers(number: int) -> None:
    """Each is planned as it is; the same error is told of files and of what a cluster has."""
    base = {**BASE_CONFIG, "metadata": {"name": "base", "namespace": "shop"}}
    section = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": number}}}}
    base["data"] = {**base["data"], "decodeDeployment": yaml.safe_dump(section)}
    service, options = model_service("shop", "a"), PlanOptions(namespace="shop")
    service["metadata"]["uid"] = "u"
    plan = plan_model_service(service, base, options)
    [pod] = [
        one.manifest["spec"]["template"]["spec"] for one in plan if one.key == "decodeDeployment"
    ]
    assert pod["terminationGracePeriodSeconds"] == number
    if number == OVER - 1:
        refuse_inexact([plan])
        assert plan_of(service, base, options, None).hash
        return
    for refused in (lambda: refuse_inexact([plan]), lambda: plan_of(service, base, options, None)):
        with pytest.raises(PlanError) as caught:
            refused()
        [problem] = [one for one in caught.value.diagnostics if one.is_error]
        assert (problem.code, problem.field[-1]) == (
            "out-of-range",
            "terminationGracePeriodSeconds",
        )


def test_generate_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To the last digit."""
    service = model_service("shop", "a")
    name = service["spec"]["baseConfigMapRef"]["name"]
    section = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": OVER + 1}}}}
    base = {**BASE_CONFIG, "metadata": {"name": name, "namespace": "shop"}}
    base["data"] = {"decodeDeployment": yaml.safe_dump(section)}
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all([service, base]))
    assert main(["generate", "-m", str(file)]) == 0
    assert f"terminationGracePeriodSeconds: {OVER + 1}\n" in capsys.readouterr().out
