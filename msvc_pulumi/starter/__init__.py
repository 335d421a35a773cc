"""A first ModelService and BaseConfig, made from a few choices (`files`)."""
