"""What templates can ask of a ModelService: `template_variables`, the original's and a few more.

Names and order are those of the original's ``TemplateVars`` (``modelservice_controller.go``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from msvc_pulumi.api.v1alpha1 import ModelService
from msvc_pulumi.artifacts import ModelArtifact
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.gotemplate import Struct
from msvc_pulumi.naming import ROLES, ChildNames, model_label

__all__ = ["origin_of", "template_variables"]

# The field that a variable's text is made of, where it is not metadata.name.
ORIGINS: dict[str, tuple[str, ...]] = {
    "ModelServiceNamespace": ("metadata", "namespace"),
    "ModelName": ("spec", "routing", "modelName"),
    "SanitizedModelName": ("spec", "routing", "modelName"),
    "HFModelName": ("spec", "modelArtifacts", "uri"),
    "ModelPath": ("spec", "modelArtifacts", "uri"),
    "MountedModelPath": ("spec", "modelArtifacts", "uri"),
    "AuthSecretName": ("spec", "modelArtifacts", "authSecretName"),
}


def template_variables(service: ModelService, names: ChildNames, artifact: ModelArtifact) -> Struct:
    """The original's sixteen variables, in its declaration order, with its JSON names.

    What it did not have can be read by name, but is not in ``{{ . }}`` and ``{{ toJson . }}``.
    """
    values: Mapping[str, str] = {
        "ModelServiceName": service.name,
        "ModelServiceNamespace": service.namespace,
        "ModelName": service.spec.routing.model_name,
        "HFModelName": artifact.hf_model_name,
        "SanitizedModelName": model_label(service.spec.routing.model_name),
        "ModelPath": artifact.model_path,
        "MountedModelPath": artifact.mounted_model_path,
        "AuthSecretName": service.spec.model_artifacts.auth_secret_name or "",
        "EPPServiceName": names.epp_service,
        "EPPDeploymentName": names.epp_deployment,
        "PrefillDeploymentName": names.deployment("prefill"),
        "DecodeDeploymentName": names.deployment("decode"),
        "PrefillServiceName": names.service("prefill"),
        "DecodeServiceName": names.service("decode"),
        "InferencePoolName": names.inference_pool,
        "InferenceModelName": names.inference_model,
    }
    fields = [(name, _json_name(name), value) for name, value in values.items()]
    more = [(name, _json_name(name), value) for name, value in _sizes(service)]
    return Struct("controller.TemplateVars", fields, more)


def _sizes(service: ModelService) -> Iterator[tuple[str, int]]:
    """The sizes of both roles: parallelism, and pods of a replica; 1 where nothing is stated."""
    for role in ROLES:
        section = service.spec.role(role)
        parallelism = section.parallelism if section else None
        for name in ("tensor", "pipeline", "data", "expert"):
            size = getattr(parallelism, name, None)
            yield f"{role.capitalize()}{name.capitalize()}Parallelism", size or 1
        multi_node = section.multi_node if section else None
        yield f"{role.capitalize()}Nodes", multi_node.size if multi_node else 1


@cache
def _json_name(name: str) -> str:
    """The Go struct tag of a variable: the name with its first word in lower case."""
    first = next((word for word in ("EPP", "HF") if name.startswith(word)), name[:1])
    return first.lower() + name[len(first) :]


def origin_of(variable: str) -> FieldPath:
    """The field of the ModelService that ``variable`` is made of."""
    return FieldPath(ORIGINS.get(variable, ("metadata", "name")))
