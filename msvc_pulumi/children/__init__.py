"""The child resources of a ModelService, one module for each of llm-d's words."""
