"""What is said of a ModelService: its conditions, its status, its events."""
