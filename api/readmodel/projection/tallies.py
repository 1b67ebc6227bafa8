"""Running sums per region and category, gathered over a batch and written once."""

from collections import defaultdict

from sqlalchemy import Connection

from api.readmodel.projection.rows import Values, add
from api.readmodel.tables import tallies

SUMS = ("open_demands", "open_seats", "asked", "filled", "fulfilled", "resources", "live", "units", "enrolments")
_LEVELS = (0, 2, 4, 6, 9, 12)
_PLACE = {name: place for place, name in enumerate(SUMS)}
_TOTAL = ""


Changes = dict[tuple[str, str], list[int]]
"""Sums by region and category."""


class Tally:
    """Changes to the sums, by community and category; "" stands for all categories together."""

    def __init__(self) -> None:
        self._changes: Changes = defaultdict(lambda: [0] * len(SUMS))

    def add(self, community: str, category: str, **changes: int) -> None:
        """Note that sums of a community (12 digits) changed in one category, or in the total where it is ""."""
        sums = self._changes[community, category]
        for name, change in changes.items():
            sums[_PLACE[name]] += change

    def add_both(self, community: str, category: str, **changes: int) -> None:
        """Note a change in a category and in the total."""
        self.add(community, category, **changes)
        self.add(community, _TOTAL, **changes)

    def write(self, connection: Connection) -> None:
        """Add the changes to the sums of each community and of every region above it."""
        changes = {place: sums for place, sums in self._changes.items() if any(sums)}
        rows: list[Values] = []
        for level in reversed(_LEVELS):
            changes = _rolled_up(changes, level)
            rows += (_row(*place, sums) for place, sums in changes.items() if any(sums))
        add(connection, tallies, rows, sums=SUMS)


def _rolled_up(changes: Changes, level: int) -> Changes:
    """Return the changes summed up to regions of ``level`` digits."""
    upper: Changes = {}
    for (region, category), sums in changes.items():
        place = region[:level], category
        held = upper.get(place)
        upper[place] = sums if held is None else [one + other for one, other in zip(held, sums, strict=True)]
    return upper


def _row(region: str, category: str, sums: list[int]) -> Values:
    return {"region": region, "category": category, "parent": parent_of(region), **dict(zip(SUMS, sums, strict=True))}


def parent_of(region: str) -> str | None:
    """Return the region one level up: None for the whole country, which is ""."""
    above = [level for level in _LEVELS if level < len(region)]
    return region[: above[-1]] if above else None
