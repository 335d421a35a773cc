"""The arguments of a `ModelService`: what they are, and the plan that they describe.

The analyzer of `pulumi package` reads this module's annotations at run time, therefore they are
not postponed here.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NotRequired, TypedDict, cast, get_args

import pulumi

from msvc_pulumi.capabilities import Capabilities
from msvc_pulumi.document.sourcefile import Source
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, PlanError, SpecError, nearest
from msvc_pulumi.options import InferenceAPI
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

__all__ = ["INFERENCE_APIS", "ModelServiceArgs", "normalised", "planned"]

INFERENCE_APIS: tuple[str, ...] = get_args(InferenceAPI)
ROOT = FieldPath()


class ModelServiceArgs(TypedDict):
    """What a `ModelService` is made from. All values are plain: they decide what gets declared."""

    model_service: dict[str, Any]
    """The ModelService custom resource (llm-d.ai/v1alpha1), as a mapping."""
    base_config: NotRequired[dict[str, Any]]
    """The BaseConfig, a ConfigMap, as a mapping."""
    namespace: NotRequired[str]
    """Namespace for a ModelService that names none."""
    epp_cluster_role: NotRequired[str]
    """ClusterRole to bind to the endpoint picker; without it the component makes a Role."""
    epp_pull_secrets: NotRequired[list[str]]
    """Image pull secrets of the endpoint picker."""
    pd_pull_secrets: NotRequired[list[str]]
    """Image pull secrets of the prefill and decode pods."""
    inference_api: NotRequired[str]
    """Generation of the Inference Extension to use: auto, v1alpha2 or v1."""
    capabilities: NotRequired[list[str]]
    """What the cluster serves beyond Kubernetes itself, each apiVersion/Kind or a whole apiVersion,
    as in keda.sh/v1alpha1/ScaledObject. Objects of other such kinds are left out, with a warning;
    without this argument none is. In Python served_kinds() asks the cluster."""


class _Kind(NamedTuple):
    description: str
    accepts: Callable[[Any], bool]


_TEXT = _Kind("a string", lambda value: isinstance(value, str | None))
_NAMES = _Kind(
    "a list of strings",
    lambda value: (
        value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    ),
)
KINDS_OF_ARGUMENTS = {
    "model_service": _Kind("a mapping", lambda value: isinstance(value, dict)),
    "base_config": _Kind("a mapping", lambda value: isinstance(value, dict | None)),
    "namespace": _TEXT,
    "epp_cluster_role": _TEXT,
    "epp_pull_secrets": _NAMES,
    "pd_pull_secrets": _NAMES,
    "inference_api": _Kind(
        f"one of {', '.join(INFERENCE_APIS)}", lambda value: value in (None, *INFERENCE_APIS)
    ),
    "capabilities": _NAMES,
}


def planned(args: ModelServiceArgs) -> Plan:
    """The plan that ``args`` describe. Raises ModelServiceError with all that is wrong."""
    given = {key: normalised(value, FieldPath.of(key)) for key, value in args.items()}
    diagnostics = Diagnostics()
    for key, value in given.items():
        kind = KINDS_OF_ARGUMENTS.get(key)
        if kind is None:
            near = nearest(key, KINDS_OF_ARGUMENTS)
            diagnostics.error(
                "invalid-argument",
                "is not an argument of a ModelService",
                field=FieldPath.of(key),
                help=f"did you mean {near}?" if near else "",
            )
        elif not kind.accepts(value):
            diagnostics.error(
                "invalid-argument", f"must be {kind.description}", field=FieldPath.of(key)
            )
    if "model_service" not in given:
        diagnostics.error("invalid-argument", "is required", field=FieldPath.of("model_service"))
    diagnostics.raise_errors(SpecError)
    options = PlanOptions(
        namespace=given.get("namespace") or "",
        epp_cluster_role=given.get("epp_cluster_role") or "",
        epp_pull_secrets=tuple(given.get("epp_pull_secrets") or ()),
        pd_pull_secrets=tuple(given.get("pd_pull_secrets") or ()),
        inference_api=cast("InferenceAPI", given.get("inference_api") or "auto"),
        capabilities=_capabilities(given.get("capabilities")),
    )
    return plan_model_service(given["model_service"], given.get("base_config"), options)


def _capabilities(entries: list[str] | None) -> Capabilities | None:
    """None where nothing is said; an empty list says that the cluster serves nothing more."""
    if not entries:
        return None if entries is None else Capabilities()
    return Capabilities.parse(Source("capabilities", "\n".join(entries)))


def normalised(value: Any, at: FieldPath = ROOT) -> Any:
    """``value`` as it was written: plain containers, and whole numbers as integers.

    A ModelService from another language arrives over gRPC, which knows only floating point.

    Raises:
        PlanError: a value is only known while the program runs.
    """
    if isinstance(value, pulumi.Output | pulumi.output.Unknown):
        raise PlanError(
            [
                Diagnostic(
                    "output-in-arguments",
                    "the value is not known before the update runs (a Pulumi Output)",
                    field=at,
                    help="these arguments decide which resources exist: pass plain values, "
                    "or read them from configuration",
                )
            ]
        )
    if isinstance(value, Mapping):
        return {str(key): normalised(item, at.child(str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [normalised(item, at.child(index)) for index, item in enumerate(value)]
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value
