"""What belongs into a calendar: every seat with a job not long past, and all that ever became of that seat."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, func, or_, select

from api.readmodel.queries.assignments import query_with_titles, view_of
from api.readmodel.tables import assignments
from api.readmodel.views import AssignmentView

MOST_DEMANDS = 2_000
"""Demands in one calendar, those with the latest jobs first."""

Seat = tuple[str, int, int]
"""A demand, its line, a seat of that line."""


def matched_seats(
    connection: Connection, *, party: str, since: datetime
) -> Iterator[tuple[Seat, Sequence[AssignmentView]]]:
    """Yield each seat that ``party`` serves or asks for, with its assignments, oldest first, in the order of seats.

    A community sees what happens in it. Only demands with a job that ends after ``since``; of those, everything.
    """
    table = assignments.c
    if party.startswith("community:"):
        own = table.community == party.partition(":")[2]
    elif party.startswith("member:"):
        own = table.provider == party
    else:
        own = or_(table.provider == party, table.requester == party)
    recent = (
        select(table.demand_id)
        .where(own, table.ends_at > since)
        .group_by(table.demand_id)
        .order_by(func.max(table.ends_at).desc())
        .limit(MOST_DEMANDS)
    )
    query = (
        query_with_titles()
        .where(own, table.demand_id.in_(recent))
        .order_by(table.demand_id, table.line, table.seat, table.proposed_at, table.round_no)
    )
    rows = [view_of(row) for row in connection.execute(query)]
    for seat, found in groupby(rows, key=lambda view: (view.demand_id, view.line, view.seat)):
        yield seat, tuple(found)
