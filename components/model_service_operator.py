"""`ModelServiceOperator`: the controller in a cluster, as `msvc operator manifests` prints it.

The analyzer of `pulumi package` reads this module's annotations at run time, therefore they are
not postponed here.
"""

import re
from typing import Any, NotRequired, TypedDict, get_args

import pulumi
from pulumi_kubernetes.core.v1 import Namespace, PersistentVolumeClaim
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding

from msvc_pulumi.components.kinds import KINDS, declare_object
from msvc_pulumi.components.propertyvalues import normalised
from msvc_pulumi.errors import Diagnostics, FieldPath, ModelServiceError, SpecError
from msvc_pulumi.installation.manifests import NAME, manifests
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import ExecutorName
from msvc_pulumi.nearest import nearest
from msvc_pulumi.out.declaration import Declaration
from msvc_pulumi.report import render

__all__ = ["ModelServiceOperator", "ModelServiceOperatorArgs"]

DEFINITION = "CustomResourceDefinition"
TYPED: dict[tuple[str, str], type[pulumi.CustomResource]] = {
    **KINDS,
    ("v1", "Namespace"): Namespace,
    ("v1", "PersistentVolumeClaim"): PersistentVolumeClaim,
    ("networking.k8s.io/v1", "NetworkPolicy"): NetworkPolicy,
    ("policy/v1", "PodDisruptionBudget"): PodDisruptionBudget,
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): ClusterRole,
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): ClusterRoleBinding,
}
# A Service waits for the pods, and a volume for the pod that mounts it: both come later.
LATER = {"Service", "PersistentVolumeClaim"}
CLUSTER_WIDE = {DEFINITION, "Namespace", "ClusterRole", "ClusterRoleBinding"}


class ModelServiceOperatorArgs(TypedDict):
    """How the operator is installed; `msvc operator manifests` has the same options."""

    image: str
    """Container image of the operator."""
    namespace: NotRequired[str]
    """Namespace, which is made; modelservice-system unless stated."""
    epp_cluster_role: NotRequired[str]
    """ClusterRole to bind to endpoint pickers, instead of a Role for each."""
    replicas: NotRequired[int]
    """More than one elect a leader, and need a volume that all can write to."""
    executor: NotRequired[str]
    """Who runs the engine: embedded (the operator) or pko (the Pulumi Kubernetes Operator)."""
    storage_size: NotRequired[str]
    """Size of the volume for state; "0" for none, when the environment names another backend."""
    storage_class: NotRequired[str]
    """Its class, the cluster's default unless stated."""
    arguments: NotRequired[list[str]]
    """More arguments of `msvc operator run`."""
    environment: NotRequired[dict[str, str]]
    """Environment variables of the operator."""
    secrets: NotRequired[list[str]]
    """Secrets whose keys become environment variables."""
    metrics_secret: NotRequired[str]
    """Secret of type kubernetes.io/tls to serve metrics with; the operator signs one itself unless
    stated."""
    metrics_secure: NotRequired[bool]
    """Whether metrics are served over HTTPS, to those who may get them; true unless stated."""
    namespaces: NotRequired[list[str]]
    """Namespaces to look after, with rights in these only; all of the cluster unless stated."""
    network_policy: NotRequired[bool]
    """Whether nothing but probes, and readers of metrics from namespaces labelled metrics=enabled,
    gets to the operator; true unless stated."""
    workspace_namespace: NotRequired[str]
    """Namespace of the executor pko's Stacks, which is made."""
    resources: NotRequired[dict[str, Any]]
    """Requests and limits of the container."""
    keep: NotRequired[list[str]]
    """Kinds that stay when the component is destroyed; [CustomResourceDefinition] unless stated,
    because with the definition all ModelServices would go."""
    wait: NotRequired[bool]
    """Whether to wait until the operator is ready; true unless stated."""


