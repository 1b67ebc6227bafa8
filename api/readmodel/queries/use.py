"""Utilisation 使用情况: what was offered in a stretch of time, and what of it was promised, done and booked.

All is counted in seat-hours: a seat for an hour. Assignments and bookings count for the hours they lie in the stretch;
what is open at any time offers no countable hours, so there the offered ones are None.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, select

from api.readmodel.lifeviews import KindUse, Use
from api.readmodel.queries.filters import equals, in_region
from api.readmodel.tables import LIVE, assignments, life_shares, lives, resources
from schemas.base import Window
from schemas.lives.booking import Booking
from schemas.resources import Resource, ResourceKind
from schemas.sharing import overlap

MOST: Final = 20_000
"""Resources that are counted together."""
_HOUR_S: Final = 3600
_CAME: Final = "used"


@dataclass(slots=True)
class _Sums:
    promised: float = 0.0
    done: float = 0.0
    booked: float = 0.0
    used: float = 0.0
    missed: int = 0
    bookings: int = 0
    people: int = 0


def use_of(connection: Connection, resource: Resource, *, span: Window) -> Use:
    """Return how one resource was used within ``span``."""
    sums = _sums(connection, resources.c.resource_id == resource.resource_id, span=span)
    return _use(_offered(resource, span), [sums[resource.resource_id]])


def use_by_kind(connection: Connection, *, region: str, party: str | None, span: Window) -> tuple[KindUse, ...]:
    """Return how the resources of a region, of a party, or of a party there were used, kind by kind; the first 20,000.

    Providers are not told apart: nobody is ranked.
    """
    which = and_(in_region(resources.c.home, region), equals(resources.c.provider, party))
    listed = [
        Resource.model_validate_json(body)
        for body in connection.execute(
            select(resources.c.body).where(which, resources.c.offered_at < span.end).limit(MOST)
        ).scalars()
    ]
    sums = _sums(connection, which, span=span)
    by_kind: dict[ResourceKind, list[Resource]] = defaultdict(list)
    for resource in listed:
        by_kind[resource.kind].append(resource)
    return tuple(
        KindUse(
            kind=kind,
            resources=len(by_kind[kind]),
            use=_use(
                _total(_offered(resource, span) for resource in by_kind[kind]),
                [sums[resource.resource_id] for resource in by_kind[kind]],
            ),
        )
        for kind in ResourceKind
        if by_kind[kind]
    )


def _offered(resource: Resource, span: Window) -> float | None:
    """Return the seat-hours that a resource is open within ``span``, since it was offered and while it is valid."""
    hours = resource.hours()
    if hours is None:
        return None
    begins = max(span.start, resource.offered_at, resource.valid_from or span.start)
    ends = min(span.end, resource.valid_to or span.end)
    if begins >= ends:
        return 0.0
    within = Window(start=begins, end=ends)
    return resource.capacity * sum(_hours_in(each, within) for each in hours)


def _total(offered: Iterable[float | None]) -> float | None:
    known = [hours for hours in offered if hours is not None]
    return sum(known) if known else None


def _sums(connection: Connection, which: ColumnElement[bool], *, span: Window) -> dict[str, _Sums]:
    found: dict[str, _Sums] = defaultdict(_Sums)
    _add_assignments(connection, found, which, span=span)
    _add_bookings(connection, found, which, span=span)
    return found


def _add_assignments(
    connection: Connection, found: dict[str, _Sums], which: ColumnElement[bool], *, span: Window
) -> None:
    query = (
        select(assignments.c.resource_id, assignments.c.phase, assignments.c.starts_at, assignments.c.ends_at)
        .join(resources, resources.c.resource_id == assignments.c.resource_id)
        .where(
            which,
            assignments.c.phase.in_((*LIVE, "fulfilled")),
            assignments.c.starts_at < span.end,
            assignments.c.ends_at > span.start,
        )
    )
    for row in connection.execute(query):
        hours = _hours_in(Window(start=row.starts_at, end=row.ends_at), span)
        if row.phase == "fulfilled":
            found[row.resource_id].done += hours
        else:
            found[row.resource_id].promised += hours


def _add_bookings(connection: Connection, found: dict[str, _Sums], which: ColumnElement[bool], *, span: Window) -> None:
    query = (
        select(lives.c.body)
        .join(life_shares, and_(life_shares.c.kind == lives.c.kind, life_shares.c.id == lives.c.id))
        .join(resources, resources.c.resource_id == life_shares.c.name)
        .where(
            which,
            lives.c.kind == "booking",
            life_shares.c.starts_at < span.end,
            life_shares.c.ends_at > span.start,
        )
    )
    for body in connection.execute(query).scalars():
        booking = Booking.model_validate_json(body)
        sums = found[booking.resource_id]
        # A closed booking was used or missed before: it remembers which.
        state = booking.resumes if booking.state == "closed" else booking.state
        if state == "no_show":
            sums.missed += 1
        elif state in ("requested", "confirmed", _CAME):
            hours = (booking.seats or 1) * _hours_in(booking.slot, span)
            sums.bookings += 1
            if state == _CAME:
                sums.used += hours
                sums.people += booking.came or booking.people
            else:
                sums.booked += hours


def _hours_in(window: Window, span: Window) -> float:
    if not overlap(window, span):
        return 0.0
    return (min(window.end, span.end) - max(window.start, span.start)).total_seconds() / _HOUR_S


def _use(offered: float | None, parts: Sequence[_Sums]) -> Use:
    taken = sum(part.promised + part.done + part.booked + part.used for part in parts)
    return Use(
        offered_hours=None if offered is None else round(offered, 2),
        promised_hours=round(sum(part.promised for part in parts), 2),
        done_hours=round(sum(part.done for part in parts), 2),
        booked_hours=round(sum(part.booked for part in parts), 2),
        used_hours=round(sum(part.used for part in parts), 2),
        share=None if not offered else round(taken / offered, 4),
        bookings=sum(part.bookings for part in parts),
        missed=sum(part.missed for part in parts),
        people=sum(part.people for part in parts),
    )
