"""`declare_workspace`: the program of a workspace of the Pulumi Kubernetes Operator.

It reads the ModelService and its BaseConfig from the cluster in every run. Nothing of them is in
the Stack's configuration, whose changes would replace the workspace's pod.
"""

from collections.abc import Mapping

import pulumi

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import Claimant, Place, claim, object_exists
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.cluster.modelservices import Reference
from msvc_pulumi.components.clusterplan import options_from_json, plan_from_cluster
from msvc_pulumi.components.program import declare_plans
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.out.declaration import owner_uid
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import render

__all__ = [
    "COPY",
    "NAME",
    "NAMESPACE",
    "OPTIONS",
    "PLAN_HASH",
    "declare_workspace",
    "refuse_foreign",
]

NAMESPACE, NAME, OPTIONS = "MSVC_NAMESPACE", "MSVC_NAME", "MSVC_OPTIONS"
"""Variables: which ModelService it is, and `options_to_json` of the operator's options."""
COPY = "MSVC_BASE_CONFIG"
"""Variable: namespace/name of the copy of a BaseConfig that is in another namespace."""
PLAN_HASH = "planHash"
"""The output that says what was applied."""


def declare_workspace(environment: Mapping[str, str]) -> None:
    """Declare the ModelService that ``environment`` names; export the hash of its plan.

    Raises:
        pulumi.RunError: what is wrong with it, or with reading it.
    """
    options = options_from_json(environment.get(OPTIONS, ""))
    service = environment[NAMESPACE], environment[NAME]
    copy = environment.get(COPY)
    reference = Reference(*copy.split("/", 1)) if copy else None
    try:
        with Cluster.connect() as cluster:
            plan = plan_from_cluster(cluster, *service, options, reference)
            refuse_foreign(cluster, plan)
    except ModelServiceError as error:
        raise pulumi.RunError(render(error.diagnostics).rstrip()) from error
    declare_plans([plan])
    pulumi.export(PLAN_HASH, plan.hash)


def refuse_foreign(cluster: Cluster, plan: Plan) -> None:
    """Nothing that is planned is somebody else's. The workspace takes over whatever it finds, so
    this is looked at again here, though the operator has; the state is out of sight, therefore what
    Pulumi wrote passes.

    Raises:
        ClusterError: something is, or cannot be looked at.
    """
    claimant = Claimant(plan.namespace, plan.name, owner_uid(plan))
    live = existing(cluster, [Place.of(item.manifest) for item in plan])
    claims = {place: claim(metadata, claimant, tried=True) for place, metadata in live.items()}
    problems = [
        object_exists(place, live[place], claimant, found)
        for place, found in sorted(claims.items())
        if not found.holds
    ]
    if problems:
        raise ClusterError(*problems)
