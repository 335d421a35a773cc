"""The models of a ModelService's status: the original's fields, with the generation they describe.

All fields are optional, so that an error can be told before anything exists (quirk Q37); the
original required the six counters.
"""

from typing import Annotated, Literal

from pydantic import Field

from msvc_pulumi.api.apifield import ApiField
from msvc_pulumi.api.podsection import Section, no_items

__all__ = ["Condition", "ModelServiceStatus"]

_TYPE_PATTERN = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
)
_REASON_PATTERN = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"

Text = Annotated[str | None, ApiField("string")]
Count = Annotated[int | None, ApiField("int32")]


class Condition(Section):
    """One aspect of the state, as ``metav1.Condition``."""

    type: Annotated[
        str, ApiField("string", required=True, max_length=316, pattern=_TYPE_PATTERN)
    ] = Field(description="Aspect that the condition is about, in CamelCase.")
    status: Annotated[
        Literal["True", "False", "Unknown"],
        ApiField("string", required=True, values=("True", "False", "Unknown")),
    ] = Field(description="Whether it holds.")
    reason: Annotated[
        str,
        ApiField("string", required=True, min_length=1, max_length=1024, pattern=_REASON_PATTERN),
    ] = Field(description="Why, as one CamelCase word for programs.")
    message: Annotated[str, ApiField("string", required=True, max_length=32768)] = Field(
        description="Why, for people."
    )
    last_transition_time: Annotated[str, ApiField("time", required=True)] = Field(
        description="When the status last changed."
    )
    observed_generation: Annotated[int | None, ApiField("int64", minimum=0)] = Field(
        None, description="Generation of the spec that the condition is about."
    )


class ModelServiceStatus(Section):
    """What is known about the children."""

    observed_generation: Annotated[int | None, ApiField("int64", minimum=0)] = Field(
        None, description="Generation of the spec that the status is about."
    )
    prefill_deployment_ref: Text = Field(None, description="Name of the prefill workload.")
    decode_deployment_ref: Text = Field(None, description="Name of the decode workload.")
    epp_deployment_ref: Text = Field(None, description="Name of the endpoint picker's Deployment.")
    http_route_ref: Text = Field(None, description="Name of the HTTPRoute.")
    inference_model_ref: Text = Field(None, description="Name of the InferenceModel.")
    inference_pool_ref: Text = Field(None, description="Name of the InferencePool.")
    prefill_service_account_ref: Text = Field(
        None, description="Name of the prefill pods' ServiceAccount."
    )
    decode_service_account_ref: Text = Field(
        None, description="Name of the decode pods' ServiceAccount."
    )
    epp_role_binding: Text = Field(None, description="Name of the endpoint picker's RoleBinding.")
    config_map_names: Annotated[list[str], ApiField("[]string")] = Field(
        default_factory=no_items, description="Names of the ConfigMaps."
    )
    prefill_ready: Text = Field(None, description="Ready and wanted prefill pods, as 1/2.")
    decode_ready: Text = Field(None, description="Ready and wanted decode pods, as 1/2.")
    epp_ready: Text = Field(None, description="Ready and wanted endpoint picker pods, as 1/1.")
    prefill_available: Count = Field(None, description="Available prefill pods.")
    decode_available: Count = Field(None, description="Available decode pods.")
    epp_available: Count = Field(None, description="Available endpoint picker pods.")
    plan_hash: Text = Field(None, description="SHA-256 of everything that was applied last.")
    warnings: Annotated[list[str], ApiField("[]string")] = Field(
        default_factory=no_items, description="What is doubtful in the spec or its base config."
    )
    conditions: Annotated[list[Condition], ApiField()] = Field(
        default_factory=no_items,
        description="Ready, and the conditions of the Deployments with their role in front.",
    )
