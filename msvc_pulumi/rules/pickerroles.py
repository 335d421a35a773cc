"""Endpoint pickers that tell no prefill pods from others, before a pool that holds both.

Facts: the filters of the Gateway API Inference Extension's picker, v0.3 to v1.5, none of which asks
for a pod's role. From 0.2 to 0.10 llm-d's picker starts as that one does, and its own filters are
asked where a configuration names them; before, it knew roles by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msvc_pulumi.children.gocontainer import GoContainer
from msvc_pulumi.children.inference import OLD_GROUP
from msvc_pulumi.children.pickerflags import flags, pickers
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.naming import ROLE_LABEL
from msvc_pulumi.plan import Plan
from msvc_pulumi.rules.finding import advice
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods, selected_pods

__all__ = ["mixed_pools"]

SPEC = FieldPath.of("spec")
PREFILL = ("prefillDeployment", "prefillLeaderWorkerSet")
DECODE = ("decodeDeployment", "decodeLeaderWorkerSet")
REPLICAS = FieldPath.of("spec", "replicas")
CONFIGURED = (0, 2)  # llm-d's picker, from where on a configuration alone names its filters


def mixed_pools(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:
    """A warning where the plan's picker sends requests to prefill pods as if they were decode."""
    found = {planned.key: planned for planned in plan}
    pool, picker = found.get("inferencePool"), found.get("eppDeployment")
    if pool is None or picker is None:
        return
    here = next(pickers(picker.child), None)
    if here is None or not _tells_no_roles(here):
        return
    selected = selected_pods(pods, pool.manifest)
    prefill = next((pod.workload for pod in selected if pod.workload.key in PREFILL), None)
    if prefill is None or not any(pod.workload.key in DECODE for pod in selected):
        return
    if REPLICAS.find(prefill.manifest) == 0:
        return
    base = pool.child.base
    stated = base.value.get("apiVersion") if base is not None else None
    is_old = str(stated or OLD_GROUP).startswith(OLD_GROUP)
    where = "spec.selector" if is_old else "spec.selector.matchLabels"
    remedy = f"state {ROLE_LABEL}: decode in {where} of the BaseConfig's inferencePool"
    if here.known is not None and here.known.program.name != "extension":
        remedy = f"name prefill-filter and decode-filter in a --config-file, or {remedy}"
    finding = advice(
        SPEC,
        "prefill-in-pool",
        "the pool selects prefill pods too, and this endpoint picker knows no roles: requests "
        "are sent to prefill pods as to any other",
        remedy,
    )
    label = (here.path.child("image"), "the endpoint picker")
    yield placed(pool, finding, [(picker, label)])


def _tells_no_roles(here: GoContainer) -> bool:
    """Whether it is sure to take every pod of its pool for one that serves requests."""
    known, told = here.known, flags(here.child)
    if known is None or "endpoint-selector" in told:
        return False
    if known.program.name == "extension":
        return not (here.is_open and not here.line.words)
    is_configured = "config-file" in told or "config-text" in told
    return known.are_since(CONFIGURED) and known.is_known and not (is_configured or here.is_open)
