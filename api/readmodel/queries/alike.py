"""Open demands close by, among which one may be that says the same."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from api.readmodel.queries.filters import in_region
from api.readmodel.tables import demand_lines, demands
from schemas.demands import Demand

STREET = 9
"""Digits of a street's code."""
MOST = 200
"""So many demands of the community, and as many of the street, are compared: the newest, each a tenth of a
millisecond's work. Who says the same again does so within days."""
_OPEN = ("open", "partly_matched", "matched")


def open_beside(connection: Connection, demand: Demand) -> list[Demand]:
    """Return the newest open demands of the same community, and those of the same street and a category in common.

    The demand itself may be among them; what is fulfilled, lapsed or withdrawn is not.
    """
    categories = sorted({line.item.partition(".")[0] for line in demand.lines})
    of_category = exists().where(
        demand_lines.c.demand_id == demands.c.demand_id, demand_lines.c.category.in_(categories)
    )
    here = _newest(demands.c.community == demand.community)
    near = _newest(in_region(demands.c.community, demand.community[:STREET]), of_category)
    bodies = {row.demand_id: row.body for query in (here, near) for row in connection.execute(query)}
    return [Demand.model_validate_json(body) for body in bodies.values()]


def _newest(*narrow: ColumnElement[bool]) -> Select[Any]:
    return (
        select(demands.c.demand_id, demands.c.body)
        .where(demands.c.state.in_(_OPEN), *narrow)
        .order_by(demands.c.posted_at.desc(), demands.c.demand_id.desc())
        .limit(MOST)
    )
