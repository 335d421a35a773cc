"""The ModelService API: pydantic models, their reading from a document, and the CRD."""
