"""The pod template that a ModelService asks of a role: its containers, the model, its placement.

Semantics: the original's ``internal/controller/child_resources.go`` (``mergePDDeployment``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from msvc_pulumi.artifacts import HF_HOME, MODEL_VOLUME_NAME, MOUNT_PATH
from msvc_pulumi.children import placement
from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext, Stated
from msvc_pulumi.children.placementchecks import check_placement
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.interpolation.baseconfig import Section
from msvc_pulumi.merge.deletions import without_deleted, without_empty
from msvc_pulumi.naming import Role

__all__ = [
    "PodOverlay",
    "base_deployment",
    "base_pod",
    "container_overlay",
    "overlay_container",
    "pod_overlay",
    "require_accelerators",
]

CONTAINER_LISTS = ("initContainers", "containers")
NODE_SELECTOR_TERMS = (
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
)
MOST_VALUES = 100_000  # of labels in all terms; etcd takes objects of 1.5 MiB


class PodOverlay(NamedTuple):
    """A pod spec and the ModelService fields behind it; paths are relative to the pod spec."""

    spec: dict[str, Any]
    stated: Stated

    def stated_below(self, path: FieldPath) -> dict[FieldPath, FieldPath | None]:
        """``stated`` for an object that has the pod spec at ``path``."""
        return {path.child(*inner): source for inner, source in self.stated.items()}


def pod_overlay(role: Role, context: BuildContext, base: Mapping[str, Any]) -> PodOverlay:
    """What the ModelService states of the role's pods, with model volume and ServiceAccount.

    ``base`` is the pod spec that it will be merged onto.
    """
    pod: dict[str, Any] = {
        "serviceAccountName": context.names.service_account,
    }
    if volume := _model_volume(base, context):
        pod["volumes"] = [volume]
    if context.artifact.pull_secret:
        pod["imagePullSecrets"] = [{"name": context.artifact.pull_secret}]
    at = FieldPath.of("spec", role)
    stated: dict[FieldPath, FieldPath | None] = {}
    section = context.role(role)
    if section is not None:
        check_placement(section, at, context)
        placed = {
            "tolerations": section.tolerations,
            "priorityClassName": section.priority_class_name,
        }
        for name, value in placed.items():
            if value:
                pod[name] = value
                stated[FieldPath.of(name)] = at.child(name)
    containers = container_overlay(at, context, base)
    return PodOverlay({**pod, **containers.spec}, {**stated, **containers.stated})


def _model_volume(base: Mapping[str, Any], context: BuildContext) -> dict[str, Any]:
    """The volume that the model is read from; of a download only what the base leaves open.

    The URI of a download says nothing of the kind of volume, so the base's own stays.
    """
    volume = context.artifact.volume
    if not volume or not context.artifact.storage:
        return volume
    own = _named(base.get("volumes"), "name", MODEL_VOLUME_NAME)
    if own is None or own.keys() <= {"name", "emptyDir"}:
        return volume
    if context.model_service.spec.model_artifacts.size is not None:
        field = FieldPath.of("spec", "modelArtifacts", "size")
        context.diagnostics.warning(
            "unused-field",
            f"size is ignored: the BaseConfig has a volume {MODEL_VOLUME_NAME} of its own",
            field=field,
            span=context.document.span(field),
            help="remove it, or the BaseConfig's volume",
        )
    return {"name": MODEL_VOLUME_NAME}


def container_overlay(at: FieldPath, context: BuildContext, base: Mapping[str, Any]) -> PodOverlay:
    """The container lists below ``at`` of the ModelService, rendered and with the model.

    ``base`` is the pod spec that they will be merged onto.
    """
    pod: dict[str, Any] = {}
    stated: dict[FieldPath, FieldPath | None] = {}
    _warn_of_duplicates(at, context)
    for name in CONTAINER_LISTS:
        source = at.child(name)
        if containers := context.containers.get(source):
            bases = {item.get("name"): item for item in base.get(name) or ()}
            pod[name] = [
                _with_model(
                    overlay_container(container, source.child(number), context),
                    bases.get(container.get("name"), {}),
                    source.child(number),
                    context,
                )
                for number, container in enumerate(containers)
            ]
            for number in range(len(containers)):
                here = FieldPath.of(name, number)
                stated[here] = source.child(number)
                stated[here.child("volumeMounts")] = None
    return PodOverlay(pod, stated)


def _warn_of_duplicates(at: FieldPath, context: BuildContext) -> None:
    """Containers of a pod, initial ones among them, that share a name."""
    seen: set[str] = set()
    for name in CONTAINER_LISTS:
        for number, container in enumerate(context.containers.get(at.child(name)) or ()):
            field = at.child(name, number, "name")
            if (title := container.get("name")) and title in seen:
                context.diagnostics.warning(
                    "duplicate-value",
                    f'Duplicate value: "{title}"',
                    field=field,
                    span=context.document.span(field),
                    notes=("the API server rejects this",),
                    refused=True,
                )
            seen.add(title or "")


def overlay_container(
    container: dict[str, Any], at: FieldPath, context: BuildContext
) -> dict[str, Any]:
    """The ModelService's container at ``at`` without what only takes the base's values away."""
    if context.model_service.spec.merge_policy is None:
        return container
    return without_empty(container, context.document.get(at))


def base_pod(pod: Mapping[str, Any], at: FieldPath, context: BuildContext) -> Mapping[str, Any]:
    """The base's ``pod`` spec as the containers below ``at`` of the ModelService find it."""
    if context.model_service.spec.merge_policy is None:
        return pod
    stated = {name: context.document.get(at.child(name)) for name in CONTAINER_LISTS}
    lists = {name: value for name, value in stated.items() if isinstance(value, list)}
    return without_deleted(pod, lists)


