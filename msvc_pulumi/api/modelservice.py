"""The models of the ModelService custom resource, ``llm-d.ai/v1alpha1``.

They hold what the document states: no default of the API server is filled in, a null section is an
absent one. Fields and limits are the original's (``api/v1alpha1/modelservice_types.go``); what it
did not have is optional.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from msvc_pulumi.api.apifield import GROUP, ONE_LINE, ApiField
from msvc_pulumi.api.podsection import (
    ContainerSpec,
    ModelServicePodSpec,
    PDSpec,
    Section,
    no_entries,
    no_items,
)
from msvc_pulumi.errors import FieldPath, Severity

__all__ = [
    "API_VERSION",
    "KIND",
    "MergePolicy",
    "Metadata",
    "ModelArtifacts",
    "ModelService",
    "ModelServiceSpec",
    "Port",
    "Routing",
]

API_VERSION = GROUP
KIND = "ModelService"

ArgsPolicy = Literal["prepend", "append", "replace", "byFlag"]


class Metadata(Section):
    """The part of an object's metadata that the children are made from."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int | None = None
    labels: dict[str, str] = Field(default_factory=no_entries)
    annotations: dict[str, str] = Field(default_factory=no_entries)


class Port(Section):
    """A named port, for ``getPort`` in templates."""

    name: Annotated[str, ApiField("string", required=True, tolerated=True, pattern=ONE_LINE)] = (
        Field("", description="Name of the port.")
    )
    port: Annotated[
        int, ApiField("int32", required=True, minimum=1, advisory=True, tolerated=True)
    ] = Field(0, description="Number of the port.")


class Routing(Section):
    """How requests find the model."""

    model_name: Annotated[
        str,
        ApiField(
            "string",
            required=True,
            blank=Severity.WARNING,
            max_length=256,
            pattern=ONE_LINE,
            advisory=True,
            immutable="modelName is immutable",
        ),
    ] = Field("", description="Name of the model in requests.")
    ports: Annotated[list[Port], ApiField()] = Field(
        default_factory=no_items, description="Named ports of the model server."
    )
    gateway_refs: Annotated[
        list[dict[str, Any]],
        ApiField("[]gateway.networking.k8s.io/v1.ParentReference", max_items=32, advisory=True),
    ] = Field(default_factory=no_items, description="Gateways that route to the model.")


class ModelArtifacts(Section):
    """Where the model comes from."""

    uri: Annotated[
        str, ApiField("string", required=True, pattern=ONE_LINE, go="unsupported prefix")
    ] = Field("", description="hf://, pvc://, pvc+hf://, oci:// or oci+native:// URI of the model.")
    auth_secret_name: Annotated[str | None, ApiField("*string", pattern=ONE_LINE)] = Field(
        None, description="Secret with the key HF_TOKEN, or of an image registry."
    )
    size: Annotated[str | None, ApiField("*quantity")] = Field(
        None, description="Limit of the volume that an hf:// model is downloaded to."
    )
    pull_policy: Annotated[
        str | None, ApiField("*string", values=("Always", "IfNotPresent", "Never"))
    ] = Field(None, description="When to pull an oci:// model.")


class MergePolicy(Section):
    """How lists of the ModelService join those of the base config."""

    args: Annotated[
        ArgsPolicy | None,
        ApiField("*string", values=("prepend", "append", "replace", "byFlag")),
    ] = Field(None, description="How container args join; prepend unless stated.")


class ModelServiceSpec(Section):
    """The desired state."""

    model_artifacts: Annotated[ModelArtifacts, ApiField(required=True)] = Field(
        description="Where the model comes from."
    )
    routing: Annotated[Routing, ApiField(required=True)] = Field(
        description="How requests find the model."
    )
    base_config_map_ref: Annotated[
        dict[str, Any] | None, ApiField("*core/v1.ObjectReference", atomic=True)
    ] = Field(None, description="The ConfigMap with the base config.")
    decouple_scaling: Annotated[bool, ApiField("bool")] = Field(
        False, description="Leave replica counts alone once the Deployments exist."
    )
    decode: Annotated[PDSpec | None, ApiField()] = Field(None, description="The decode pods.")
    prefill: Annotated[PDSpec | None, ApiField()] = Field(None, description="The prefill pods.")
    endpoint_picker: Annotated[ModelServicePodSpec | None, ApiField()] = Field(
        None, description="The endpoint picker's pods."
    )
    merge_policy: Annotated[MergePolicy | None, ApiField()] = Field(
        None, description="How lists join those of the base config."
    )

    def role(self, role: Literal["prefill", "decode"]) -> PDSpec | None:
        """The section of a role, None when it is not stated."""
        return self.prefill if role == "prefill" else self.decode

    @property
    def args_policy(self) -> ArgsPolicy:
        """How container args join the base config's; the original put its own in front."""
        policy = self.merge_policy.args if self.merge_policy else None
        return policy or "prepend"


class ModelService(Section):
    """A ModelService as its document states it."""

    api_version: Annotated[str, ApiField("string", promoted="TypeMeta")] = ""
    kind: Annotated[str, ApiField("string", promoted="TypeMeta")] = ""
    metadata: Annotated[Metadata, ApiField("meta/v1.ObjectMeta")] = Metadata.model_construct()
    spec: Annotated[ModelServiceSpec, ApiField(required=True)]

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    def in_namespace(self, namespace: str) -> "ModelService":
        """The same ModelService in ``namespace`` if it names none itself."""
        if self.namespace or not namespace:
            return self
        metadata = self.metadata.model_copy(update={"namespace": namespace})
        return self.model_copy(update={"metadata": metadata})

    @property
    def mounts_model(self) -> bool:
        """Whether any container of prefill or decode asks for the model's volume."""
        return any(
            container.mount_model_volume
            for at, containers in self.container_lists()
            if at[1] != "endpointPicker"
            for container in containers
        )

    def container_lists(self) -> Iterator[tuple[FieldPath, list[ContainerSpec]]]:
        """Every container list that is stated, with its path, in the order of rendering."""
        for name, section in (
            ("prefill", self.spec.prefill),
            ("decode", self.spec.decode),
            ("endpointPicker", self.spec.endpoint_picker),
        ):
            if section is not None:
                lists = section.container_lists(FieldPath.of("spec", name))
                yield from (entry for entry in lists if entry[1])
