"""The Pulumi Kubernetes Operator as executor."""
