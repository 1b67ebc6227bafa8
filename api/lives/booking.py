"""Bookings 预约: what is to be booked, when, and by whom.

What bookings take of each other, the table of bookings says itself. What rounds promised is looked up here, before a
booking is written: a round that promises the same seat at the same moment is not seen, and rounds see no bookings.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from api.living import Entailed, Filling, Practice, ShardOf
from api.problems import Rejection
from api.readmodel.queries.resources import get_resource
from api.readmodel.queries.slots import is_open, promises_of
from api.readmodel.tables import enrolments, units
from schemas.lifecycle import Step
from schemas.lives.booking import Booking, BookingConfirmed, BookingMissed, BookingRequested, BookingUsed
from schemas.refusals import Refused
from schemas.resources import AccessMode, Resource, ResourceKind
from schemas.sharing import peak

_BY_HEAD = (ResourceKind.ACTIVITY, ResourceKind.CULTURE)
"""Kinds at which everybody who comes takes a place."""


def _known(connection: Connection, said: Mapping[str, Any], shard_of: ShardOf) -> Mapping[str, Any]:
    """Return what the list of resources says of a booking."""
    resource = _published(connection, said["resource_id"])
    by_head = resource.kind in _BY_HEAD
    seats = said["seats"] or (said["people"] if by_head else 1)
    return {
        "community": resource.home,
        "title": resource.title,
        "provider": resource.provider,
        "room": resource.capacity,
        "fee": None if resource.fee is None else resource.fee * seats,
        "auto": resource.auto_accept,
        "seats": seats,
    }


def _is_bookable(connection: Connection, after: Booking, fact: Step) -> None:
    """Refuse what is not to be booked so.

    Raises:
        Refused: not_found, not_bookable, not_admitted, too_short_notice, outside_hours, slot_taken.
    """
    resource = _published(connection, after.resource_id)
    if resource.access is AccessMode.FREE and resource.kind is not ResourceKind.ACTIVITY:
        raise Refused("not_bookable", "it is free: just come")
    if not resource.has_seats:
        raise Refused("not_bookable", "it is to be read")
    if not resource.renewable:
        raise Refused("not_bookable", "it is used up, not used for a while")
    if not _admits(connection, resource, after.opened_by):
        raise Refused("not_admitted", after.opened_by)
    earliest = fact.at + timedelta(minutes=resource.notice_minutes)
    if after.start < earliest:
        raise Rejection("too_short_notice", after.start.isoformat(), extra={"earliest": earliest.isoformat()})
    if not is_open(resource, after.slot):
        raise Refused("outside_hours", f"{after.start.isoformat()} – {after.end.isoformat()}")
    _has_seats(connection, resource, after)


def _has_seats(connection: Connection, resource: Resource, after: Booking) -> None:
    booked, matched = promises_of(connection, resource, span=after.slot, besides=after.id)
    taken = peak([*booked, *matched], within=after.slot)
    if taken + (after.seats or 1) > resource.capacity:
        raise Rejection("slot_taken", resource.resource_id, extra={"free": max(0, resource.capacity - taken)})


def _has_begun(connection: Connection, after: Booking, fact: Step) -> None:
    if fact.at < after.start:
        raise Refused("too_early", after.start.isoformat())


def _confirmed_at_once(connection: Connection, after: Booking, fact: Step) -> Sequence[Entailed]:
    if not after.auto or after.state != "requested":
        return ()
    step = BookingConfirmed(id=after.id, step=after.step + 1, community=after.community, by=after.provider, at=fact.at)
    return (Entailed(step, f"life:booking:{after.id}", step.step),)


def _published(connection: Connection, resource_id: str) -> Resource:
    found = get_resource(connection, resource_id=resource_id)
    if found is None:
        raise Refused("not_found", resource_id)
    if found.state != "published":
        raise Refused("not_bookable", f"it is {found.state}")
    return found.resource


def _admits(connection: Connection, resource: Resource, party: str) -> bool:
    if not resource.admits or party in resource.admits:
        return True
    homes = _homes(connection, party)
    return any(home.startswith(area) for area in resource.admits if area.isdigit() for home in homes)


def _homes(connection: Connection, party: str) -> Sequence[str]:
    """Return the communities of a party: its own code, or those in which it is enrolled."""
    kind, _, name = party.partition(":")
    if kind == "unit":
        query = select(units.c.community).where(units.c.party == party, units.c.is_active)
        return connection.execute(query).scalars().all()
    if kind == "member":
        query = select(enrolments.c.community).where(enrolments.c.member_ref == name, enrolments.c.is_active)
        return connection.execute(query).scalars().all()
    return (name,)


PRACTICE = Practice(
    guards={BookingRequested: _is_bookable, BookingUsed: _has_begun, BookingMissed: _has_begun},
    effects={BookingRequested: _confirmed_at_once},
    fillings={
        BookingRequested: Filling(frozenset({"community", "title", "provider", "room", "fee", "auto"}), _known),
    },
)
