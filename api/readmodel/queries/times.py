"""How long lives stay in their states: of one life, and on average in a region."""

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, type_coerce

from api.readmodel.lifeviews import StageTime, StateTimes
from api.readmodel.queries.filters import Filter, between, in_region
from api.readmodel.queries.lives import history_of
from api.readmodel.tables import steps

_MICROS = 1_000_000


def stages_of(connection: Connection, *, kind: str, life_id: str, now: datetime) -> tuple[StageTime, ...]:
    """Return each state a life came to, in order, and how long it stayed; in the last one it still is."""
    history = history_of(connection, kind=kind, life_id=life_id)
    begun = [(step.at, step.after) for step in history if step.before != step.after]
    return stretches(begun, now=now)


def stretches(begun: list[tuple[datetime, str]], *, now: datetime) -> tuple[StageTime, ...]:
    """Return stages that began one after the other as stretches of time. Pure."""
    ends = [since for since, _ in begun[1:]]
    return tuple(
        StageTime(stage=stage, since=since, until=until, seconds=((until or now) - since).total_seconds())
        for (since, stage), until in zip(begun, [*ends, None], strict=True)
    )


def state_times(connection: Connection, *, kind: str, filter: Filter) -> tuple[StateTimes, ...]:
    """Return how long lives of a kind stayed in each state that they left within a stretch of time, in a region."""
    stayed = type_coerce(steps.c.at, BigInteger) - type_coerce(steps.c.since, BigInteger)
    query = (
        select(steps.c.before, func.count(), _whole(func.sum(stayed)), _whole(func.max(stayed)))
        .where(
            steps.c.kind == kind,
            steps.c.before != steps.c.after,
            in_region(steps.c.community, filter.region),
            between(steps.c.at, filter),
        )
        .group_by(steps.c.before)
    )
    return tuple(
        StateTimes(state=state, left=left, mean_s=int(total) / left / _MICROS, longest_s=int(longest) / _MICROS)
        for state, left, total, longest in connection.execute(query)
    )


def _whole(value: ColumnElement[int]) -> ColumnElement[int]:
    return type_coerce(value, BigInteger)
