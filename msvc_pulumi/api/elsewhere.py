"""Fields that a ModelService has not, and where they belong: most are pasted from a Helm chart.

Names: Kubernetes' own of pods and containers, and those of the values of llm-d-modelservice.
"""

from __future__ import annotations

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.schema import table

__all__ = ["belongs"]

TEMPLATE = "spec.template.spec"
# Names of chart values that Kubernetes spells otherwise, by their place in a Deployment.
OF_ROLE = {
    "annotations": "spec.template.metadata.annotations",
    "deploymentStrategy": "spec.strategy",
    "labels": "spec.template.metadata.labels",
    "podAnnotations": "spec.template.metadata.annotations",
    "podLabels": "spec.template.metadata.labels",
    "podSecurityContext": f"{TEMPLATE}.securityContext",
}
WORDS_OF_ROLE = {
    "create": "remove the section to have no pods of the role",
    "enabled": "remove the section to have no pods of the role",
    "service": "write the section {role}Service of the BaseConfig",
}
WORDS_OF_CONTAINER = {
    "modelCommand": "write command and args, as in command: [vllm, serve]",
    "extraConfig": "write its fields in the container of this name in the BaseConfig's {key}",
}
WORDS: dict[tuple[str, str], str] = {
    ("routing", "servicePort"): "state it in routing.ports, and read it by {{ getPort }}",
    ("routing", "proxy"): "write the routing sidecar into the BaseConfig's decodeDeployment, as an "
    "init container with restartPolicy: Always",
    ("routing", "parentRefs"): "the field is called gatewayRefs",
    ("routing", "inferencePool"): "write the section inferencePool of the BaseConfig",
    ("routing", "inferenceModel"): "write the section inferenceModel of the BaseConfig",
    ("routing", "httpRoute"): "write the section httpRoute of the BaseConfig",
    ("routing", "epp"): "write the sections eppDeployment and eppService of the BaseConfig",
    ("modelArtifacts", "name"): "the name that requests use is routing.modelName",
    ("modelArtifacts", "labels"): "write them into spec.template.metadata.labels of the BaseConfig",
}
WORDS_OF_SPEC = {
    "multinode": "state multiNode in the section of each role that has several nodes",
    "accelerator": "state acceleratorTypes in the section of a role",
}


def belongs(field: FieldPath) -> str:
    """Where the unknown ``field`` of a ModelService belongs, as a remedy; "" if nobody knows."""
    match tuple(field):
        case ("spec", ("prefill" | "decode" | "endpointPicker") as role, str(name)):
            return _of_role(role, name)
        case (
            "spec",
            ("prefill" | "decode" | "endpointPicker") as role,
            ("containers" | "initContainers") as kind,
            int(),
            str(name),
        ):
            return _of_container(role, kind, name)
        case ("spec", ("routing" | "modelArtifacts") as section, str(name)):
            return WORDS.get((section, name), "")
        case ("spec", str(name)):
            return WORDS_OF_SPEC.get(name, "")
    return ""


def _deployment(role: str) -> str:
    return "eppDeployment" if role == "endpointPicker" else f"{role}Deployment"


def _of_role(role: str, name: str) -> str:
    if words := WORDS_OF_ROLE.get(name):
        return words.format(role="epp" if role == "endpointPicker" else role)
    place = OF_ROLE.get(name, "")
    if not place and name in table.lookup("core/v1.PodSpec").fields:
        place = f"{TEMPLATE}.{name}"
    elif not place and name in table.lookup("apps/v1.DeploymentSpec").fields:
        place = f"spec.{name}"
    return f"state {place} in the BaseConfig's {_deployment(role)}" if place else ""


def _of_container(role: str, kind: str, name: str) -> str:
    key = _deployment(role)
    if words := WORDS_OF_CONTAINER.get(name):
        return words.format(key=key)
    if name not in table.lookup("core/v1.Container").fields:
        return ""
    return (
        f"state it in the container of the same name in {TEMPLATE}.{kind} of the BaseConfig's {key}"
    )