def base_deployment(
    section: Section | None, at: FieldPath, context: BuildContext
) -> Section | None:
    """The base's Deployment as the containers below ``at`` of the ModelService find it."""
    spec = section.value.get("spec", {}) if section else {}
    pod = spec.get("template", {}).get("spec")
    if section is None or pod is None:
        return section
    template = {**spec["template"], "spec": base_pod(pod, at, context)}
    return replace(section, value={**section.value, "spec": {**spec, "template": template}})


def _with_model(
    container: dict[str, Any], base: Mapping[str, Any], at: FieldPath, context: BuildContext
) -> dict[str, Any]:
    """The container at ``at`` with the model's mount and environment if it asks for them.

    The user's own variables stay and win (the original dropped them, quirk Q06). So does, for a
    download, what ``base``, the BaseConfig's container, mounts at the same place.
    """
    result = dict(container)
    if not result.pop("mountModelVolume", False):
        return result
    artifact = context.artifact
    own = result.get("env", [])
    names = {variable.get("name") for variable in own}
    if artifact.storage and HF_HOME not in names:
        _warn_of_replaced_home(base, at.child("mountModelVolume"), context)
    if not (artifact.storage and _named(base.get("volumeMounts"), "mountPath", MOUNT_PATH)):
        result["volumeMounts"] = [artifact.mount]
    model = [variable for variable in artifact.env if variable["name"] not in names]
    if model or own:
        result["env"] = [*model, *own]
    return result


def _warn_of_replaced_home(base: Mapping[str, Any], at: FieldPath, context: BuildContext) -> None:
    """The original's ``HF_HOME`` goes before that of the BaseConfig: downloads change places."""
    home = (_named(base.get("env"), "name", HF_HOME) or {}).get("value", MOUNT_PATH)
    if home != MOUNT_PATH:
        context.diagnostics.warning(
            "replaced-value",
            f'the BaseConfig\'s {HF_HOME} "{home}" is replaced by "{MOUNT_PATH}", where the model '
            "is mounted",
            field=at,
            span=context.document.span(at),
            help=f"state {HF_HOME} in this container's env to keep it, or mount the BaseConfig's "
            f"volume at {MOUNT_PATH}",
        )


def _named(items: Any, key: str, value: Any) -> Mapping[str, Any] | None:
    """The last item of a list of mappings that has ``value`` at ``key``."""
    found = [item for item in items or () if item.get(key) == value]
    return found[-1] if found else None


def require_accelerators(role: Role, context: BuildContext, child: Child, pod: FieldPath) -> None:
    """Narrow the nodes of the pod spec at ``pod`` to the role's ``acceleratorTypes``."""
    section = context.role(role)
    if section is None or section.accelerator_types is None:
        return
    accelerators = section.accelerator_types
    field = FieldPath.of("spec", role, "acceleratorTypes")
    terms = child.get(pod.child("affinity", *NODE_SELECTOR_TERMS)) or ()
    if len(terms) * len(accelerators.label_values) > MOST_VALUES:
        context.diagnostics.error(
            "too-many",
            f"Too many: {len(accelerators.label_values)} values for {len(terms)} terms of the "
            f"BaseConfig's node affinity are more than {MOST_VALUES}",
            field=field.child("labelValues"),
            span=context.document.span(field),
            help="no API server stores an object of that size; state fewer values or terms",
        )
        return
    affinity = placement.require_accelerators(
        child.get(pod.child("affinity")), accelerators.label_key, accelerators.label_values
    )
    origin = Origin("model service", partial(context.document.span, field), field)
    child.put(pod.child("affinity"), affinity)
    child.overrides[pod.child("affinity", "nodeAffinity")] = origin
