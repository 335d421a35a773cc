"""What the operator may do: everything a plan can hold, nothing that hands out more."""

from __future__ import annotations

from msvc_pulumi.children.epp import EPP_RULES
from msvc_pulumi.installation.manifests import manifests
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import rules, workspace_rules
from msvc_pulumi.kinds import KINDS
from msvc_pulumi.operator.lease import Election


def allowed(role: list[dict[str, list[str]]]) -> set[tuple[str, str, str]]:
    return {
        (group, kind, verb)
        for rule in role
        if "resourceNames" not in rule
        for group in rule["apiGroups"]
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


def test_it_has_what_it_hands_out() -> None:
    """The endpoint picker's Role holds nothing that the operator does not, so it may create it."""
    assert allowed(EPP_RULES) <= allowed(rules())


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
    assert bind["resourceNames"] == ["system:auth-delegator", "modelservice-workspace"]
    assert not {"*", "escalate", "impersonate", "bind"} & {verb for _, _, verb in granted}
    assert not {("", "secrets", verb) for verb in ("get", "list", "watch")} & granted
    assert not {"pulumi.com", "auto.pulumi.com"} & {group for group, _, _ in allowed(rules())}
    assert allowed(workspace_rules()) <= allowed(rules())


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
    """A single replica may touch no Lease; several may, but only the one they share."""
    single, several = (manifests(InstallOptions("image", replicas=count)) for count in (1, 2))
    assert "leases" not in str(single)
    [role] = [item for item in several if item["kind"] == "Role"]
    [deployment] = [item for item in several if item["kind"] == "Deployment"]
    assert allowed(role["rules"]) == {("coordination.k8s.io", "leases", "create")}
    assert [rule["resourceNames"] for rule in role["rules"] if "get" in rule["verbs"]] == [
        [Election().name]
    ]
    assert "--leader-elect" in deployment["spec"]["template"]["spec"]["containers"][0]["args"]
