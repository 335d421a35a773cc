"""The policies as Pulumi has them: a pack of its own, and `resource_policies` for other packs."""

from msvc_pulumi.policypack.resourcepolicies import resource_policies

__all__ = ["resource_policies"]
