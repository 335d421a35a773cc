"""What an API server refuses of the objects we plan, and what it takes and nobody could mean."""
