"""`declare_workspace`: the program of a workspace of the Pulumi Kubernetes Operator.

It reads the ModelService and its BaseConfig from the cluster in every run. Nothing of them is in
the Stack's configuration, whose changes would replace the workspace's pod.
"""

from collections.abc import Mapping

import pulumi

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import Claimant, Place, claim, object_exists
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.components.clusterplan import options_from_json, plan_from_cluster
from msvc_pulumi.components.program import declare_plans
from msvc_pulumi.declaration import owner_uid
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import render

__all__ = ["NAME", "NAMESPACE", "OPTIONS", "PLAN_HASH", "declare_workspace", "refuse_foreign"]

NAMESPACE, NAME, OPTIONS = "MSVC_NAMESPACE", "MSVC_NAME", "MSVC_OPTIONS"
"""Variables: which ModelService it is, and `options_to_json` of the operator's options."""
PLAN_HASH = "planHash"
"""The output that says what was applied."""


def declare_workspace(environment: Mapping[str, str]) -> None:
    """Declare the ModelService that ``environment`` names; export the hash of its plan.

    Raises:
        pulumi.RunError: what is wrong with it, or with reading it.
    """
    options = options_from_json(environment.get(OPTIONS, ""))
    try:
        with Cluster.connect() as cluster:
            plan = plan_from_cluster(cluster, environment[NAMESPACE], environment[NAME], options)
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
