"""Stacks, their names and settings: constant where a change would cost, and never another's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msvc_pulumi.cluster.modelservices import Reference
from msvc_pulumi.components.baseconfigcopy import copy_of, original
from msvc_pulumi.components.clusterplan import options_from_json, options_to_json
from msvc_pulumi.errors import LoadError
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.pko.names import REQUEST, Names, key_of_stack
from msvc_pulumi.operator.pko.settings import WorkspaceSettings, read_pod
from msvc_pulumi.operator.pko.stackobject import stack_object
from msvc_pulumi.plan import PlanOptions

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAMES = st.from_regex(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?", fullmatch=True)


SPACES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)


@given(st.tuples(SPACES, NAMES), st.tuples(SPACES, NAMES))
@example(("a-b", "c"), ("a", "b-c"))
@example(("a", "b.c"), ("a", "b-c"))
def test_names_are_valid_and_unique(one: tuple[str, str], other: tuple[str, str]) -> None:
    """A Stack's name is a label of at most 42 characters; two ModelServices never share one."""
    names = [Names(Key(*key)).stack for key in (one, other)]
    assert all(LABEL.fullmatch(name) and len(name) <= 42 for name in names)
    assert (names[0] == names[1]) == (one == other)
    assert len(Names(Key("n" * 63, one[1])).engine_stack.rpartition("/")[2]) <= 100


def test_the_engine_knows_it_by_the_name_of_the_embedded_executor() -> None:
    """State can move between executors: project and stack are the same."""
    assert Names(Key("space", "name")).engine_stack == "organization/modelservice/space.name"


def test_only_the_request_differs_from_run_to_run() -> None:
    """No input of the ModelService is in the spec, whose change would replace the pod."""
    key, settings = Key("space", "name"), WorkspaceSettings("image")
    one, other = (stack_object(key, "uid", request, settings) for request in ("r1", "r2"))
    assert one["spec"] == other["spec"]
    assert one["metadata"]["annotations"][REQUEST] == "r1"
    assert key_of_stack(one) == key
    assert key_of_stack({"metadata": {"name": "x", "namespace": "space"}}) is None
    # No owner may be in another namespace.
    assert one["metadata"]["namespace"] == settings.namespace
    assert "ownerReferences" not in one["metadata"]


def test_a_base_config_survives_its_copy() -> None:
    """What a workspace reads of a BaseConfig elsewhere is that one, and no other."""
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "shared",
            "namespace": "platform",
            "annotations": {"llm-d.ai/template-dialect": "jinja2"},
        },
        "data": {"a": "b"},
        "binaryData": {"c": "ZA=="},
    }
    copied = copy_of(config, {"name": "msvc-x", "namespace": "workspaces"})
    assert copied["metadata"]["name"] == "msvc-x"
    assert original(copied, Reference("platform", "shared")) == config
    assert original(copied, Reference("platform", "another")) is None
    assert original(config, Reference("platform", "shared")) is None


def test_options_survive_the_way_to_the_workspace() -> None:
    """The program plans with the operator's options, else it would never make the wanted plan."""
    options = PlanOptions(
        epp_cluster_role="role",
        epp_pull_secrets=("a", "b"),
        pd_pull_secrets=("c",),
        inference_api="v1",
    )
    assert options_from_json(options_to_json(options)) == options
    assert options_from_json("") == PlanOptions()


@pytest.mark.parametrize("text", ["[]", "containers: []\n", ": :", "nodeSelector"])
def test_a_wrong_pod_file_is_told(tmp_path: Path, text: str) -> None:
    """Only what says where a workspace runs can be stated, and the rest is named."""
    file = tmp_path / "pod.yaml"
    file.write_text(text)
    with pytest.raises(LoadError) as error:
        read_pod(file)
    assert error.value.diagnostics[0].code == "workspace-pod"
    with pytest.raises(LoadError):
        read_pod(tmp_path / "absent")


def test_a_pod_file(tmp_path: Path) -> None:
    """Its fields are those of the workspace's pod."""
    file = tmp_path / "pod.yaml"
    file.write_text("nodeSelector: {a: b}\n")
    settings = WorkspaceSettings("image", pod=read_pod(file))
    stack = stack_object(Key("space", "name"), "uid", "r", settings)
    pod = stack["spec"]["workspaceTemplate"]["spec"]["podTemplate"]["spec"]
    assert pod["nodeSelector"] == {"a": "b"}
