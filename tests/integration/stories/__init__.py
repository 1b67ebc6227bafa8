"""Stories of the people around a match, told through HTTP alone."""
