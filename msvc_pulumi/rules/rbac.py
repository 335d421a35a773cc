"""ServiceAccounts, Roles and RoleBindings: the names that end up in them.

Rules: ``pkg/apis/rbac/validation/validation.go``. Their content is generated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import Finding, invalid
from msvc_pulumi.rules.metadata import name
from msvc_pulumi.rules.names import dns_subdomain, path_segment

__all__ = ["role", "role_binding", "service_account"]


def service_account(manifest: dict[str, Any]) -> Iterator[Finding]:
    yield from name(manifest["metadata"], dns_subdomain)


def role(manifest: dict[str, Any]) -> Iterator[Finding]:
    yield from name(manifest["metadata"], path_segment)


def role_binding(manifest: dict[str, Any]) -> Iterator[Finding]:
    """The role it refers to may be one that the command line names."""
    yield from name(manifest["metadata"], path_segment)
    referred = manifest["roleRef"].get("name", "")
    if problem := path_segment(referred):
        remedy = "name another ClusterRole by --epp-cluster-role"
        yield invalid(FieldPath.of("roleRef", "name"), referred, problem, remedy)
