"""One operator at a time for a cluster, and one cluster for a state."""
