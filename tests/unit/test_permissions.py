"""What the operator may do: everything a plan can hold, nothing that hands out more."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.children.child import Child, Overlay
from msvc_pulumi.children.pickerrights import EPP_RULES
from msvc_pulumi.children.pickerrights import rules as picker_rules
from msvc_pulumi.errors import SpecError
from msvc_pulumi.installation.manifests import manifests
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import (
    identity_rules,
    namespace_rules,
    rules,
    stack_rules,
    workspace_rules,
)
from msvc_pulumi.operator.settings import Election
from msvc_pulumi.target.kinds import KINDS

NOTHING = Overlay({}, None)


def allowed(role: list[dict[str, list[str]]]) -> set[tuple[str, str, str]]:
    return {
        (group, kind, verb)
        for rule in role
        if "resourceNames" not in rule
        for group in rule.get("apiGroups", ())
        for kind in rule["resources"]
        for verb in rule["verbs"]
    }


def test_every_kind_of_a_plan_can_be_managed() -> None:
    """Whatever the pipeline may plan, the operator may make and remove."""
    granted = allowed(rules())
    for kind in KINDS.values():
        group = kind.api_version.rpartition("/")[0]
        for verb in ("get", "create", "patch", "delete"):
            assert (group, f"{kind.kind.lower()}s", verb) in granted, kind


@pytest.mark.parametrize("elects", [True, False])
@pytest.mark.parametrize(
    "image",
    [
        "epp:v0.3.0",
        "epp:v1.5.0",
        "llm-d-inference-scheduler:0.0.4",
        "llm-d-inference-scheduler:v0.4.0",
        "llm-d-router-endpoint-picker:v0.10.0",
        "llm-d-router-endpoint-picker:main",
        "unknown",
    ],
)
def test_it_has_what_it_hands_out(image: str, elects: bool) -> None:
    """The endpoint picker's Role holds nothing that the operator does not, so it may create it:
    wherever the operator has its rights, and so whoever makes children in its stead.
    """
    args = ["--ha-enable-leader-election"] if elects else []
    container = {"name": "epp", "image": f"registry.example/{image}", "args": args}
    pod = {"template": {"spec": {"containers": [container]}}}
    picker = Child("eppDeployment", KINDS["eppDeployment"], {"spec": pod}, None, NOTHING, {}, {})
    handed_out = allowed(picker_rules(picker))

    assert handed_out <= allowed(EPP_RULES)
    for held in (rules(), namespace_rules(), workspace_rules()):
        assert handed_out <= allowed(held)


def test_it_can_give_itself_nothing() -> None:
    """No wildcard, no escalation, no Secrets, no impersonation, nothing of the cluster's roles."""
    granted = allowed(rules())
    assert not {"*", "escalate", "impersonate", "bind"} & {verb for _, _, verb in granted}
    assert not {"*", "secrets", "clusterroles", "nodes"} & {kind for _, kind, _ in granted}


def test_a_cluster_role_may_be_bound_by_name_only() -> None:
    """With a ClusterRole for endpoint pickers, that one and no other may be bound."""
    [bind] = [rule for rule in rules(epp_cluster_role="epp") if "bind" in rule["verbs"]]
    assert bind["resourceNames"] == ["epp"]


def test_with_workspaces_the_operator_makes_no_children() -> None:
    """The executor ``pko`` is given Stacks and what is around them; what its workspaces need, the
    operator does not have but may only bind, by name. The default executor's role has none of it.
    """
    role = rules(executor="pko")
    granted = allowed(role)
    for kind in KINDS.values():
        group = kind.api_version.rpartition("/")[0]
        assert (group, f"{kind.kind.lower()}s", "patch") not in granted, kind
    [bind] = [rule for rule in role if "bind" in rule["verbs"]]
    assert bind["resourceNames"] == ["modelservice-workspace"]
    assert not {"*", "escalate", "impersonate", "bind"} & {verb for _, _, verb in granted}
    assert "secrets" not in {kind for _, kind, _ in granted}
    assert not {"pulumi.com", "auto.pulumi.com"} & {group for group, _, _ in allowed(rules())}
    assert allowed(workspace_rules()) <= allowed(rules())


@pytest.mark.parametrize("namespaces", [(), ("a", "b")])
def test_with_workspaces_it_deletes_nothing_by_kind_but_beside_stacks(
    namespaces: tuple[str, ...],
) -> None:
    """No Secret, account, pod, volume or Stack anywhere else, and of bindings the one it makes."""
    options = InstallOptions("i", executor="pko", namespaces=namespaces)
    deletes = {
        (item["metadata"].get("namespace"), *what[:2])
        for item in manifests(options)
        if item["kind"].endswith("Role") and item["metadata"]["name"] != "modelservice-workspace"
        for what in allowed(item["rules"])
        if what[2] == "delete"
    }
    assert {place for place, _, _ in deletes} == {"modelservice-system-workspaces"}
    assert not {("", "secrets", verb) for verb in ("get", "list", "watch")} & allowed(stack_rules())
    # Whoever runs there has no more than one namespace's workspaces need.
    spaces = [
        item["metadata"]["name"] for item in manifests(options) if item["kind"] == "Namespace"
    ]
    assert spaces == ["modelservice-system", "modelservice-system-workspaces"]


