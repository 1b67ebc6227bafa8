"""Clocks of whistles: how long each stage and each arrival took, and a party's own figures."""

from datetime import datetime

from sqlalchemy import Connection, select

from api.readmodel.lifeviews import StageTime
from api.readmodel.queries.filters import Filter, between, in_region
from api.readmodel.queries.times import stages_of
from api.readmodel.tables import life_parties, lives
from api.readmodel.views import View
from schemas.lives.whistle import Whistle

_MOST = 10_000
"""Whistles of one party that its figures are made of: the newest."""


class Arrival(View):
    """How long a party took to arrive, or has been awaited by now; ``late`` where its clock ran out before."""

    party: str
    seconds: float
    arrived: bool
    late: bool


class WhistleStanding(View):
    """How long it was in each stage, and how long each of those called took."""

    stages: tuple[StageTime, ...]
    arrivals: tuple[Arrival, ...]


class OwnFigures(View):
    """What a party that was called sees of itself; nobody else's figures stand beside. Means are None of nothing."""

    party: str
    called: int
    arrived: int
    in_time: int
    arrival_s: float | None
    score: float | None


def standing(connection: Connection, whistle: Whistle, now: datetime) -> WhistleStanding:
    """Return the clocks of a whistle at a moment; a closed one's have stopped."""
    stages = stages_of(connection, kind="whistle", life_id=whistle.id, now=now)
    end = now if whistle.due is not None else stages[-1].since
    return WhistleStanding(stages=stages, arrivals=_arrivals(whistle, end=end))


def own_figures(connection: Connection, *, party: str, filter: Filter) -> OwnFigures:
    """Return the figures of one party, of whistles blown in a region and stretch of time."""
    ids = select(life_parties.c.id).where(life_parties.c.party == party, life_parties.c.kind == "whistle")
    query = select(lives.c.body).where(
        lives.c.kind == "whistle",
        lives.c.id.in_(ids),
        in_region(lives.c.community, filter.region),
        between(lives.c.opened_at, filter),
    )
    newest = connection.execute(query.order_by(lives.c.opened_at.desc(), lives.c.id).limit(_MOST)).scalars()
    whistles = [Whistle.model_validate_json(body) for body in newest]
    own = [each for whistle in whistles for each in whistle.responses if each.party == party]
    took = [(each.arrived_at - each.called_at).total_seconds() for each in own if each.arrived_at is not None]
    scores = [each.score for each in own if each.score is not None]
    return OwnFigures(
        party=party,
        called=len(own),
        arrived=len(took),
        in_time=sum(each.arrived_at is not None and each.arrived_at <= each.due for each in own),
        arrival_s=sum(took) / len(took) if took else None,
        score=sum(scores) / len(scores) if scores else None,
    )


def _arrivals(whistle: Whistle, *, end: datetime) -> tuple[Arrival, ...]:
    return tuple(
        Arrival(
            party=each.party,
            seconds=((each.arrived_at or end) - each.called_at).total_seconds(),
            arrived=each.arrived_at is not None,
            late=(each.arrived_at or end) > each.due,
        )
        for each in whistle.responses
    )
