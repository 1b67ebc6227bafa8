"""Who came to one community and left it in a month 流入流出登记, by reference: what the community keeps for itself.

Names and phones are not here; whoever may read them finds them in the vault under the same reference.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, select

from api.readmodel.servingviews import OwnRegister, Passage
from api.readmodel.tables import UNIT, enrolments, movements
from schemas.enrolment import EnrolmentKind, MemberClass


class _Stay(NamedTuple):
    """A stretch of time that one enrolment was in one community; places are None where nobody said."""

    community: str
    member_class: str
    since: datetime
    came_from: str | None
    left_at: datetime | None = None
    went_to: str | None = None


def own_register_of(
    connection: Connection,
    *,
    community: str,
    member_class: MemberClass,
    start: datetime,
    end: datetime,
    month: str,
) -> OwnRegister:
    """Return the members of a class who were in a community at some time from ``start`` until ``end``, by arrival.

    Their home unit is the one that the lists know now.
    """
    rows = []
    for (party, kind), moves in groupby(_moves(connection, community, end), key=lambda row: (row.party, row.kind)):
        told = list(moves)
        for stay in _stays(told):
            was_here = stay.community == community and (stay.left_at is None or stay.left_at >= start)
            if was_here and stay.member_class == member_class:
                rows.append(
                    Passage(
                        member_ref=party.removeprefix("member:"),
                        member_class=member_class,
                        kind=EnrolmentKind(kind),
                        home_unit=told[0].home_unit,
                        since=stay.since,
                        came=stay.since >= start,
                        came_from=stay.came_from,
                        left_at=stay.left_at,
                        went_to=stay.went_to,
                    )
                )
    rows.sort(key=lambda row: (row.since, row.member_ref, row.kind))
    return OwnRegister(community=community, month=month, member_class=member_class, rows=tuple(rows))


def _moves(connection: Connection, community: str, end: datetime) -> Iterator[Any]:
    """Yield all movements, before ``end``, of the enrolments that ever were in a community, each in its order."""
    ever = select(movements.c.party).where(movements.c.community == community, movements.c.at < end)
    whose = and_(movements.c.party.in_(ever), movements.c.kind != UNIT, movements.c.at < end)
    listed = and_(movements.c.party == "member:" + enrolments.c.member_ref, movements.c.kind == enrolments.c.kind)
    yield from connection.execute(
        select(movements, enrolments.c.home_unit)
        .outerjoin(enrolments, listed)
        .where(whose)
        .order_by(movements.c.party, movements.c.kind, movements.c.version)
    )


def _stays(moves: Iterable[Any]) -> Iterator[_Stay]:
    """Yield the stays that the movements of one enrolment make up; what is revised meanwhile is no movement."""
    stay: _Stay | None = None
    before: _Stay | None = None
    for move in moves:
        if stay is not None and move.is_arrival and move.community == stay.community:
            stay = stay._replace(member_class=move.member_class)
            continue
        if stay is not None:
            before = stay._replace(left_at=move.at, went_to=move.community if move.is_arrival else move.to)
            yield before
            stay = None
        if move.is_arrival:
            sent = before is not None and before.went_to == move.community
            came_from = before.community if before is not None and sent else None
            stay = _Stay(move.community, move.member_class, move.at, came_from)
    if stay is not None:
        yield stay
