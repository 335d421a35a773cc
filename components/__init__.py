"""The components `ModelService` and `ModelServiceOperator`; `declare`, `export` for several."""

from msvc_pulumi.components.arguments import ModelServiceArgs
from msvc_pulumi.components.clusterinputs import served_kinds
from msvc_pulumi.components.model_service import ModelService
from msvc_pulumi.components.model_service_operator import (
    ModelServiceOperator,
    ModelServiceOperatorArgs,
)
from msvc_pulumi.components.program import declare, export

__all__ = [
    "ModelService",
    "ModelServiceArgs",
    "ModelServiceOperator",
    "ModelServiceOperatorArgs",
    "declare",
    "export",
    "served_kinds",
]
