"""Why, and what if: questions to a solved round that change nothing."""
