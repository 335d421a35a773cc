"""What the API server, or KEDA, would reject of an autoscaler, at its place in the user's file."""

from __future__ import annotations

from typing import Any, NamedTuple

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.errors import FieldPath

__all__ = ["METRIC_SOURCES", "check"]

SPEC = FieldPath.of("spec")
SCALED_OBJECT = "ScaledObject"
KEDA_MAXIMUM = 100  # KEDA's maxReplicaCount where none is stated
METRIC_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
"""Type of a metric → the field that describes it."""
PROMETHEUS = ("serverAddress", "query", "threshold")  # what KEDA's scaler of that name needs


def check(child: Child, context: BuildContext) -> None:
    """Report what is wrong with ``child``, a HorizontalPodAutoscaler or ScaledObject."""
    checks = _Checks(child, context)
    if child.kind.kind == SCALED_OBJECT:
        checks.scaled_object()
    else:
        checks.horizontal_pod_autoscaler()


class _Checks(NamedTuple):
    child: Child
    context: BuildContext

    def horizontal_pod_autoscaler(self) -> None:
        minimum, maximum = SPEC.child("minReplicas"), SPEC.child("maxReplicas")
        if not self._is_stated(maximum):
            return
        self._at_least(maximum, 1)
        self._in_order(minimum, maximum, self.child.get(maximum))
        metrics = self.child.get(SPEC.child("metrics")) or []
        away = any(metric.get("type") in ("External", "Object") for metric in metrics)
        if self.child.get(minimum) == 0 and not away:
            self._out_of_range(
                minimum,
                "0: scaling to none needs an Object or External metric",
                "without pods nothing measures Resource and Pods metrics; keda can scale to none",
            )
        self._metrics(metrics)
        if not metrics:
            self.context.diagnostics.warning(
                "autoscaler-without-metrics",
                "no metrics: the API server scales on 80 % of the requested CPU",
                field=_own_field(self.child, SPEC.child("metrics")),
                span=self.child.origin(maximum).span,
                help="CPU says little about a model server; state metrics, or use keda",
            )

    def scaled_object(self) -> None:
        minimum, maximum = SPEC.child("minReplicaCount"), SPEC.child("maxReplicaCount")
        if self._is_stated(SPEC.child("triggers")):
            self._triggers()
        self._at_least(minimum, 0)
        self._at_least(maximum, 1)
        limit = self.child.get(maximum)
        self._in_order(minimum, maximum, KEDA_MAXIMUM if limit is None else limit)
        idle = SPEC.child("idleReplicaCount")
        stated, floor = self.child.get(idle), self.child.get(minimum) or 0
        if stated is not None and stated >= floor:
            self._out_of_range(
                idle,
                f"{stated}: must be less than minReplicaCount, which is {floor}",
                "KEDA goes down to it when no trigger is active; only 0 makes sense",
            )

    def _metrics(self, metrics: list[dict[str, Any]]) -> None:
        for number, metric in enumerate(metrics):
            path = SPEC.child("metrics", number)
            kind = metric.get("type") or ""
            if kind not in METRIC_SOURCES:
                known = ", ".join(f'"{name}"' for name in METRIC_SOURCES)
                self._error(
                    "unsupported-value",
                    f'Unsupported value: "{kind}": supported values: {known}',
                    path.child("type"),
                )
                continue
            source = METRIC_SOURCES[kind]
            if not (metric.get(source) or {}).get("target"):
                self._error("required", "Required value", path.child(source, "target"))

    def _triggers(self) -> None:
        for number, trigger in enumerate(self.child.get(SPEC.child("triggers"))):
            path = SPEC.child("triggers", number)
            for name in ("type", "metadata"):
                if trigger.get(name) is None:
                    self._error("required", "Required value", path.child(name))
            stated = trigger.get("metadata") or {}
            if trigger.get("type") != "prometheus":
                continue
            if missing := [name for name in PROMETHEUS if not stated.get(name)]:
                place = path.child("metadata")
                self.context.diagnostics.warning(
                    "incomplete-trigger",
                    f"a prometheus trigger without {', '.join(missing)} never scales",
                    field=self.child.field(place),
                    span=self.child.origin(place).span,
                    help="serverAddress is where Prometheus answers, as in "
                    "http://prometheus.monitoring.svc:9090",
                )

    def _error(self, code: str, summary: str, path: FieldPath, advice: str = "") -> None:
        self.context.diagnostics.error(
            code,
            summary,
            field=self.child.field(path),
            span=self.child.origin(path).span,
            help=advice,
        )

    def _is_stated(self, path: FieldPath) -> bool:
        """Whether the field is there; an empty list is not."""
        if self.child.get(path) not in (None, []):
            return True
        field = _own_field(self.child, path)
        base_span = self.child.base.span(path) if self.child.base else None
        self.context.diagnostics.error(
            "required",
            "Required value",
            field=field,
            span=self.context.document.span(field) if field[0] == "spec" else base_span,
            help=f"{self.child.kind.kind} needs {path[-1]}, here or in the BaseConfig's "
            f"{self.child.key}",
        )
        return False

    def _at_least(self, path: FieldPath, least: int) -> None:
        value = self.child.get(path)
        if value is not None and value < least:
            self._out_of_range(path, f"{value}: must be greater than or equal to {least}")

    def _in_order(self, minimum: FieldPath, maximum: FieldPath, limit: int) -> None:
        value = self.child.get(minimum)
        if value is not None and value > limit >= 1:
            summary = f"{value}: must not be greater than {maximum[-1]}, which is {limit}"
            self._out_of_range(minimum, summary)

    def _out_of_range(self, path: FieldPath, problem: str, advice: str = "") -> None:
        self._error("out-of-range", f"Invalid value: {problem}", path, advice)


def _own_field(child: Child, path: FieldPath) -> FieldPath:
    """The field to state for ``path``: in the ModelService if that states an autoscaler at all."""
    role = child.key.removesuffix("Autoscaler")
    if child.overlay.stated or child.base is None:
        member = "keda" if child.kind.kind == SCALED_OBJECT else "hpa"
        return FieldPath.of("spec", role, "autoscaling", member, *path[1:])
    return child.base.field(path)
