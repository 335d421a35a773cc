"""Values, their Go types and the types of functions, as Go's reflect sees them."""
