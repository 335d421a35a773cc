"""One Pulumi stack for each ModelService: the engine that runs it, and where its state is."""
