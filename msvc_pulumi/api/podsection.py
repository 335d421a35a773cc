"""The parts of a ModelService that describe pods: containers, scale, parallelism, nodes.

Fields, limits and defaults are the original's (``api/v1alpha1/modelservice_types.go``); what it did
not have is optional and stands at the end of each class.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from msvc_pulumi.api.apifield import ApiField
from msvc_pulumi.errors import FieldPath, Severity

__all__ = [
    "AcceleratorTypes",
    "Autoscaling",
    "ContainerSpec",
    "ExternalScaling",
    "Leader",
    "ModelServicePodSpec",
    "MultiNode",
    "PDSpec",
    "Parallelism",
    "Section",
]

REPLICAS = ApiField("*int32", nullable=True, default=1, minimum=0)
TARGET = ("scaleTargetRef",)
PROMOTED = "ModelServicePodSpec"


def no_items() -> list[Any]:
    """A new list. pydantic reads a default's signature, which for ``list`` is a text to parse."""
    return []


def no_entries() -> dict[str, Any]:
    """A new mapping, as `no_items` is a new list."""
    return {}


class Section(BaseModel):
    """Base of all parts of the API: immutable, camelCase in JSON, knows what was stated."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        defer_build=True,
    )


class ContainerSpec(Section):
    """The part of a container that a ModelService may set; the BaseConfig sets the rest."""

    name: Annotated[str, ApiField("string", required=True, tolerated=True)] = Field(
        "", description="Name of the container; one of the same name in the base config is changed."
    )
    image: Annotated[str, ApiField("string")] = Field("", description="Image of the container.")
    command: Annotated[list[str], ApiField("[]string", atomic=True)] = Field(
        default_factory=no_items,
        description="Replaces the base config's command when it is not empty.",
    )
    args: Annotated[list[str], ApiField("[]string", atomic=True)] = Field(
        default_factory=no_items,
        description="Arguments; templates. mergePolicy.args says how they join the base's.",
    )
    env: Annotated[list[dict[str, Any]], ApiField("[]core/v1.EnvVar", map_keys=("name",))] = Field(
        default_factory=no_items, description="Environment variables, merged by name."
    )
    env_from: Annotated[list[dict[str, Any]], ApiField("[]core/v1.EnvFromSource", atomic=True)] = (
        Field(
            default_factory=no_items,
            description="Sources of environment variables, added to the base config's.",
        )
    )
    resources: Annotated[dict[str, Any], ApiField("core/v1.ResourceRequirements")] = Field(
        default_factory=no_entries, description="Compute resources, merged per resource."
    )
    mount_model_volume: Annotated[bool, ApiField("bool")] = Field(
        False, description="Mount the model at /model-cache, with the environment it needs."
    )
    stated: dict[str, Any] = Field(default_factory=no_entries, exclude=True, repr=False)
    """What the document says of the container, decoded, and nothing else."""

    @model_validator(mode="before")
    @classmethod
    def _keep_stated(cls, value: Any) -> Any:
        return {**value, "stated": value} if isinstance(value, dict) else value


class ModelServicePodSpec(Section):
    """Pods of one kind: how many, and their containers."""

    replicas: Annotated[int | None, REPLICAS] = Field(
        None, description="Number of pods. Null leaves it to the base config or an autoscaler."
    )
    containers: Annotated[list[ContainerSpec], ApiField()] = Field(
        default_factory=no_items, description="Containers, merged by name with the base config's."
    )
    init_containers: Annotated[list[ContainerSpec], ApiField()] = Field(
        default_factory=no_items,
        description="Init containers, merged by name with the base config's.",
    )

    def container_lists(self, at: FieldPath) -> Iterator[tuple[FieldPath, list[ContainerSpec]]]:
        """The container lists with their paths, in the order in which args are rendered."""
        yield at.child("initContainers"), self.init_containers
        yield at.child("containers"), self.containers


class Parallelism(Section):
    """How one replica of the model is split over accelerators."""

    tensor: Annotated[
        int | None, ApiField("*int32", nullable=True, default=1, minimum=0, advisory=True)
    ] = Field(None, description="Tensor parallel size.")
    data: Annotated[int | None, ApiField("*int32", minimum=1)] = Field(
        None, description="Data parallel size."
    )
    pipeline: Annotated[int | None, ApiField("*int32", minimum=1)] = Field(
        None, description="Pipeline parallel size."
    )
    expert: Annotated[int | None, ApiField("*int32", minimum=1)] = Field(
        None, description="Expert parallel size."
    )


class AcceleratorTypes(Section):
    """The nodes that have the right accelerator, by label."""

    label_key: Annotated[
        str,
        ApiField("string", required=True, blank=Severity.ERROR, go="LabelKey must not be empty"),
    ] = Field(description="Node label to look at.")
    label_values: Annotated[
        list[str],
        ApiField(
            "[]string",
            required=True,
            min_items=1,
            go="LabelValues must contain at least one value",
        ),
    ] = Field(description="Accepted values of the label.")


class ExternalScaling(Section):
    """Somebody else owns the replica count."""


class Autoscaling(Section):
    """Who sets the role's replica count; exactly one of the members."""

    hpa: Annotated[
        dict[str, Any] | None,
        ApiField(
            "*autoscaling/v2.HorizontalPodAutoscalerSpec", omit=TARGET, optional=("maxReplicas",)
        ),
    ] = Field(None, description="A HorizontalPodAutoscaler; its target is the role's own workload.")
    keda: Annotated[
        dict[str, Any] | None,
        ApiField("*keda.sh/v1alpha1.ScaledObjectSpec", omit=TARGET, optional=("triggers",)),
    ] = Field(None, description="A KEDA ScaledObject; its target is the role's own workload.")
    external: Annotated[ExternalScaling | None, ApiField()] = Field(
        None, description="Leave the replica count to somebody else."
    )

    @property
    def owner(self) -> Literal["hpa", "keda", "external"]:
        """Which member is stated."""
        if self.hpa is not None:
            return "hpa"
        return "keda" if self.keda is not None else "external"