@pytest.mark.parametrize("executor", ["embedded", "pko"])
def test_of_the_cluster_it_has_what_no_namespace_can_grant(executor: Any) -> None:
    """An operator of some namespaces has a ClusterRole of kinds without namespaces only."""
    options = InstallOptions("i", "home", executor=executor, namespaces=("a", "b"))
    everywhere = [item for item in manifests(options) if item["kind"] == "ClusterRole"]
    granted = {
        (kind, verb, *rule.get("resourceNames", ()))
        for item in everywhere
        for rule in item["rules"]
        for kind in rule.get("resources", rule.get("nonResourceURLs"))
        for verb in rule["verbs"]
    }
    identity = {("namespaces", "get", "kube-system")} if executor == "embedded" else set()
    reviews = {("tokenreviews", "create"), ("subjectaccessreviews", "create")}
    assert granted == {*identity, *reviews, ("/metrics", "get")}
    # Another installation has its own, and no role is bound that is not there.
    assert all(":home" in item["metadata"]["name"] for item in everywhere)
    bare = InstallOptions("i", "home", executor="pko", namespaces=("a",), metrics_secure=False)
    kinds = {item["kind"] for item in manifests(bare)}
    assert "ClusterRole" not in kinds


@pytest.mark.parametrize("executor", ["embedded", "pko"])
def test_in_each_of_its_namespaces_it_may_do_the_same(executor: Any) -> None:
    """All that an operator of everything may do there, with its account; nothing in others."""
    options = InstallOptions("i", "home", executor=executor, namespaces=("a", "b"))
    found = {
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]): item
        for item in manifests(options)
    }
    for space in ("a", "b"):
        role = found["Role", space, "modelservice-operator"]
        assert role["rules"] == namespace_rules(executor=executor)
        binding = found["RoleBinding", space, "modelservice-operator"]
        assert binding["roleRef"]["kind"] == "Role"
        [subject] = binding["subjects"]
        assert (subject["name"], subject["namespace"]) == ("modelservice-operator", "home")
    everything = allowed(namespace_rules(executor=executor)) | allowed(
        identity_rules(executor=executor)
    )
    bindings = {("rbac.authorization.k8s.io", "rolebindings", "create")}
    assert allowed(rules(executor=executor)) - everything <= bindings
    places = {place for _, place, _ in found} - {None}
    workspaces = {"home-workspaces"} if executor == "pko" else set()
    assert places == {"home", "a", "b"} | workspaces
    arguments = found["Deployment", "home", "modelservice-operator"]["spec"]["template"]["spec"][
        "containers"
    ][0]["args"]
    assert {"--namespace=a", "--namespace=b"} <= {*arguments}


@pytest.mark.parametrize("executor", ["embedded", "pko"])
@pytest.mark.parametrize("namespaces", [(), ("a", "b")])
def test_every_role_is_bound_and_every_binding_has_its_role(
    executor: Any, namespaces: tuple[str, ...]
) -> None:
    """But for the readers' and the workspaces', which others are bound to."""
    options = InstallOptions("i", executor=executor, namespaces=namespaces, replicas=2)
    found = manifests(options)
    roles = {
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"])
        for item in found
        if item["kind"].endswith("Role")
    }
    bound = {
        (item["roleRef"]["kind"], item["metadata"].get("namespace"), item["roleRef"]["name"])
        for item in found
        if item["kind"].endswith("Binding")
    }
    assert {name for _, _, name in bound - roles} <= {"system:auth-delegator"}
    left = {name for _, _, name in roles - bound}
    assert all(name.endswith("-metrics-reader") or "workspace" in name for name in left)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"namespaces": ("a", "a")}, "namespaces"),
        ({"namespaces": ("A",)}, "namespaces"),
        ({"namespace": "x" * 64}, "namespace"),
        ({"executor": "pko", "namespace": "x" * 60}, "workspaceNamespace"),
        ({"executor": "pko", "workspace_namespace": "modelservice-system"}, "workspaceNamespace"),
        (
            {"executor": "pko", "namespaces": ("a",), "workspace_namespace": "a"},
            "workspaceNamespace",
        ),
        ({"metrics_secret": "s", "metrics_secure": False}, "metricsSecret"),
    ],
)
def test_what_does_not_go_together_is_told(given: dict[str, Any], field: str) -> None:
    with pytest.raises(SpecError) as error:
        InstallOptions("image", **given)
    assert [str(item.field) for item in error.value.diagnostics] == [field]


