"""The city's own closings as capacity: in each hour as many seats of an item and neighbourhood as it closed requests.

So both sides do the same work at the same time and place; what differs is whose request is taken. A seat lasts for
one round, at the end of its hour; what it takes is done then: up to an hour later than the city's close.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from operator import attrgetter

from deploy.simulate.calendar import HOUR
from deploy.simulate.cast import offer, resource_id_of, rest
from deploy.simulate.departments import Closes
from deploy.simulate.source import Cell, Request
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.envelope import Event

SOON = timedelta(seconds=1)
"""After the round that gave the seat."""

Slots = Mapping[int, Counter[datetime]]
"""By number of the cell: how many requests the city closed in the hour that ends then."""


def city_cells(requests: Iterable[Request]) -> list[Cell]:
    """Return a cell for each department, item and neighbourhood of which the city closed anything."""
    closed: dict[tuple[str, str, str], Counter[object]] = defaultdict(Counter)
    for request in requests:
        if request.closed_at is not None:
            closed[request.department, request.item, request.street][request.closed_at.date()] += 1
    return [
        Cell(
            number=number, department=department, item=item, street=street, active_days=len(days),
            closed_total=days.total(), per_active_day=1, most_in_a_day=max(days.values()),
        )
        for number, ((department, item, street), days) in enumerate(sorted(closed.items()), start=1)
    ]  # fmt: skip


def slots_of(cells: Iterable[Cell], requests: Iterable[Request], *, start: datetime, end: datetime) -> Slots:
    """Return the seats of each cell between ``start`` and ``end``, by the end of their hour."""
    number = {(cell.department, cell.item, cell.street): cell.number for cell in cells}
    slots: dict[int, Counter[datetime]] = defaultdict(Counter)
    for request in requests:
        if request.closed_at is not None and start <= request.closed_at < end:
            hour = start + ((request.closed_at - start) // HOUR + 1) * HOUR
            slots[number[request.department, request.item, request.street]][hour] += 1
    return slots


def closes_of(slots: Slots, cells: Iterable[Cell]) -> Closes:
    """Return when the work of each resource is done: at once."""
    return {resource_id_of(cell): [hour + SOON for hour in sorted(slots.get(cell.number, ()))] for cell in cells}


def changes(cells: Iterable[Cell], slots: Slots, *, catalogue: Catalogue) -> list[Event[Fact]]:
    """Return every offer and change of capacity, in the order of their times: at the beginning of the hour meant."""
    found = [event for cell in cells for event in _of_cell(cell, slots.get(cell.number, Counter()), catalogue)]
    return sorted(found, key=attrgetter("time"))


def _of_cell(cell: Cell, seats: Counter[datetime], catalogue: Catalogue) -> Iterator[Event[Fact]]:
    """Yield an offer for the first hour with work, then a revision for each other one; between them it rests."""
    version, until = 0, None
    for hour in sorted(seats):
        if until is not None and until < hour - HOUR:
            version += 1
            yield rest(cell, at=until, version=version)
        version += 1
        yield offer(cell, catalogue=catalogue, at=hour - HOUR, version=version, capacity=seats[hour])
        until = hour
    if until is not None:
        yield rest(cell, at=until, version=version + 1)
