"""What a program gives a component, and what of it reaches the children, under the real engine."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.components import ModelService
from msvc_pulumi.engine.diagnosis.failures import ProgramError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.plan import PlanOptions, plan_model_service

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "facebook"
DECODE = "facebook-opt-125m-decode"
HUSH = "hush-9f2c"
State = dict[str, dict[str, Any]]


@pytest.fixture
def args(namespace: str) -> Any:
    """The arguments of a component: the sample's documents, and the namespace of this test."""
    service, base = (
        yaml.safe_load((SAMPLE / name).read_text()) for name in ("msvc.yaml", "baseconfig.yaml")
    )
    return {"model_service": service, "base_config": base, "namespace": namespace}


@pytest.fixture
def state(tmp_path: Path) -> Callable[[Stack], State]:
    """The resources of a stack by logical name, as its state has them."""

    def read(stack: Stack) -> State:
        file = tmp_path / "state.json"
        assert stack.call("stack", "export", "--stack", stack.name, "--file", str(file)) == 0
        found = json.loads(file.read_text())["deployment"]["resources"]
        return {one["urn"].rpartition("::")[2]: one for one in found}

    return read


def test_outputs_of_other_resources_and_secrets(
    session: Session,
    cluster: Cluster,
    args: Any,
    state: Callable[[Stack], State],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What is unknown in a preview reaches the objects of the update; a secret stays one.

    The plan is that of the plain values, and what it names is known before anything is made.
    """
    seen: list[Any] = []
    service, base, namespace = args["model_service"], args["base_config"], args["namespace"]
    container = service["spec"]["decode"]["containers"][0]
    plain = copy.deepcopy(service)
    settings = {"args": ["{{ .HFModelName }}", "--api-key", HUSH]}
    environment = [{"name": "FLAVOUR", "value": "plain"}]
    plain["spec"]["decode"]["containers"][0] |= settings | {"env": environment}

    def program() -> None:
        other = k8s.core.v1.ConfigMap(
            "other", metadata={"name": "other", "namespace": namespace}, data={"flavour": "plain"}
        )
        container["args"] = ["{{ .HFModelName }}", "--api-key", pulumi.Output.secret(HUSH)]
        container["env"] = [{"name": "FLAVOUR", "value": other.data["flavour"]}]
        made = ModelService(
            "facebook",
            {
                "model_service": service,
                "base_config": base["data"],
                "namespace": other.metadata["namespace"],
            },
        )
        made.endpoints.apply(seen.append)
        pulumi.export("hash", made.plan_hash)
        pulumi.export("paths", made.gateway_paths)
        pulumi.export("endpoints", made.endpoints)

    stack = session.stack(f"outputs.{namespace}", program=program)
    stack.preview()
    stack.up("--skip-preview")
    decode = cluster.get("apps/v1", "Deployment", DECODE, namespace)
    assert decode is not None
    found = decode["spec"]["template"]["spec"]["containers"][0]
    position = found["args"].index("--api-key")
    assert found["args"][position - 1 : position + 2] == ["facebook/opt-125m", "--api-key", HUSH]
    assert {"name": "FLAVOUR", "value": "plain"} in found["env"]
    outputs = stack.outputs()
    host = f"facebook-opt-125m-service-decode.{namespace}.svc"
    assert outputs["endpoints"]["decode"] == {"host": host, "port": 8000}
    assert outputs["paths"] == ["/"]
    assert outputs["hash"] == plan_model_service(plain, base, PlanOptions(namespace)).hash
    assert seen[-1]["decode"]["host"] == host
    resources = state(stack)
    assert HUSH not in json.dumps(resources)
    assert resources["other"]["urn"] in resources["facebook-decode-deployment"]["dependencies"]
    assert HUSH not in capfd.readouterr().out
    assert set(stack.up("--skip-preview").changes) == {"same"}
    stack.destroy()


def test_names_are_known_in_a_preview(session: Session, namespace: str, args: Any) -> None:
    """Other resources may be made of a component's outputs before it exists."""
    seen: list[Any] = []

    def program() -> None:
        made = ModelService("facebook", args)
        made.endpoints.apply(seen.append)
        made.http_route_name.apply(seen.append)
        made.plan_hash.apply(seen.append)

    session.stack(f"known.{namespace}", program=program).preview()
    assert len(seen) == 3


def test_options_reach_the_children(
    session: Session,
    cluster: Cluster,
    args: Any,
    state: Callable[[Stack], State],
) -> None:
    """Each is found on the children, or where Pulumi keeps it for them."""
    decode_section, namespace = args["model_service"]["spec"]["decode"], args["namespace"]
    decode_section["containers"][0]["image"] = "example.com/vllm:1"
    later: dict[str, Any] = {}

    def labelled(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "kubernetes:core/v1:ServiceAccount":
            return None
        labels = {"labels": {"team": "green"}}
        props = {**args.props, "metadata": {**args.props["metadata"], **labels}}
        return pulumi.ResourceTransformResult(props, args.opts)

    def program() -> None:
        provider = k8s.Provider("ours", delete_unreachable=False)
        first = k8s.core.v1.ConfigMap("first", metadata={"name": "first", "namespace": namespace})
        ModelService(
            "facebook",
            args,
            pulumi.ResourceOptions(
                provider=provider,
                depends_on=[first],
                transforms=[labelled],
                ignore_changes=["decodeDeployment.spec.replicas"],
                custom_timeouts=pulumi.CustomTimeouts(create="30m"),
                **later,
            ),
        )

    stack = session.stack(f"options.{namespace}", program=program)
    later.update(protect=True, retain_on_delete=True)
    stack.up("--skip-preview")
    resources = state(stack)
    children = [one for one in resources.values() if one.get("parent", "").endswith("facebook")]
    assert len(children) == 13
    for child in children:
        assert child["provider"].split("::")[-2] == "ours"
        assert child["protect"] and child["retainOnDelete"]
        assert child["customTimeouts"]["create"] == 1800
    account = cluster.get("v1", "ServiceAccount", "facebook-opt-125m-sa", namespace)
    assert account is not None and account["metadata"]["labels"]["team"] == "green"
    first = cluster.get("v1", "ConfigMap", "first", namespace)
    assert first is not None
    stamps = (first["metadata"]["creationTimestamp"], account["metadata"]["creationTimestamp"])
    assert stamps[0] <= stamps[1]
    later.clear()
    decode_section["replicas"] = 7
    decode_section["containers"][0]["image"] = "example.com/vllm:2"
    stack.up("--skip-preview")
    decode = cluster.get("apps/v1", "Deployment", DECODE, namespace)
    assert decode is not None
    assert decode["spec"]["replicas"] == 2
    assert decode["spec"]["template"]["spec"]["containers"][0]["image"] == "example.com/vllm:2"
    stack.destroy()


def test_a_renamed_component_keeps_its_children(
    session: Session, cluster: Cluster, namespace: str, args: Any
) -> None:
    """With an alias nothing is made anew; the uids are those of before."""
    named: list[Any] = ["facebook", None]

    def program() -> None:
        name, opts = named
        ModelService(
            name,
            args,
            opts,
        )

    stack = session.stack(f"renamed.{namespace}", program=program)
    stack.up("--skip-preview")
    before = cluster.get("apps/v1", "Deployment", DECODE, namespace)
    named[:] = ["llama", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="facebook")])]
    assert set(stack.up("--skip-preview").changes) == {"same"}
    after = cluster.get("apps/v1", "Deployment", DECODE, namespace)
    assert before is not None and after is not None
    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    stack.destroy()


def test_an_option_for_no_child_is_refused(
    session: Session,
    args: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A path that begins with no child's key would do nothing, and is told of."""

    def program() -> None:
        ModelService(
            "facebook",
            args,
            pulumi.ResourceOptions(ignore_changes=["spec.replicas"]),
        )

    with pytest.raises(ProgramError):
        session.stack("nobody", program=program).preview()
    shown = capfd.readouterr().out
    assert '"spec.replicas" is a property of no child' in shown
    assert "decodeDeployment.spec.replicas" in shown
    assert "Traceback" not in shown
