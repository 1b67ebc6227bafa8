"""What people asked for as a city's hotline reads it: needs, and entries of the demand list that have none.

1. A need is open until it is confirmed, merged, declined or cancelled, or was taken off the list by hand.
2. An entry that was posted without a need is open until it is fulfilled, lapsed or withdrawn.
3. A need that took over an entry is as old as that entry.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, false, func, or_, select, union_all

from api.readmodel.queries.demands import view_of
from api.readmodel.queries.filters import in_region
from api.readmodel.tables import demand_lines, demands, lives
from api.readmodel.views import DemandView
from schemas.lives.demand import Need

_NEED_CLOSED = ("confirmed", "closed", "merged", "declined", "cancelled")
_ENTRY_CLOSED = ("fulfilled", "lapsed", "withdrawn")
_POSTED_ANEW = (2, 3)
"""How long the end of an id is that says how often a need was posted: ``.2`` to ``.99``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to narrow by; what is empty does not narrow, nor does None."""

    region: str = ""
    ids: Sequence[str] = ()
    items: Collection[str] | None = None
    is_open: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for: an entry of the list, or a need with its newest entry, where it has one."""

    id: str
    what: Need | DemandView
    entry: DemandView | None
    requested_at: datetime
    is_open: bool


def list_requests(connection: Connection, *, wanted: Wanted, limit: int) -> tuple[Asked, ...]:
    """Return what was asked for, the newest first; ``until`` belongs to the stretch, as the standard has it."""
    both = union_all(_needs(wanted), _entries(wanted)).subquery()
    newest = select(both).order_by(both.c.requested_at.desc(), both.c.id.desc()).limit(limit)
    if wanted.is_open is not None:
        newest = newest.where(both.c.closed == int(not wanted.is_open))
    rows = connection.execute(newest).all()
    needs = _needs_of(connection, [row.id for row in rows])
    names = {row.id: needs[row.id].entry if row.id in needs else row.id for row in rows}
    entries = _entries_of(connection, [name for name in names.values() if name is not None])
    found: dict[str, Need | DemandView] = {**entries, **needs}
    return tuple(
        Asked(
            id=row.id,
            what=found[row.id],
            entry=entries.get(names[row.id] or ""),
            requested_at=row.requested_at,
            is_open=not row.closed,
        )
        for row in rows
    )


def _needs(wanted: Wanted) -> Select[Any]:
    first, again = demands.c, demands.alias("again").c
    off_list = and_(
        lives.c.state == "published",
        func.coalesce(first.state, "") == "withdrawn",
        ~exists().where(again.demand_id == lives.c.id + ".2"),
    )
    asked_at = case((first.posted_at < lives.c.opened_at, first.posted_at), else_=lives.c.opened_at)
    closed = case((lives.c.state.in_(_NEED_CLOSED), 1), (off_list, 1), else_=0)
    query = (
        select(lives.c.id, asked_at.label("requested_at"), closed.label("closed"))
        .outerjoin_from(lives, demands, first.demand_id == lives.c.id)
        .where(lives.c.kind == "demand", in_region(lives.c.community, wanted.region))
    )
    if wanted.ids:
        query = query.where(lives.c.id.in_(wanted.ids))
    if wanted.items is not None:
        written = (lives.c.body.contains(f'"item":"{item}"', autoescape=True) for item in wanted.items)
        query = query.where(or_(false(), *written))
    if wanted.since is not None:
        query = query.where(lives.c.opened_at >= wanted.since, asked_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(asked_at <= wanted.until)
    return query


def _entries(wanted: Wanted) -> Select[Any]:
    table = demands.c
    stems = [func.substr(table.demand_id, 1, func.length(table.demand_id) - tail) for tail in _POSTED_ANEW]
    anew = [
        and_(table.demand_id.like("%." + "_" * (tail - 1)), lives.c.id == stem)
        for tail, stem in zip(_POSTED_ANEW, stems, strict=True)
    ]
    of_a_need = [exists().where(lives.c.kind == "demand", named) for named in (lives.c.id == table.demand_id, *anew)]
    closed = case((table.state.in_(_ENTRY_CLOSED), 1), else_=0)
    query = select(table.demand_id.label("id"), table.posted_at, closed).where(
        in_region(table.community, wanted.region), ~or_(*of_a_need)
    )
    if wanted.ids:
        query = query.where(table.demand_id.in_(wanted.ids))
    if wanted.items is not None:
        asked = (demand_lines.c.demand_id == table.demand_id, demand_lines.c.item.in_(wanted.items))
        query = query.where(exists().where(*asked))
    if wanted.since is not None:
        query = query.where(table.posted_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.posted_at <= wanted.until)
    return query


def _needs_of(connection: Connection, ids: Sequence[str]) -> dict[str, Need]:
    query = select(lives.c.id, lives.c.body).where(lives.c.kind == "demand", lives.c.id.in_(ids))
    return {row.id: Need.model_validate_json(row.body) for row in connection.execute(query)}


def _entries_of(connection: Connection, ids: Sequence[str]) -> dict[str, DemandView]:
    query = select(demands).where(demands.c.demand_id.in_(ids))
    return {row.demand_id: view_of(row) for row in connection.execute(query)}
