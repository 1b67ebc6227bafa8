"""Lives by kind, region, state and party; their histories; what is overdue."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, case, func, select, true

from api.readmodel.lifeviews import LateRow, LifeView, StepView
from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import life_parties, lives, steps, void_steps
from api.readmodel.views import Page
from schemas.lifecycle import OURS, Life, Step, take
from schemas.lives import BY_KIND

_KEY = (lives.c.opened_at, lives.c.id)
_LATE_KEY = (lives.c.due_at, lives.c.kind, lives.c.id)


def get_life(connection: Connection, *, kind: str, life_id: str) -> LifeView[Any] | None:
    """Return one life, closed ones too."""
    row = connection.execute(select(lives).where(lives.c.kind == kind, lives.c.id == life_id)).one_or_none()
    return None if row is None else _view(row)


def shard_of_life(connection: Connection, *, kind: str, life_id: str) -> str:
    """Return the shard in which a life was begun; there has to be such a life."""
    shard: str = connection.execute(
        select(lives.c.shard).where(lives.c.kind == kind, lives.c.id == life_id)
    ).scalar_one()
    return shard


def list_lives(
    connection: Connection,
    *,
    kind: str,
    filter: Filter = NO_FILTER,
    is_open: bool | None = None,
    overdue_at: datetime | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[LifeView[Any]]:
    """Return lives of a kind, the newest first; region, state, party and time narrow.

    ``overdue_at`` keeps those that are overdue at that moment.
    """
    query = select(lives).where(
        lives.c.kind == kind,
        in_region(lives.c.community, filter.region),
        equals(lives.c.state, filter.state),
        between(lives.c.opened_at, filter),
        true() if is_open is None else lives.c.is_open == is_open,
        true() if overdue_at is None else lives.c.due_at <= overdue_at,
    )
    if filter.party is not None:
        query = query.where(lives.c.id.in_(_of_party(kind, filter.party)))
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=_view)


def holder_of(connection: Connection, *, kind: str, holds: str) -> LifeView[Any] | None:
    """Return an open life of a kind that holds a name, in whichever shard; None where there is none."""
    query = select(lives).where(lives.c.kind == kind, lives.c.holds == holds, lives.c.is_open).order_by(*_KEY).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _view(row)


def history_of(connection: Connection, *, kind: str, life_id: str) -> tuple[StepView, ...]:
    """Return every step of a life, the first one first."""
    query = select(steps).where(steps.c.kind == kind, steps.c.id == life_id).order_by(steps.c.step)
    return tuple(_step(row) for row in connection.execute(query))


class LifeAt(NamedTuple):
    """A life as it stood after one of its steps, and when that was taken."""

    life: Life
    at: datetime


def life_at(connection: Connection, *, kind: str, life_id: str, step: int | None = None) -> LifeAt | None:
    """Return a life as it stood after a step, the newest one where None is named; None where there is none such."""
    query = select(steps.c.action, steps.c.body).where(steps.c.kind == kind, steps.c.id == life_id)
    if step is not None:
        query = query.where(steps.c.step <= step)
    lifecycle, life, fact = BY_KIND[kind], None, None
    for action, body in connection.execute(query.order_by(steps.c.step)):
        fact = lifecycle.move(action).fact.model_validate_json(body)
        life = take(lifecycle, life, fact)
    if life is None or fact is None or (step is not None and fact.step < step):
        return None
    return LifeAt(life, fact.at)


def step_at(connection: Connection, *, kind: str, life_id: str, step: int) -> StepView | None:
    """Return the step of a number that counts."""
    query = select(steps).where(steps.c.kind == kind, steps.c.id == life_id, steps.c.step == step)
    row = connection.execute(query).one_or_none()
    return None if row is None else _step(row)


def fact_of(connection: Connection, *, event_id: str) -> Step | None:
    """Return the step that an event carried, where it counted."""
    row = connection.execute(select(steps).where(steps.c.event_id == event_id)).first()
    return None if row is None else BY_KIND[row.kind].move(row.action).fact.model_validate_json(row.body)


def void_code(connection: Connection, *, event_id: str) -> str:
    """Return why an event that was read is void."""
    code: str = connection.execute(select(void_steps.c.code).where(void_steps.c.event_id == event_id)).scalar_one()
    return code


def list_late(
    connection: Connection, *, now: datetime, region: str = "", cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[LateRow]:
    """Return what is overdue in a region, of every kind; what was due last comes first."""
    query = select(lives).where(lives.c.due_at <= now, in_region(lives.c.community, region))
    return fetch_page(connection, query, key=_LATE_KEY, cursor=cursor, limit=limit, view=_late)


def count_lives(connection: Connection, *, now: datetime, region: str = "") -> dict[str, dict[str, tuple[int, int]]]:
    """Return how many lives of a region are in each state, and how many of these are overdue, by kind and state."""
    late = func.sum(case((lives.c.due_at <= now, 1), else_=0))
    query = (
        select(lives.c.kind, lives.c.state, func.count().label("lives"), late.label("late"))
        .where(in_region(lives.c.community, region))
        .group_by(lives.c.kind, lives.c.state)
    )
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.kind, {})[row.state] = (row.lives, row.late)
    return found


def _of_party(kind: str, party: str) -> Select[tuple[str]]:
    return select(life_parties.c.id).where(life_parties.c.party == party, life_parties.c.kind == kind)


def _view(row: Row[Any]) -> LifeView[Any]:
    lifecycle = BY_KIND[row.kind]
    return LifeView[lifecycle.record](  # type: ignore[name-defined] # one model per kind, made as it is met
        kind=row.kind, life=lifecycle.record.model_validate_json(row.body), is_open=row.is_open, due_at=row.due_at
    )


def _step(row: Row[Any]) -> StepView:
    said = {name: value for name, value in json.loads(row.body).items() if name not in OURS}
    return StepView(
        kind=row.kind,
        id=row.id,
        step=row.step,
        action=row.action,
        before=row.before,
        after=row.after,
        stayed_s=None if row.since is None else (row.at - row.since).total_seconds(),
        community=row.community,
        by=row.by,
        at=row.at,
        said=said,
        event_id=row.event_id,
    )


def _late(row: Row[Any]) -> LateRow:
    return LateRow(
        kind=row.kind,
        id=row.id,
        title=row.title,
        state=row.state,
        community=row.community,
        since=row.since,
        due_at=row.due_at,
    )
