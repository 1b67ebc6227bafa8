"""Running sums per region and category, gathered over a batch and written once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection

from api.readmodel.projection.rows import Values, add
from api.readmodel.tables import tallies
from schemas.regions import way_down

SUMS = ("open_demands", "open_seats", "asked", "filled", "fulfilled", "resources", "live", "units", "enrolments")
_LEVELS = (0, 2, 4, 6, 9, 12)
_COMMUNITY = _LEVELS[-1]
_PLACE = {name: place for place, name in enumerate(SUMS)}
_TOTAL = ""


Changes = Mapping[tuple[str, ...], Sequence[int]]
"""Sums by place and whatever else they are kept by."""


class Tally:
    """Changes to the sums, by place and category; "" stands for all categories together."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(SUMS))

    def add(self, place: str, category: str, **changes: int) -> None:
        """Note that sums of a community (12 digits) or of one of its grids changed, in one category or the total."""
        sums = self._changes[place, category]
        for name, change in changes.items():
            sums[_PLACE[name]] += change

    def add_both(self, place: str, category: str, **changes: int) -> None:
        """Note a change in a category and in the total."""
        self.add(place, category, **changes)
        self.add(place, _TOTAL, **changes)

    def write(self, connection: Connection) -> None:
        """Add the changes to the sums of each place and of every region above it."""
        rows = [_row(region, category, sums) for (region, category), sums in of_every_region(self._changes)]
        add(connection, tallies, rows, sums=SUMS)


def of_every_region(changes: Changes) -> Iterator[tuple[tuple[str, ...], Sequence[int]]]:
    """Yield changes as they are to be added to the sums of grids, communities, and all above; none that is all zero."""
    found: Changes = {key: sums for key, sums in changes.items() if any(sums)}
    yield from _in_grids({key: sums for key, sums in found.items() if len(key[0]) > _COMMUNITY})
    for level in reversed(_LEVELS):
        found = _rolled_up(found, level)
        yield from ((key, sums) for key, sums in found.items() if any(sums))


def _in_grids(changes: Changes) -> Iterator[tuple[tuple[str, ...], Sequence[int]]]:
    """Yield the changes of grids: of each, and of those that it lies in."""
    held: dict[tuple[str, ...], Sequence[int]] = {}
    for (place, *rest), sums in changes.items():
        for grid in way_down(place)[len(_LEVELS) :]:
            _hold(held, (grid, *rest), sums)
    yield from ((key, sums) for key, sums in held.items() if any(sums))


def _rolled_up(changes: Changes, level: int) -> Changes:
    """Return the changes summed up to regions of ``level`` digits."""
    upper: dict[tuple[str, ...], Sequence[int]] = {}
    for (region, *rest), sums in changes.items():
        _hold(upper, (region[:level], *rest), sums)
    return upper


def _hold(held: dict[tuple[str, ...], Sequence[int]], key: tuple[str, ...], sums: Sequence[int]) -> None:
    before = held.get(key)
    held[key] = sums if before is None else [one + other for one, other in zip(before, sums, strict=True)]


def _row(region: str, category: str, sums: Sequence[int]) -> Values:
    return {"region": region, "category": category, "parent": parent_of(region), **dict(zip(SUMS, sums, strict=True))}


def parent_of(region: str) -> str | None:
    """Return the region one level up: None for the whole country, which is ""."""
    if len(region) > _COMMUNITY:
        return region.rpartition("-")[0]
    above = [level for level in _LEVELS if level < len(region)]
    return region[: above[-1]] if above else None
