"""What a caller may set beside the two documents, alike for every way into the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.reach import Reach

__all__ = ["InferenceAPI", "PlanOptions"]

InferenceAPI = Literal["auto", "v1alpha2", "v1"]


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Settings of one plan.

    ``namespace`` is used where the ModelService names none. ``epp_cluster_role`` is the ClusterRole
    bound to the endpoint picker; empty means a Role of the plan's own. Pull secrets go to the
    ServiceAccounts of the endpoint picker and of the prefill and decode pods. ``owner_uid`` is the
    live ModelService's uid; without it applied objects carry no owner. ``capabilities`` are the
    cluster's; None means that they are not known. ``reach`` is what may be used of other
    namespaces; None leaves that to the rights of whoever applies the plan, and warns.
    """

    namespace: str = ""
    epp_cluster_role: str = ""
    epp_pull_secrets: tuple[str, ...] = ()
    pd_pull_secrets: tuple[str, ...] = ()
    inference_api: InferenceAPI = "auto"
    owner_uid: str = ""
    capabilities: Capabilities | None = None
    reach: Reach | None = None