class ModelServiceOperator(pulumi.ComponentResource):
    """The controller of ModelServices with all that it needs.

    Delete the ModelServices before it: it is the one who removes what was made for them.
    """

    namespace: pulumi.Output[str]
    """Namespace of the operator."""
    deployment_name: pulumi.Output[str]
    """Name of its Deployment."""

    def __init__(
        self,
        name: str,
        args: ModelServiceOperatorArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare what ``args`` describe. Raises pulumi.RunError that says all that is wrong."""
        try:
            options, keep, wait = _understood(args)
        except ModelServiceError as error:
            raise pulumi.RunError(render(error.diagnostics).rstrip()) from error
        super().__init__("llmd:index:ModelServiceOperator", name, {}, opts)
        self.resources: dict[str, pulumi.CustomResource] = {}
        found = manifests(options)
        if any(item["kind"] in keep for item in found if item["kind"] not in CLUSTER_WIDE):
            keep = {*keep, "Namespace"}
        spaces: dict[str, pulumi.Resource] = {}
        for manifest in found:
            key, kind = _key(manifest, options), manifest["kind"]
            needs = self._needed_by(manifest, spaces)
            child = declare_object(
                Declaration(key, "", f"{name}-{key}", _awaited(manifest, wait=wait), (), ()),
                pulumi.ResourceOptions(
                    parent=self, depends_on=needs, retain_on_delete=kind in keep or None
                ),
                TYPED,
            )
            self.resources[key] = child
            if kind == "Namespace":
                spaces[manifest["metadata"]["name"]] = child
        done = self.resources["deployment"].urn
        self.namespace = done.apply(lambda _: options.namespace)
        self.deployment_name = done.apply(lambda _: NAME)
        outputs = {"namespace": self.namespace, "deploymentName": self.deployment_name}
        self.register_outputs(outputs)

    def _needed_by(
        self, manifest: dict[str, Any], spaces: dict[str, pulumi.Resource]
    ) -> list[pulumi.Resource]:
        """The Deployment comes last, and goes first; namespaces of ``spaces`` are made here."""
        if manifest["kind"] == "Deployment":
            return list(self.resources.values())
        space = manifest["metadata"].get("namespace")
        return [spaces[space]] if space in spaces else []


def _understood(args: ModelServiceOperatorArgs) -> tuple[InstallOptions, set[str], bool]:
    """Raises SpecError with all that is wrong."""
    diagnostics = Diagnostics()
    given = {
        key: normalised(value, FieldPath.of(key), diagnostics)
        for key, value in args.items()
        if value is not None
    }
    diagnostics.raise_errors(SpecError)
    texts = {"image", "namespace", "epp_cluster_role", "storage_size", "storage_class"}
    texts |= {"metrics_secret", "workspace_namespace"}
    lists = {"arguments", "secrets", "keep", "namespaces"}
    for key, value in given.items():
        at = FieldPath.of(key)
        if key not in ModelServiceOperatorArgs.__annotations__:
            near = nearest(key, ModelServiceOperatorArgs.__annotations__)
            text = f"did you mean {near}?" if near else None
            diagnostics.error("invalid-argument", "there is no such argument", field=at, help=text)
        elif key in texts and not isinstance(value, str):
            diagnostics.error("invalid-argument", "must be a string", field=at)
        elif key in lists and not _are_texts(value):
            diagnostics.error("invalid-argument", "must be a list of strings", field=at)
        elif key in ("environment", "resources") and not isinstance(value, dict):
            diagnostics.error("invalid-argument", "must be a mapping", field=at)
        elif key == "environment" and not _are_texts(list(value.values())):
            diagnostics.error("invalid-argument", "must hold strings", field=at)
        elif key == "replicas" and (isinstance(value, bool) or not isinstance(value, int)):
            diagnostics.error("invalid-argument", "must be a whole number", field=at)
        elif key == "executor" and value not in get_args(ExecutorName):
            names = ", ".join(get_args(ExecutorName))
            diagnostics.error("invalid-argument", f"must be one of {names}", field=at)
        elif key in {"wait", "metrics_secure", "network_policy"} and not isinstance(value, bool):
            diagnostics.error("invalid-argument", "must be true or false", field=at)
    diagnostics.raise_errors(SpecError)
    keep = set(given.pop("keep", [DEFINITION]))
    wait = given.pop("wait", True)
    for key in ("arguments", "secrets", "namespaces"):
        given[key] = tuple(given.get(key, ()))
    return InstallOptions(**{"image": "", **given}), keep, wait


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _key(manifest: dict[str, Any], options: InstallOptions) -> str:
    """What names an object among the others: its kind, and its name where it is not the usual."""
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", manifest["kind"]).lower()
    name = manifest["metadata"]["name"]
    usual = name in (NAME, options.namespace) or manifest["kind"] == DEFINITION
    key = kind if usual else f"{kind}-{name}"
    space = manifest["metadata"].get("namespace", options.namespace)
    return key if space == options.namespace else f"{key}-{space}"


def _stored(schema: Any) -> Any:
    """A schema as the API server keeps it: Pulumi's plugin takes an empty mapping that is gone for
    a change, and writes it in each run.
    """
    if isinstance(schema, list):
        return [_stored(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _stored(item) for key, item in schema.items() if (key, item) != ("properties", {})}


def _awaited(manifest: dict[str, Any], *, wait: bool) -> dict[str, Any]:
    kind = manifest["kind"]
    if kind == DEFINITION:
        return dict(_stored(manifest))
    if kind not in LATER and (wait or kind != "Deployment"):
        return manifest
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), "pulumi.com/skipAwait": "true"}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
