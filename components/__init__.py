"""The Pulumi components: `ModelService`, and `declare` for a program that holds several."""

from msvc_pulumi.components.model_service import ModelService, ModelServiceArgs
from msvc_pulumi.components.program import declare

__all__ = ["ModelService", "ModelServiceArgs", "declare"]
