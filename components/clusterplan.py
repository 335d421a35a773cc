"""`plan_from_cluster`: the plan of a ModelService as the cluster holds it at this moment.

The program in a workspace of the Pulumi Kubernetes Operator plans with it, and so does the operator
when it wants to know whether a workspace saw what it should have seen.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.baseconfigs import unavailable
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND, Reference, base_config_of, plan_of
from msvc_pulumi.components.baseconfigcopy import original
from msvc_pulumi.errors import Diagnostic, LoadError
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.options import PlanOptions
from msvc_pulumi.target.reach import Reach

__all__ = ["options_from_json", "options_to_json", "plan_from_cluster"]

OPTIONS = ("epp_cluster_role", "epp_pull_secrets", "pd_pull_secrets", "inference_api")


def plan_from_cluster(
    cluster: Cluster,
    namespace: str,
    name: str,
    options: PlanOptions,
    copy: Reference | None = None,
    *,
    plan: Callable[..., Plan] = plan_of,
) -> Plan:
    """The plan for what ``cluster`` has now, with its kinds as capabilities.

    ``copy`` is where a BaseConfig of another namespace is read instead. ``plan`` makes the plan,
    and is called as `plan_of` is.

    Raises:
        LoadError: the ModelService or its BaseConfig is not there, or not for it to use.
        ClusterError: the cluster cannot be read.
        ModelServiceError: there is something wrong with them.
    """
    service = cluster.get(API_VERSION, KIND, name, namespace)
    if service is None:
        raise LoadError([Diagnostic("model-service-not-found", f"there is no {namespace}/{name}")])
    base_config = _base_config(cluster, service, copy, options.reach)
    return plan(service, base_config, options, Capabilities.discover(cluster.serves))


def options_to_json(options: PlanOptions) -> str:
    """The options that a platform's owner sets, for `options_from_json`."""
    stated = {name: getattr(options, name) for name in OPTIONS}
    if options.reach is not None:
        stated["reach"] = options.reach.stated
    return json.dumps(stated, sort_keys=True)


def options_from_json(text: str) -> PlanOptions:
    """The options that `options_to_json` wrote; "" gives the defaults."""
    stated = json.loads(text or "{}")
    lists = {name: tuple(value) for name, value in stated.items() if isinstance(value, list)}
    reach = {"reach": Reach.of(stated["reach"])} if "reach" in stated else {}
    return PlanOptions(**(stated | lists | reach))


def _base_config(
    cluster: Cluster, service: Mapping[str, Any], copy: Reference | None, reach: Reach | None
) -> dict[str, Any] | None:
    reference = base_config_of(service)
    if reference is None:
        return None
    namespace = service["metadata"]["namespace"]
    if copy is not None and reference.namespace != namespace:
        copied = cluster.get("v1", "ConfigMap", copy.name, copy.namespace)
        found = original(copied, reference) if copied else None
    else:
        found = cluster.get("v1", "ConfigMap", reference.name, reference.namespace)
    problem = unavailable(reference, found, namespace, reach)
    if problem is not None:
        raise LoadError([problem])
    return found
