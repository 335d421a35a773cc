"""The arguments of a `ModelService`: what they are, and the plan that they describe.

The analyzer of `pulumi package` reads this module's annotations at run time, therefore they are
not postponed here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, TypedDict, cast, get_args

import pulumi

from msvc_pulumi.components.documents import documents_of, is_document
from msvc_pulumi.components.opaque import OpaqueValues
from msvc_pulumi.components.opaquetrials import decisions
from msvc_pulumi.components.propertyvalues import normalised
from msvc_pulumi.document.sourcefile import Source
from msvc_pulumi.errors import Diagnostics, FieldPath, ModelServiceError, PlanError, SpecError
from msvc_pulumi.nearest import nearest
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.rules.exactness import refuse_inexact
from msvc_pulumi.rules.names import dns_label
from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.options import InferenceAPI

if TYPE_CHECKING:
    from msvc_pulumi.components.documenttypes import BaseConfigDocument, ModelServiceDocument

    ModelServiceInput = ModelServiceDocument | Mapping[str, Any] | str | PathLike[str]
    BaseConfigInput = BaseConfigDocument | Mapping[str, Any] | str | PathLike[str]
else:  # the analyzer knows no unions
    ModelServiceInput = BaseConfigInput = pulumi.Input[Any]

__all__ = ["INFERENCE_APIS", "Described", "ModelServiceArgs", "described"]

INFERENCE_APIS: tuple[str, ...] = get_args(InferenceAPI)


class ModelServiceArgs(TypedDict):
    """What a `ModelService` is made from. Outputs are taken where they decide nothing: namespaces,
    names of Secrets, and texts within containers."""

    model_service: ModelServiceInput
    """The ModelService custom resource (llm-d.ai/v1alpha1), as a mapping or the path of a file."""
    base_config: NotRequired[BaseConfigInput]
    """The BaseConfig, a ConfigMap, as a mapping or the path of a file; its data alone will do."""
    namespace: NotRequired[pulumi.Input[str]]
    """Namespace for a ModelService that names none."""
    epp_cluster_role: NotRequired[pulumi.Input[str]]
    """ClusterRole to bind to the endpoint picker; without it the component makes a Role."""
    epp_pull_secrets: NotRequired[list[pulumi.Input[str]]]
    """Image pull secrets of the endpoint picker."""
    pd_pull_secrets: NotRequired[list[pulumi.Input[str]]]
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
_DOCUMENT = _Kind("a mapping or the path of a file", is_document)
KINDS_OF_ARGUMENTS = {
    "model_service": _DOCUMENT,
    "base_config": _Kind(_DOCUMENT.description, lambda value: value is None or is_document(value)),
    "namespace": _TEXT,
    "epp_cluster_role": _TEXT,
    "epp_pull_secrets": _NAMES,
    "pd_pull_secrets": _NAMES,
    "inference_api": _Kind(
        f"one of {', '.join(INFERENCE_APIS)}", lambda value: value in (None, *INFERENCE_APIS)
    ),
    "capabilities": _NAMES,
}


class Described(NamedTuple):
    """The plan of some arguments, and the Outputs among them, which marks stand for in it."""

    plan: Plan
    opaque: OpaqueValues


def described(args: ModelServiceArgs) -> Described:
    """What ``args`` describe. Raises ModelServiceError with all that is wrong."""
    opaque, diagnostics = OpaqueValues(), Diagnostics()
    if not isinstance(args, Mapping):
        diagnostics.error("invalid-argument", "the arguments of a ModelService must be a mapping")
    diagnostics.raise_errors(SpecError)
    given = {
        str(key): normalised(value, FieldPath.of(str(key)), diagnostics, opaque)
        for key, value in args.items()
    }
    _check(given, diagnostics)
    diagnostics.raise_errors(SpecError)
    try:
        plan, texts = _planned(given)
        refuse_inexact([plan])
        if opaque:
            found = decisions(opaque, plan, texts, lambda tried: _replanned(given, opaque, tried))
            Diagnostics([*found]).raise_errors(PlanError)
    except ModelServiceError as error:
        raise type(error)(opaque.told(error.diagnostics)) from error
    return Described(replace(plan, diagnostics=tuple(opaque.told(plan.diagnostics))), opaque)


def _check(given: Mapping[str, Any], diagnostics: Diagnostics) -> None:
    said = {item.field[:1] for item in diagnostics}
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
        elif not kind.accepts(value) and (key,) not in said:
            diagnostics.error(
                "invalid-argument", f"must be {kind.description}", field=FieldPath.of(key)
            )
    space: Any = given.get("namespace")
    unsaid = isinstance(space, str) and space and ("namespace",) not in said
    if unsaid and (problem := dns_label(space)):
        diagnostics.error(
            "invalid-argument", f'"{space}": {problem}', field=FieldPath.of("namespace")
        )
    if "model_service" not in given:
        diagnostics.error("invalid-argument", "is required", field=FieldPath.of("model_service"))


def _planned(given: Mapping[str, Any]) -> tuple[Plan, list[Any]]:
    """The plan, and the documents that have templates in them."""
    diagnostics = Diagnostics()
    documents = documents_of(given["model_service"], given.get("base_config"), diagnostics)
    options = PlanOptions(
        namespace=given.get("namespace") or "",
        epp_cluster_role=given.get("epp_cluster_role") or "",
        epp_pull_secrets=tuple(given.get("epp_pull_secrets") or ()),
        pd_pull_secrets=tuple(given.get("pd_pull_secrets") or ()),
        inference_api=cast("InferenceAPI", given.get("inference_api") or "auto"),
        capabilities=_capabilities(given.get("capabilities")),
    )
    plan = plan_model_service(*documents, options)
    plan = replace(plan, diagnostics=(*diagnostics, *plan.diagnostics))
    return plan, [document.value for document in documents if document]


def _replanned(
    given: Mapping[str, Any], opaque: OpaqueValues, texts: Mapping[int, str]
) -> Plan | None:
    try:
        return _planned(opaque.filled(given, texts))[0]
    except ModelServiceError:
        return None


def _capabilities(entries: list[str] | None) -> Capabilities | None:
    """None where nothing is said; an empty list says that the cluster serves nothing more."""
    if not entries:
        return None if entries is None else Capabilities()
    return Capabilities.parse(Source("capabilities", "\n".join(entries)))
