"""Which ModelServices go with an operator: those that it says it looks after."""

from __future__ import annotations

import pytest

from msvc_pulumi.installation.manifests import manifests
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.operator.uninstalling import stated_namespaces


@pytest.mark.parametrize(
    ("arguments", "namespaces"),
    [
        ([], []),
        (["operator", "run", "--workers=4"], []),
        (["--namespace=a", "--workers", "4", "--namespace", "b"], ["a", "b"]),
        (["--leader-election-namespace=x", "--namespace"], [""]),
    ],
)
def test_both_forms_of_an_argument(arguments: list[str], namespaces: list[str]) -> None:
    assert list(stated_namespaces(arguments)) == namespaces


@pytest.mark.parametrize("namespaces", [(), ("a",), ("a", "b")])
def test_what_the_manifests_state_is_read(namespaces: tuple[str, ...]) -> None:
    found = {item["kind"]: item for item in manifests(InstallOptions("i", namespaces=namespaces))}
    [container] = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert tuple(stated_namespaces(container["args"])) == namespaces
