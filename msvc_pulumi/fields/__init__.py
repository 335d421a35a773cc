"""What can be stated in a ModelService and a BaseConfig: every field, and what becomes of it."""
