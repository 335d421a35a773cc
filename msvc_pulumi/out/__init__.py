"""A plan as it leaves: as text, as files, as a difference, as what Pulumi is told."""
