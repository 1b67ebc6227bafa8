"""Free text: which items of the catalogue it may mean, and which open demands it may repeat. See ``docs/words.md``."""
