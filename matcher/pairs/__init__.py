"""Which resource may serve which line, when, and what that is worth."""
