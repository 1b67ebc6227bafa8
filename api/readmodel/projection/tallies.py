"""Running sums per region and category, gathered over a batch and written once."""

from collections import defaultdict

from sqlalchemy import Connection

from api.readmodel.projection.rows import add
from api.readmodel.tables import tallies

SUMS = ("open_demands", "open_seats", "asked", "filled", "fulfilled", "resources", "live", "units", "enrolments")
_LEVELS = (0, 2, 4, 6, 9, 12)
_PLACE = {name: place for place, name in enumerate(SUMS)}
_TOTAL = ""


class Tally:
    """Changes to the sums, by community and category; "" stands for all categories together."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(SUMS))

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
        by_region: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(SUMS))
        for (community, category), changes in self._changes.items():
            if any(changes):
                for level in _LEVELS:
                    sums = by_region[community[:level], category]
                    for place, change in enumerate(changes):
                        sums[place] += change
        rows = [
            {"region": region, "category": category, "parent": parent_of(region), **dict(zip(SUMS, sums, strict=True))}
            for (region, category), sums in by_region.items()
            if any(sums)
        ]
        add(connection, tallies, rows, sums=SUMS)


def parent_of(region: str) -> str | None:
    """Return the region one level up: None for the whole country, which is ""."""
    above = [level for level in _LEVELS if level < len(region)]
    return region[: above[-1]] if above else None
