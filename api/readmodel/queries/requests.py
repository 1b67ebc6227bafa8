"""The demand list as a hotline asks for it: several items and states at once, within a stretch of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from api.readmodel.queries.demands import view_of
from api.readmodel.queries.filters import in_region
from api.readmodel.tables import demand_lines, demands
from api.readmodel.views import DemandView


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to narrow by; what is empty does not narrow."""

    region: str = ""
    ids: Sequence[str] = ()
    items: Sequence[str] = ()
    states: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None


def list_requests(connection: Connection, *, wanted: Wanted, limit: int) -> tuple[DemandView, ...]:
    """Return demands, the newest first; ``until`` belongs to the stretch, as the standard has it."""
    table = demands.c
    query = select(demands).where(in_region(table.community, wanted.region))
    if wanted.ids:
        query = query.where(table.demand_id.in_(wanted.ids))
    if wanted.items:
        asked = (demand_lines.c.demand_id == table.demand_id, demand_lines.c.item.in_(wanted.items))
        query = query.where(exists().where(*asked))
    if wanted.states:
        query = query.where(table.state.in_(wanted.states))
    if wanted.since is not None:
        query = query.where(table.posted_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.posted_at <= wanted.until)
    newest = query.order_by(table.posted_at.desc(), table.demand_id.desc()).limit(limit)
    return tuple(view_of(row) for row in connection.execute(newest))
