"""Planning in processes of its own: what a template costs is its own ModelService's."""
