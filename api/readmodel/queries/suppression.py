"""Counts of people: small cells are not shown, nor could they be worked out from the rest."""

from collections.abc import Sequence

SMALLEST_CELL = 5
"""Counts of people below this are never shown."""

OF_PEOPLE = frozenset({"enrolment"})
"""Kinds of lives that are about one person each: how many there are is a count of people."""


def shown(count: int) -> int | None:
    """Return the count, or None where it is too small to be shown."""
    return count if count >= SMALLEST_CELL else None


def shown_among(counts: Sequence[int]) -> list[int | None]:
    """Return the parts of a whole, small ones as None.

    A single hidden part would follow from the whole and the others, so the smallest of those is hidden too.
    """
    found = [shown(count) for count in counts]
    others = [place for place, count in enumerate(found) if count is not None]
    hidden = [count for count in counts if 0 < count < SMALLEST_CELL]
    if len(hidden) == 1 and others:
        found[min(others, key=lambda place: counts[place])] = None
    return found
