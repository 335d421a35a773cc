"""The semantic merge: a walker, and the policies of each kind."""