@pytest.mark.parametrize("secure", [True, False])
def test_nothing_gets_in_but_probes_and_readers_of_metrics(secure: bool) -> None:
    """The policy names the ports that the Deployment has, and metrics' readers by namespace."""
    found = {item["kind"]: item for item in manifests(InstallOptions("i", metrics_secure=secure))}
    pod = found["Deployment"]["spec"]["template"]
    ports = {port["name"]: port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
    policy = found["NetworkPolicy"]["spec"]
    assert policy["podSelector"]["matchLabels"] == pod["metadata"]["labels"]
    assert policy["policyTypes"] == ["Ingress"]
    open_to = {rule["ports"][0]["port"]: rule.get("from") for rule in policy["ingress"]}
    labelled = [{"namespaceSelector": {"matchLabels": {"metrics": "enabled"}}}]
    assert open_to == {ports["health"]: None, ports["metrics"]: labelled}
    assert ports["metrics"] == (8443 if secure else 8080)
    arguments = pod["spec"]["containers"][0]["args"]
    assert f"--metrics-bind-address=:{ports['metrics']}" in arguments
    assert ("--metrics-secure=false" in arguments) == (not secure)
    without = manifests(InstallOptions("i", network_policy=False))
    assert "NetworkPolicy" not in {item["kind"] for item in without}


def test_the_pod_is_what_restricted_pod_security_asks_for() -> None:
    """And it writes nowhere but to its volumes, with a token because it says so."""
    found = {item["kind"]: item for item in manifests(InstallOptions("i"))}
    pod = found["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    inside = container["securityContext"]
    assert inside["allowPrivilegeEscalation"] is False
    assert inside["capabilities"] == {"drop": ["ALL"]}
    assert inside["readOnlyRootFilesystem"] is True
    environment = {item["name"]: item["value"] for item in container["env"]}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {environment["HOME"], environment["XDG_STATE_HOME"], "/tmp"} <= mounted
    assert {*container["resources"]} == {"requests", "limits"}
    assert found["ServiceAccount"]["automountServiceAccountToken"] is False
    assert pod["automountServiceAccountToken"] is True


def test_everything_says_which_installation_it_is_of() -> None:
    """By that label it is found again, wherever it is; selectors stay as they were."""
    options = InstallOptions("i", "home", executor="pko", namespaces=("a",), replicas=2)
    for item in manifests(options):
        if item != custom_resource_definition():
            assert item["metadata"]["labels"]["app.kubernetes.io/instance"] == "home", item
            assert "app.kubernetes.io/instance" not in str(item.get("spec", ""))


def test_the_workspaces_role_is_installed_with_them_only() -> None:
    """``manifests`` brings the role that the operator binds, and no volume that nobody uses."""
    options = InstallOptions("i", executor="pko")
    found = [(i["kind"], i["metadata"]["name"]) for i in manifests(options)]
    assert ("ClusterRole", "modelservice-workspace") in found
    assert "PersistentVolumeClaim" not in dict(found)
    usual = [(item["kind"], item["metadata"]["name"]) for item in manifests(InstallOptions("i"))]
    assert ("ClusterRole", "modelservice-workspace") not in usual
    assert "PersistentVolumeClaim" in dict(usual)


def test_one_account_runs_the_operator_and_holds_the_role() -> None:
    """The Deployment, the binding and the role speak of the same ServiceAccount."""
    found = {item["kind"]: item for item in manifests(InstallOptions("image", "there"))}
    pod = found["Deployment"]["spec"]["template"]["spec"]
    [subject] = found["ClusterRoleBinding"]["subjects"]
    account = found["ServiceAccount"]["metadata"]

    assert pod["serviceAccountName"] == account["name"] == subject["name"]
    assert subject["namespace"] == account["namespace"] == "there"
    assert (
        found["ClusterRoleBinding"]["roleRef"]["name"] == found["ClusterRole"]["metadata"]["name"]
    )
    assert found["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}


def test_leases_are_for_those_who_elect() -> None:
    """Of its own a single replica has no Lease; several do, but only the one they share. Pickers'
    Leases are none of the operator's, and are not had where it does not make their Roles.
    """
    single, several = (
        manifests(InstallOptions("image", replicas=count, epp_cluster_role="epp"))
        for count in (1, 2)
    )
    assert "leases" not in str(single)
    [role] = [item for item in several if item["kind"] == "Role"]
    [deployment] = [item for item in several if item["kind"] == "Deployment"]
    assert allowed(role["rules"]) == {("coordination.k8s.io", "leases", "create")}
    assert [rule["resourceNames"] for rule in role["rules"] if "get" in rule["verbs"]] == [
        [Election().name]
    ]
    assert "--leader-elect" in deployment["spec"]["template"]["spec"]["containers"][0]["args"]
