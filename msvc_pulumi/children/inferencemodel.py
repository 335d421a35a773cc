"""The heirs of InferenceModel: InferenceObjective and InferenceModelRewrite.

Its criticality becomes an objective's priority, its target models become a rewrite. Both were the
Inference Extension's up to its v1.5; then the llm-d router took them over, in a group of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msvc_pulumi import naming
from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.pickerflags import is_of_router, pickers
from msvc_pulumi.commandline.goprograms import Candidates
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.target.kinds import KINDS, Kind

__all__ = ["for_pool", "heirs"]

HEIRS = ("inferenceObjective", "inferenceModelRewrite")
# The endpoint picker knows bands of priority by sign: above 0 is shed last, below 0 first.
PRIORITIES = {"Critical": 10, "Standard": 0, "Sheddable": -10}
SPEC = FieldPath.of("spec")


def heirs(model: Child, context: BuildContext, present: set[str]) -> Iterator[Child]:
    """What an InferenceModel becomes, with a warning that says what is lost.

    An heir that the BaseConfig states itself is not made once more.
    """
    said = []
    criticality = model.get(SPEC.child("criticality"))
    if criticality in PRIORITIES:
        objective = context.names.inference_objective
        if "inferenceObjective" not in present:
            yield _objective(model, criticality, context)
        said.append(
            f'criticality becomes the priority of InferenceObjective "{objective}", which a '
            "request asks for by the header x-gateway-inference-objective"
        )
    elif criticality is not None:
        path = SPEC.child("criticality")
        known = ", ".join(f'"{name}"' for name in PRIORITIES)
        context.diagnostics.warning(
            "unsupported-value",
            f'Unsupported value: "{criticality}": supported values: {known}',
            field=model.field(path),
            span=model.origin(path).span,
            help="it becomes no priority as it is",
        )
    targets = list(_targets(model, context))
    if targets:
        rewrite = context.names.inference_model_rewrite
        if "inferenceModelRewrite" not in present:
            yield _rewrite(model, targets, context)
        said.append(f'targetModels become InferenceModelRewrite "{rewrite}"')
    said.append("the HTTPRoute alone decides which requests reach the pool")
    context.diagnostics.warning(
        "inference-model-converted",
        "InferenceModel does not exist in inference.networking.k8s.io/v1: " + "; ".join(said),
        field=FieldPath.of("data", "inferenceModel"),
        span=model.base.span(FieldPath()) if model.base else None,
        help="where several models share a gateway, match a header with the model's name in the "
        "HTTPRoute",
    )


def _targets(model: Child, context: BuildContext) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rewrite's targets with the number of the target model each is made from."""
    stated = model.get(SPEC.child("targetModels")) or []
    if [target.get("name") for target in stated] == [context.model_name]:
        return  # the model itself: nothing to rewrite
    for number, target in enumerate(stated):
        weight = target.get("weight")
        path = SPEC.child("targetModels", number, "weight")
        if weight is not None and weight < 1:
            context.diagnostics.warning(
                "target-model-dropped",
                f'target model "{target.get("name", "")}" has weight {weight}: it is left out, '
                "since the weights of an InferenceModelRewrite begin at 1",
                field=model.field(path),
                span=model.origin(path).span,
            )
            continue
        rewrite: dict[str, Any] = {"modelRewrite": target.get("name", "")}
        yield number, rewrite if weight is None else {**rewrite, "weight": weight}


def _objective(model: Child, criticality: str, context: BuildContext) -> Child:
    path = SPEC.child("criticality")
    child = _heir("inferenceObjective", context.names.inference_objective, model, context)
    child.put(SPEC.child("priority"), PRIORITIES[criticality], model.converted(path))
    return child


def _rewrite(
    model: Child, targets: Sequence[tuple[int, dict[str, Any]]], context: BuildContext
) -> Child:
    child = _heir("inferenceModelRewrite", context.names.inference_model_rewrite, model, context)
    match = {"model": {"type": "Exact", "value": context.model_name}}
    rule = {"matches": [match], "targets": [target for _, target in targets]}
    child.put(SPEC.child("rules"), [rule], Origin("converted"))
    for index, (number, _) in enumerate(targets):
        origin = model.converted(SPEC.child("targetModels", number))
        child.overrides[SPEC.child("rules", 0, "targets", index)] = origin
    return child


def _heir(key: str, name: str, model: Child, context: BuildContext) -> Child:
    """An object for the pool with the InferenceModel's annotations."""
    metadata = context.metadata(name, naming.common_labels(context.model_name))
    if annotations := model.manifest["metadata"].get("annotations"):
        metadata["annotations"] = annotations
    value = {"metadata": metadata, "spec": {"poolRef": {"name": context.names.inference_pool}}}
    return context.generated(key, value)


def for_pool(child: Child, children: Sequence[Child], pool: Kind, context: BuildContext) -> Child:
    """An InferenceObjective or InferenceModelRewrite that the endpoint picker finds; others as is.

    It compares the group of ``poolRef`` with its own pool's, and what the API server fills in
    differs between the API groups, so the group is always there.
    """
    if child.key not in HEIRS:
        return child
    kind = _heir_kind(child, children, context)
    result = child._replace(kind=kind, overrides=dict(child.overrides))
    version = FieldPath.of("apiVersion")
    if result.get(version) != result.kind.api_version:
        result.put(version, result.kind.api_version, Origin("generated"))
    group = SPEC.child("poolRef", "group")
    if not result.get(group):
        result.put(group, pool.api_version.partition("/")[0], Origin("generated"))
    return result


def _heir_kind(child: Child, children: Sequence[Child], context: BuildContext) -> Kind:
    """The child's kind: of the API group that is stated, or served, or that the picker reads.

    The llm-d router took both kinds over from the Inference Extension, whose own endpoint picker
    (v1.0 to v1.5) knows its own group only.
    """
    if child.base is not None and "apiVersion" in child.base.value:
        return child.kind
    ours, served = KINDS[child.key], context.options.capabilities
    theirs = Kind(KINDS["inferenceModel"].api_version, ours.kind)
    if served is not None and served.serves(ours) != served.serves(theirs):
        return ours if served.serves(ours) else theirs
    return theirs if any(map(_reads_old_group, _pickers(children))) else ours


def _pickers(children: Sequence[Child]) -> Iterator[Candidates]:
    for child in children:
        if child.key == "eppDeployment":
            yield from (here.known for here in pickers(child) if here.known is not None)


def _reads_old_group(picker: Candidates) -> bool:
    return picker.takes("pool-group") and not is_of_router(picker)