class Leader(Section):
    """What the first pod of a group has different from the others."""

    containers: Annotated[list[ContainerSpec], ApiField()] = Field(
        default_factory=no_items, description="Containers, merged by name with the role's."
    )
    init_containers: Annotated[list[ContainerSpec], ApiField()] = Field(
        default_factory=no_items, description="Init containers, merged by name with the role's."
    )


class MultiNode(Section):
    """A replica that spans several pods, as a LeaderWorkerSet."""

    size: Annotated[int, ApiField("*int32", required=True, minimum=1)] = Field(
        description="Pods of one replica, the leader included."
    )
    restart_policy: Annotated[
        str | None,
        ApiField(
            "*string",
            values=("RecreateGroupOnPodRestart", "RecreateGroupAfterStart", "None", "Default"),
        ),
    ] = Field(None, description="LeaderWorkerSet's restartPolicy.")
    leader: Annotated[Leader | None, ApiField()] = Field(
        None, description="What the leader pod has different from the workers."
    )


class PDSpec(ModelServicePodSpec):
    """Prefill or decode."""

    replicas: Annotated[
        int | None, ApiField("*int32", nullable=True, default=1, minimum=0, promoted=PROMOTED)
    ] = Field(
        None, description="Number of pods. Null leaves it to the base config or an autoscaler."
    )
    containers: Annotated[list[ContainerSpec], ApiField(promoted=PROMOTED)] = Field(
        default_factory=no_items,
        description="Containers, merged by name with the base config's; args are templates.",
    )
    init_containers: Annotated[list[ContainerSpec], ApiField(promoted=PROMOTED)] = Field(
        default_factory=no_items, description="Init containers, merged by name; args are templates."
    )
    parallelism: Annotated[Parallelism | None, ApiField()] = Field(
        None, description="How one replica is split over accelerators."
    )
    accelerator_types: Annotated[AcceleratorTypes | None, ApiField()] = Field(
        None, description="Nodes the pods must run on, by accelerator label."
    )
    tolerations: Annotated[list[dict[str, Any]], ApiField("[]core/v1.Toleration", atomic=True)] = (
        Field(default_factory=no_items, description="Tolerations, added to the base config's.")
    )
    priority_class_name: Annotated[str | None, ApiField("*string")] = Field(
        None, description="Priority class of the pods; wins over the base config's."
    )
    autoscaling: Annotated[Autoscaling | None, ApiField()] = Field(
        None, description="Who sets the replica count; exactly one of hpa, keda and external."
    )
    multi_node: Annotated[MultiNode | None, ApiField()] = Field(
        None, description="Several pods a replica, as a LeaderWorkerSet."
    )

    def container_lists(self, at: FieldPath) -> Iterator[tuple[FieldPath, list[ContainerSpec]]]:
        yield from super().container_lists(at)
        leader = self.multi_node.leader if self.multi_node else None
        if leader is not None:
            below = at.child("multiNode", "leader")
            yield below.child("initContainers"), leader.init_containers
            yield below.child("containers"), leader.containers
