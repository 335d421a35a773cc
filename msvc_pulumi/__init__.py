"""llm-d ModelServices, from custom resource and BaseConfig to Kubernetes objects."""
