"""Whose the objects are, whether they still are what was applied, and what to do if not."""
