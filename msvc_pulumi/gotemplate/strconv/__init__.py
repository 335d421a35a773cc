"""Numbers and quoted strings as text and back, as Go's strconv does it."""
