"""The operator: ModelServices in a cluster drive the component, through one Pulumi stack each."""
