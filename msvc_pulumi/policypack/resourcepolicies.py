"""`resource_policies`: our policies for the objects of ModelServices in a Pulumi stack."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from msvc_pulumi.errors import Severity
from msvc_pulumi.policies.catalogue import POLICIES
from msvc_pulumi.policies.exemptions import exemptions
from msvc_pulumi.policies.policy import Policy
from msvc_pulumi.policies.workload import KINDS, Workload

__all__ = ["resource_policies"]

PARENT = "llmd:index:ModelService$"
LEVELS = {
    Severity.ERROR: EnforcementLevel.MANDATORY,
    Severity.WARNING: EnforcementLevel.ADVISORY,
}


def resource_policies() -> list[ResourceValidationPolicy]:
    """One for each policy that needs no cluster; an error is mandatory, a warning advisory.

    They look at the children of ModelServices only. Of an object that is not known before an update
    Pulumi says so, and looks at it in the update.
    """
    return [
        ResourceValidationPolicy(
            name=policy.name,
            description=policy.title,
            enforcement_level=LEVELS[policy.severity],
            validate=partial(_validate, policy),
        )
        for policy in POLICIES.values()
        if not policy.needs_cluster
    ]


def _validate(policy: Policy, args: ResourceValidationArgs, report: ReportViolation) -> None:
    if PARENT not in args.urn or args.props.get("kind") not in KINDS:
        return
    # Of the metadata a server may have things to say that are not known yet.
    metadata = args.props.get("metadata") or {}
    annotations = _plain(metadata["annotations"]) if "annotations" in metadata else {}
    if any(one.policy == policy.name for one in exemptions(annotations)):
        return
    manifest = {"kind": args.props["kind"], "spec": _plain(args.props.get("spec"))}
    for finding in policy.check(Workload(manifest)):
        remedy = f"\n{finding.help}" if finding.help else ""
        report(f"{finding.path}: {finding.summary}{remedy}", None)


def _plain(value: Any) -> Any:
    """``value`` without the SDK's proxies. Raises its UnknownValueError for what is not known."""
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, Mapping) or hasattr(value, "keys"):
        return {key: _plain(value[key]) for key in value}
    if hasattr(value, "__iter__"):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
