"""The assignments 匹配 and the reasons for each."""

import json
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.queries.rounds import get_round
from api.readmodel.tables import answers, assignments, demands, resources
from api.readmodel.views import AnswerView, AssignmentView, AssignmentWhy, Page
from schemas.rounds import LineRef, RoundDecided, TeamPart

_KEY = (assignments.c.proposed_at, assignments.c.assignment_id)


def get_assignment(connection: Connection, *, assignment_id: str) -> AssignmentView | None:
    """Return one assignment, ended ones too."""
    row = connection.execute(query_with_titles().where(assignments.c.assignment_id == assignment_id)).one_or_none()
    return None if row is None else view_of(row)


def list_assignments(
    connection: Connection, *, filter: Filter = NO_FILTER, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[AssignmentView]:
    """Return assignments by the time they were proposed; ``party`` is provider or requester."""
    table = assignments.c
    query = query_with_titles().where(
        in_region(table.community, filter.region),
        equals(table.category, filter.category),
        equals(table.item, filter.item),
        equals(table.state, filter.state),
        between(table.proposed_at, filter),
    )
    if filter.party is not None:
        query = query.where(or_(table.provider == filter.party, table.requester == filter.party))
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=view_of)


def assignments_of(
    connection: Connection, *, demand_id: str | None = None, resource_id: str | None = None, limit: int = 500
) -> tuple[AssignmentView, ...]:
    """Return the newest assignments of a demand or of a resource."""
    query = query_with_titles().where(
        equals(assignments.c.demand_id, demand_id), equals(assignments.c.resource_id, resource_id)
    )
    newest = query.order_by(*(column.desc() for column in _KEY)).limit(limit)
    return tuple(view_of(row) for row in connection.execute(newest))


def assignment_why(connection: Connection, *, assignment_id: str) -> AssignmentWhy | None:
    """Return why a pair was made; None where the assignment or its round was not read yet."""
    found = get_assignment(connection, assignment_id=assignment_id)
    if found is None:
        return None
    decided = get_round(connection, shard=found.shard, round_no=found.round_no)
    if decided is None:
        return None
    return AssignmentWhy(
        assignment=found,
        decided_at=decided.decided_at,
        cause=decided.cause,
        policy=decided.policy,
        solver=decided.solver,
        line_price=_line_price(decided, found),
        resource_price=_resource_price(decided, found),
        certificate=decided.certificate,
        team_part=_team_part(decided, found),
        answers=answers_of(connection, assignment_id=assignment_id),
    )


def answers_of(connection: Connection, *, assignment_id: str) -> tuple[AnswerView, ...]:
    """Return every answer given, in the order of the log."""
    query = (
        select(answers).where(answers.c.assignment_id == assignment_id).order_by(answers.c.partition, answers.c.offset)
    )
    return tuple(
        AnswerView(answer=row.answer, by=row.by, reason=row.reason, at=row.at) for row in connection.execute(query)
    )


def _line_price(decided: RoundDecided, found: AssignmentView) -> int | None:
    wanted = (found.demand_id, found.line)
    return next((price.price for price in decided.line_prices if (price.demand_id, price.line) == wanted), None)


def _resource_price(decided: RoundDecided, found: AssignmentView) -> int | None:
    wanted = found.resource_id
    return next((price.price for price in decided.resource_prices if price.resource_id == wanted), None)


def query_with_titles() -> Select[Any]:
    """Return the query for assignments with what ``view_of`` needs of their entries."""
    return (
        select(assignments, demands.c.title.label("demand_title"), resources.c.title.label("resource_title"))
        .outerjoin(demands, demands.c.demand_id == assignments.c.demand_id)
        .outerjoin(resources, resources.c.resource_id == assignments.c.resource_id)
    )


def view_of(row: Row[Any]) -> AssignmentView:
    """Return a row of ``query_with_titles`` as people see it."""
    found = dict(row._mapping)
    return AssignmentView(**found | {"terms": json.loads(found["terms"]), "changed_at": found["phase_at"]})


def _team_part(decided: RoundDecided, found: AssignmentView) -> TeamPart | None:
    """Return the part with teams that the assignment's line lies in."""
    line = LineRef(demand_id=found.demand_id, line=found.line)
    return next((part for part in decided.team_parts if line in part.lines), None)
