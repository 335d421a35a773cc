"""Where stacks keep their state, and what it knows of objects."""
