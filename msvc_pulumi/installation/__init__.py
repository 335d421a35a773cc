"""What installs the operator in a cluster, as plain objects."""
