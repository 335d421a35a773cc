"""The Pulumi component `ModelService`; `declare` and `export` for programs with several."""

from msvc_pulumi.components.arguments import ModelServiceArgs
from msvc_pulumi.components.clusterinputs import served_kinds
from msvc_pulumi.components.model_service import ModelService
from msvc_pulumi.components.program import declare, export

__all__ = ["ModelService", "ModelServiceArgs", "declare", "export", "served_kinds"]
