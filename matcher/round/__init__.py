"""A round from beginning to end: the past settled, seats given, one record."""
