"""`BaseConfigs`: the BaseConfigs that ModelServices may have, as the cluster has them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.baseconfigs import NOT_FOUND, unavailable
from msvc_pulumi.cluster.modelservices import Reference, base_config_of
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.status.statusreport import Unresolved
from msvc_pulumi.operator.watch.fleet import Fleet

__all__ = ["BaseConfigs"]

Object = dict[str, Any]
KEPT = "What was made for it before stays as it is."


class BaseConfigs:
    """Asks what is known first, then the cluster. Thread-safe."""

    def __init__(self, cluster: Cluster, fleet: Fleet, settings: Settings) -> None:
        self._cluster, self._fleet, self._settings = cluster, fleet, settings

    def of(self, service: Mapping[str, Any]) -> tuple[Unresolved | None, Object | None]:
        """Why ``service`` has no BaseConfig, and the BaseConfig; neither if none is asked for.

        Raises ClusterError.
        """
        reference = base_config_of(service)
        if reference is None:
            return None, None
        namespace = service["metadata"]["namespace"]
        reach = self._settings.plan.reach
        try:
            found = self._config(Key(*reference))
        except ClusterError as error:
            own = reference.namespace == namespace
            allowed = reach is None or reach.has_base_configs_of(reference.namespace)
            if error.reason != "Forbidden" or own or allowed or self._settings.namespaces:
                raise _unreadable(error, reference, self._settings.namespaces) from error
            found = None  # as if it were not there: nobody here may know
        problem = unavailable(reference, found, namespace, reach)
        if problem is None:
            return None, found
        if problem.code == NOT_FOUND:  # the original's words
            text = f'failed to get ConfigMap: configmaps "{reference.name}" not found'
            return Unresolved("BaseConfigNotFound", text), None
        text = f"{problem.summary}: {problem.help}. {KEPT}"
        return Unresolved("BaseConfigNotAllowed", text), None

    def _config(self, key: Key) -> Object | None:
        watched = not self._settings.namespaces or key.namespace in self._settings.namespaces
        found = self._fleet.base_config(key) if watched else None
        if found is None:
            found = self._cluster.get("v1", "ConfigMap", key.name, key.namespace)
            if found is not None and watched:
                self._fleet.see_base_config(found)
        return found


def _unreadable(
    error: ClusterError, reference: Reference, namespaces: Sequence[str]
) -> ClusterError:
    """What a ModelService is told whose BaseConfig is where the operator may read nothing."""
    if error.status != 403 or not namespaces or reference.namespace in namespaces:
        return error
    problem = Diagnostic(
        "base-config-out-of-reach",
        f"the BaseConfig is in namespace {reference.namespace}, where this operator may read "
        "nothing",
        field=FieldPath.of("spec", "baseConfigMapRef", "namespace"),
        help=f"keep it in one of {', '.join(namespaces)}, or install the operator for "
        f"{reference.namespace} too: --namespace",
    )
    return ClusterError(problem, status=error.status, reason=error.reason)
