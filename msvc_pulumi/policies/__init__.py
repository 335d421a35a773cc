"""What a team wants of its pods, though any API server takes them otherwise: on request only."""
