"""How a need stands, told from its own steps and from the assignments of its demand.

1. While it is published its stage is what the assignments say: still ``published``, ``matched``, ``accepted``,
   ``in_progress``, ``delivered``; ``lapsed`` where its time ran out, ``off_list`` where it was withdrawn by hand.
2. In every other state the stage is the state.
3. Times count by the assignments that stand: a match that was declined leaves no stage behind.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from api.readmodel.lifeviews import LifeView, StageTime
from api.readmodel.queries.assignments import assignments_of
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.lives import history_of, list_lives
from api.readmodel.queries.paging import MAX_LIMIT
from api.readmodel.queries.times import stretches
from api.readmodel.tables import feed
from api.readmodel.views import LIVE, AssignmentView, DemandView, View
from schemas.lives.demand import Need

_STANDING = (*LIVE, "fulfilled")


class NeedStanding(View):
    """The stage a need is in, its entry on the demand list, and how long it stayed in each stage."""

    stage: str
    entry: DemandView | None
    delivered: int
    stages: tuple[StageTime, ...]


def standing(connection: Connection, need: Need, now: datetime) -> NeedStanding:
    """Return how a need stands at a moment."""
    view = get_demand(connection, demand_id=need.entry) if need.entry else None
    entries = [need.id if posting == 1 else f"{need.id}.{posting}" for posting in range(1, need.postings + 1)]
    found = [each for entry in entries for each in assignments_of(connection, demand_id=entry)]
    kept = [each for each in found if each.state in _STANDING]
    stage = need.state
    if need.state == "published" and view is not None:
        stage = stage_of(view, [each for each in kept if each.demand_id == need.entry], now=now)
    marks = [*_published(connection, kept, now=now)]
    return NeedStanding(
        stage=stage,
        entry=view,
        delivered=view.fulfilled if view else 0,
        stages=stretches(_begun(_steps(connection, need), marks, now_in=stage, now=now), now=now),
    )


def needs_of(connection: Connection, *, household: str) -> tuple[LifeView[Need], ...]:
    """Return the needs of a household, the newest first."""
    newest = list_lives(connection, kind="demand", filter=Filter(party=f"household:{household}"), limit=MAX_LIMIT)
    return newest.rows


def stage_of(view: DemandView, kept: Iterable[AssignmentView], *, now: datetime) -> str:
    """Return the stage of a published need from its entry and the assignments that stand. Pure."""
    live = [each for each in kept if each.state != "fulfilled"]
    promised = [each for each in live if each.state in ("accepted", "confirmed")]
    if view.state == "fulfilled" or (view.fulfilled and not live and view.state in ("lapsed", "withdrawn")):
        return "delivered"
    if view.state == "withdrawn":
        return "off_list"
    if any(each.starts_at <= now for each in promised) or (view.fulfilled and live):
        return "in_progress"
    if promised:
        return "accepted"
    if live:
        return "matched"
    return "lapsed" if view.state == "lapsed" else "published"


_ORDER = ("published", "matched", "accepted", "in_progress", "delivered")


def _steps(connection: Connection, need: Need) -> list[tuple[datetime, str]]:
    """Return when it came to each of its states."""
    history = history_of(connection, kind="demand", life_id=need.id)
    return [(step.at, step.after) for step in history if step.before != step.after]


def _published(
    connection: Connection, kept: Sequence[AssignmentView], *, now: datetime
) -> Iterator[tuple[datetime, str]]:
    """Yield when stages of the published need began, by assignment."""
    ids = [each.assignment_id for each in kept]
    query = select(feed.c.assignment_id, feed.c.type, feed.c.at).where(feed.c.assignment_id.in_(ids))
    said = {(row.assignment_id, row.type): row.at for row in connection.execute(query)}
    for each in kept:
        yield each.proposed_at, "matched"
        accepted = said.get((each.assignment_id, "confirmed"), each.answered_at)
        if each.state != "proposed" and accepted is not None:
            yield accepted, "accepted"
            done = said.get((each.assignment_id, "fulfilled"))
            if each.starts_at <= (done or now):
                yield max(each.starts_at, accepted), "in_progress"
            if done is not None:
                yield done, "delivered"


def _begun(
    steps: Sequence[tuple[datetime, str]], marks: Sequence[tuple[datetime, str]], *, now_in: str, now: datetime
) -> list[tuple[datetime, str]]:
    """Return when each stage began, the one it is in last."""
    begun: list[tuple[datetime, str]] = []
    for place, (since, state) in enumerate(steps):
        until = steps[place + 1][0] if place + 1 < len(steps) else None
        begun.append((since, state))
        if state == "published":
            begun += _within(marks, since=since, until=until, last=now_in if until is None else "delivered")
    if begun and begun[-1][1] != now_in:
        begun.append((now, now_in))
    return begun


def _within(
    marks: Sequence[tuple[datetime, str]], *, since: datetime, until: datetime | None, last: str
) -> Iterator[tuple[datetime, str]]:
    """Yield the stages of one stretch on the list, each from the first assignment that came to it, up to ``last``."""
    furthest = _ORDER.index(last) if last in _ORDER else 0
    for stage in _ORDER[1 : furthest + 1]:
        at = [
            moment for moment, reached in marks if reached == stage and moment >= since and moment <= (until or moment)
        ]
        if at:
            since = max(at) if stage == "delivered" else min(at)
            yield since, stage
