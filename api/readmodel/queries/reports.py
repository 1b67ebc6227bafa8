"""Figures of a region between two instants, from what happened and when; once over, they never change.

1. A period is half open: what happens at ``until`` belongs to the next one.
2. How lives stood when it ended follows from their last steps before that, whatever came later.
3. While it runs, what is overdue is so by now: what falls due in the rest of it is not late yet.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, exists, func, select

from api.readmodel.queries.filters import in_region
from api.readmodel.queries.opinions import satisfaction, whistles
from api.readmodel.queries.stretch import Stretch, median_s, micros
from api.readmodel.queries.suppression import OF_PEOPLE, shown, shown_among
from api.readmodel.reportviews import (
    CategoryFigures,
    Figures,
    KindFigures,
    OutcomeCount,
    StageFigures,
    StateCount,
)
from api.readmodel.tables import (
    UNIT,
    assignments,
    claim_outcomes,
    claims,
    demand_lines,
    demands,
    feed,
    movements,
    resources,
    steps,
)
from schemas.lives import BY_KIND

_later = steps.alias("later")


def figures(connection: Connection, stretch: Stretch, *, now: datetime) -> Figures:
    """Return what happened in a region within a stretch of time that may still be running ``now``."""
    as_of = min(stretch.until, now)
    posted, seats = _posted(connection, stretch)
    became = _became(connection, stretch)
    outcomes = _outcomes(connection, stretch)
    return Figures(
        since=stretch.since,
        until=stretch.until,
        as_of=as_of,
        demands_posted=posted,
        seats_asked=seats,
        resources_offered=_count(connection, stretch.has(resources.c.offered_at, resources.c.home)),
        units_reported=_arrived(connection, stretch, movements.c.kind == UNIT),
        members_reported=shown(_arrived(connection, stretch, movements.c.kind != UNIT)),
        proposed=became["proposed"],
        confirmed=became["confirmed"],
        fulfilled=became["fulfilled"],
        revoked=became["revoked"],
        expired=became["expired"],
        median_wait_s=_median_wait(connection, stretch),
        claims_made=_claims_made(connection, stretch),
        claims=tuple(OutcomeCount(outcome=outcome, count=count) for outcome, count in sorted(outcomes.items())),
        satisfaction=satisfaction(connection, stretch),
        whistles=whistles(connection, stretch),
        categories=_categories(connection, stretch),
        lives=_lives(connection, stretch, as_of),
    )


def _count(connection: Connection, wanted: ColumnElement[bool]) -> int:
    found: int = connection.execute(select(func.count()).where(wanted)).scalar_one()
    return found


def _arrived(connection: Connection, stretch: Stretch, whose: ColumnElement[bool]) -> int:
    """Count enrolments by when they began, whatever became of them: later versions of one say the same instant."""
    begun = select(movements.c.party, movements.c.kind, movements.c.at).distinct()
    wanted = stretch.has(movements.c.at, movements.c.community)
    query = select(func.count()).select_from(begun.where(movements.c.is_arrival, whose, wanted).subquery())
    return connection.execute(query).scalar_one()


def _posted(connection: Connection, stretch: Stretch) -> tuple[int, int]:
    query = select(func.count(), func.coalesce(func.sum(demands.c.asked), 0))
    row = connection.execute(query.where(stretch.has(demands.c.posted_at, demands.c.community))).one()
    return row[0], int(row[1])


def _became(connection: Connection, stretch: Stretch) -> Counter[str]:
    query = select(feed.c.type, func.count()).where(stretch.has(feed.c.at, feed.c.community)).group_by(feed.c.type)
    return Counter(dict(connection.execute(query).tuples().all()))


def _median_wait(connection: Connection, stretch: Stretch) -> int | None:
    """Return the median of the times from posting to proposal, in seconds."""
    waited = micros(assignments.c.proposed_at) - micros(demands.c.posted_at)
    query = (
        select(waited)
        .join_from(assignments, demands, demands.c.demand_id == assignments.c.demand_id)
        .where(stretch.has(assignments.c.proposed_at, assignments.c.community))
    )
    return median_s(connection.execute(query).scalars().all())


def _claims_made(connection: Connection, stretch: Stretch) -> int:
    query = select(func.count()).select_from(claims).join(demands, demands.c.demand_id == claims.c.demand_id)
    return connection.execute(query.where(stretch.has(claims.c.made_at, demands.c.community))).scalar_one()


def _outcomes(connection: Connection, stretch: Stretch) -> dict[str, int]:
    query = (
        select(claim_outcomes.c.outcome, func.count())
        .join(claims, claims.c.claim_id == claim_outcomes.c.claim_id)
        .join(demands, demands.c.demand_id == claims.c.demand_id)
        .where(stretch.has(claim_outcomes.c.decided_at, demands.c.community))
        .group_by(claim_outcomes.c.outcome)
    )
    return dict(connection.execute(query).tuples().all())


def _categories(connection: Connection, stretch: Stretch) -> tuple[CategoryFigures, ...]:
    query = (
        select(
            demand_lines.c.category,
            func.count(demands.c.demand_id.distinct()).label("demands"),
            func.sum(demand_lines.c.quantity).label("seats"),
        )
        .join(demands, demands.c.demand_id == demand_lines.c.demand_id)
        .where(stretch.has(demands.c.posted_at, demands.c.community))
        .group_by(demand_lines.c.category)
    )
    asked = {row.category: row for row in connection.execute(query)}
    served = (
        select(feed.c.category, func.count())
        .where(feed.c.type == "fulfilled", stretch.has(feed.c.at, feed.c.community))
        .group_by(feed.c.category)
    )
    done = dict(connection.execute(served).tuples().all())
    return tuple(
        CategoryFigures(
            category=category,
            demands=asked[category].demands if category in asked else 0,
            seats=int(asked[category].seats) if category in asked else 0,
            fulfilled=done.get(category, 0),
        )
        for category in sorted({*asked, *done})
    )


def _lives(connection: Connection, stretch: Stretch, as_of: datetime) -> tuple[KindFigures, ...]:
    begun, ended = _begun_and_ended(connection, stretch)
    standing, overdue = _at_the_end(connection, stretch, as_of)
    stays = _stays(connection, stretch)
    kinds = sorted({*begun, *ended, *standing, *stays})
    return tuple(
        _of_kind(kind, begun[kind], ended[kind], standing.get(kind, {}), overdue[kind], stays.get(kind, {}))
        for kind in kinds
    )


def _of_kind(
    kind: str,
    begun: int,
    ended: int,
    standing: Mapping[str, int],
    overdue: int,
    stays: Mapping[str, list[int]],
) -> KindFigures:
    """Return the figures of one kind; small ones are hidden where its lives are people."""
    states = [state for state in BY_KIND[kind].states if state in standing]
    stages = [state for state in BY_KIND[kind].states if state in stays]
    counts: list[int | None] = [standing[state] for state in states]
    left: list[int | None] = [len(stays[state]) for state in stages]
    is_open = sum(standing[state] for state in states if BY_KIND[kind].states[state].is_open)
    totals: list[int | None] = [begun, ended, is_open, overdue]
    if kind in OF_PEOPLE:
        counts = shown_among([standing[state] for state in states])
        left = shown_among([len(stays[state]) for state in stages])
        totals = [shown(total) for total in (begun, ended, is_open, overdue)]
    return KindFigures(
        kind=kind,
        begun=totals[0],
        ended=totals[1],
        open=totals[2],
        overdue=totals[3],
        standing=tuple(StateCount(state=state, standing=count) for state, count in zip(states, counts, strict=True)),
        stages=tuple(
            StageFigures(state=state, left=count, median_stay_s=None if count is None else median_s(stays[state]))
            for state, count in zip(stages, left, strict=True)
        ),
    )


def _begun_and_ended(connection: Connection, stretch: Stretch) -> tuple[Counter[str], Counter[str]]:
    query = (
        select(steps.c.kind, steps.c.before, steps.c.after, func.count().label("number"))
        .where(stretch.has(steps.c.at, steps.c.community))
        .group_by(steps.c.kind, steps.c.before, steps.c.after)
    )
    begun, ended = Counter[str](), Counter[str]()
    for row in connection.execute(query):
        states = BY_KIND[row.kind].states
        if row.before is None:
            begun[row.kind] += row.number
        was_open = row.before is None or states[row.before].is_open
        if was_open and not states[row.after].is_open:
            ended[row.kind] += row.number
    return begun, ended


def _at_the_end(
    connection: Connection, stretch: Stretch, as_of: datetime
) -> tuple[dict[str, dict[str, int]], Counter[str]]:
    """Return lives by kind and state as they stand at the end of a stretch, and how many of each are overdue then."""
    followed = exists().where(
        _later.c.kind == steps.c.kind,
        _later.c.id == steps.c.id,
        _later.c.step == steps.c.step + 1,
        _later.c.at < stretch.until,
    )
    late = func.sum(case((steps.c.due_at <= as_of, 1), else_=0))
    query = (
        select(steps.c.kind, steps.c.after, func.count().label("number"), late.label("late"))
        .where(steps.c.at < stretch.until, in_region(steps.c.community, stretch.region), ~followed)
        .group_by(steps.c.kind, steps.c.after)
    )
    standing: dict[str, dict[str, int]] = defaultdict(dict)
    overdue = Counter[str]()
    for row in connection.execute(query):
        standing[row.kind][row.after] = row.number
        overdue[row.kind] += int(row.late)
    return standing, overdue


def _stays(connection: Connection, stretch: Stretch) -> dict[str, dict[str, list[int]]]:
    """Return how long each life had stayed in the state that it left within the stretch, in microseconds."""
    stayed = micros(steps.c.at) - micros(steps.c.since)
    query = select(steps.c.kind, steps.c.before, stayed).where(
        steps.c.before.is_not(None), steps.c.before != steps.c.after, stretch.has(steps.c.at, steps.c.community)
    )
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for kind, state, stay in connection.execute(query).tuples():
        found[kind][state].append(stay)
    return found
