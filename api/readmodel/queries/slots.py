"""What of a resource is taken when: by bookings, and by seats that rounds promised; and its hours as a timetable."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from api.readmodel.lifeviews import SlotView
from api.readmodel.queries.shares import shares_of
from api.readmodel.tables import LIVE, assignments
from api.readmodel.views import ResourceView
from schemas.base import Window
from schemas.resources import Resource
from schemas.sharing import EVER, overlap, peak

MOST_SLOTS = 500
"""On one timetable."""

Taken = tuple[Window, int]


class Promises(NamedTuple):
    """Seats of a resource by when they are taken: by bookings, and by assignments that live."""

    booked: list[Taken]
    matched: list[Taken]


def promises_of(connection: Connection, resource: Resource, *, span: Window, besides: str = "") -> Promises:
    """Return what is taken of a resource within ``span``, but for the booking ``besides``.

    An assignment takes its seat while it lasts where seats are per occasion, and else until it is done.
    """
    shares = shares_of(connection, kind="booking", name=resource.resource_id, span=span)
    query = select(assignments.c.starts_at, assignments.c.ends_at).where(
        assignments.c.resource_id == resource.resource_id, assignments.c.phase.in_(LIVE)
    )
    spans = [
        Window(start=row.starts_at, end=row.ends_at) if resource.per_occasion else EVER
        for row in connection.execute(query)
    ]
    return Promises(
        booked=[(taken, amount) for holder, taken, amount in shares if holder != besides],
        matched=[(taken, 1) for taken in spans if overlap(taken, span)],
    )


def timetable(
    connection: Connection, found: ResourceView, *, span: Window, minutes: int | None = None
) -> tuple[SlotView, ...]:
    """Return the hours of a resource within ``span``, cut into slots of so many minutes, or whole; the first 500.

    A resource without hours is open all the time.
    """
    resource = found.resource
    promises = promises_of(connection, resource, span=span)
    slots = []
    for slot in _slots(resource, span, minutes):
        booked, matched = (peak(taken, within=slot) for taken in promises)
        both = peak([*promises.booked, *promises.matched], within=slot)
        free = max(0, resource.capacity - both) if found.state == "published" else 0
        slots.append(
            SlotView(
                start=slot.start, end=slot.end, capacity=resource.capacity, booked=booked, matched=matched, free=free
            )
        )
        if len(slots) == MOST_SLOTS:
            break
    return tuple(slots)


def is_open(resource: Resource, slot: Window) -> bool:
    """Return whether a slot lies wholly within one of a resource's hours and in the time for which it is offered."""
    if (resource.valid_from and slot.start < resource.valid_from) or (
        resource.valid_to and slot.end > resource.valid_to
    ):
        return False
    hours = resource.hours()
    return hours is None or any(each.start <= slot.start and slot.end <= each.end for each in hours)


def _slots(resource: Resource, span: Window, minutes: int | None) -> Iterator[Window]:
    hours = resource.hours()
    for each in (span,) if hours is None else sorted(hours, key=lambda hour: (hour.start, hour.end)):
        if not overlap(each, span):
            continue
        if minutes is None:
            yield each
            continue
        yield from (slot for slot in _cut(each, timedelta(minutes=minutes)) if overlap(slot, span))


def _cut(hours: Window, length: timedelta) -> Iterator[Window]:
    start: datetime = hours.start
    while start + length <= hours.end:
        yield Window(start=start, end=start + length)
        start += length
