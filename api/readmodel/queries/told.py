"""What a notice has to know of assignments before it is told: how they stand now."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from api.readmodel.queries.assignments import get_assignment
from api.readmodel.tables import assignments, demands
from api.readmodel.views import AssignmentView


def assignments_among(connection: Connection, ids: Collection[str]) -> dict[str, tuple[AssignmentView, str | None]]:
    """Return assignments by id, each with the urgency of its demand, None where that was not read yet."""
    found = {}
    for assignment_id in ids:
        view = get_assignment(connection, assignment_id=assignment_id)
        if view is not None:
            urgency = select(demands.c.urgency).where(demands.c.demand_id == view.demand_id)
            found[assignment_id] = (view, connection.execute(urgency).scalar())
    return found


def declined_pairs(connection: Connection, demand_ids: Collection[str]) -> set[tuple[str, str]]:
    """Return the pairs of demand and resource that somebody said no to, among these demands."""
    pair = select(assignments.c.demand_id, assignments.c.resource_id).where(
        assignments.c.state == "declined", assignments.c.demand_id.in_(list(demand_ids))
    )
    return {(row.demand_id, row.resource_id) for row in connection.execute(pair)}
