"""Open demands and needs close by, among which one may be that says the same."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from api.readmodel.queries.filters import in_region
from api.readmodel.queries.lives import get_life
from api.readmodel.tables import demand_lines, demands, lives
from schemas.demands import Demand
from schemas.lives.demand import Need

STREET = 9
"""Digits of a street's code."""
MOST = 200
"""So many demands of the community, and as many of the street, are compared: the newest, each a tenth of a
millisecond's work. Who says the same again does so within days."""
_OPEN = ("open", "partly_matched", "matched")
_NEW = ("collected", "returned", "verified", "deferred")
_AGAIN = re.compile(r"(.+)\.\d+")


def open_beside(connection: Connection, *, community: str, items: Iterable[str]) -> list[Demand | Need]:
    """Return the newest open demands of a community, those of its street with a category in common, and its new needs.

    What is fulfilled, lapsed or withdrawn is not among them, nor a need whose demand is on the list.
    """
    categories = sorted({item.partition(".")[0] for item in items})
    of_category = exists().where(
        demand_lines.c.demand_id == demands.c.demand_id, demand_lines.c.category.in_(categories)
    )
    here = _newest(demands.c.community == community)
    near = _newest(in_region(demands.c.community, community[:STREET]), of_category)
    bodies = {row.demand_id: row.body for query in (here, near) for row in connection.execute(query)}
    new = connection.execute(_new_needs(community))
    return [
        *(Demand.model_validate_json(body) for body in bodies.values()),
        *(Need.model_validate_json(row.body) for row in new),
    ]


def need_of(connection: Connection, *, entry: str) -> str:
    """Return the id of the need whose demand an entry is; its own where nobody took a step of it yet."""
    posted_anew = _AGAIN.fullmatch(entry)
    if posted_anew:
        found = get_life(connection, kind="demand", life_id=posted_anew[1])
        if found is not None and found.life.entry == entry:
            return posted_anew[1]
    return entry


def _new_needs(community: str) -> Select[Any]:
    return (
        select(lives.c.body)
        .where(lives.c.kind == "demand", lives.c.community == community, lives.c.state.in_(_NEW))
        .order_by(lives.c.opened_at.desc(), lives.c.id.desc())
        .limit(MOST)
    )


def _newest(*narrow: ColumnElement[bool]) -> Select[Any]:
    return (
        select(demands.c.demand_id, demands.c.body)
        .where(demands.c.state.in_(_OPEN), *narrow)
        .order_by(demands.c.posted_at.desc(), demands.c.demand_id.desc())
        .limit(MOST)
    )
