"""What the cluster says: ModelServices, their objects, their pods."""
