"""Whose the objects of a stack are, and what a run may write and delete of them."""
