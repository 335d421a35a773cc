"""Values as text, as Go's fmt prints and formats them."""
