"""The demand list 需求清单 with what was found for each entry."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Row, exists, select, true

from api.readmodel.queries.assignments import assignments_of
from api.readmodel.queries.escalations import seats_of, sitting, way_of
from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import demand_lines, demands
from api.readmodel.views import DemandDetail, DemandView, LineView, Page
from schemas.demands import Demand, Urgency

_KEY = (demands.c.posted_at, demands.c.demand_id)
_CLOSED = ("lapsed", "withdrawn")


def get_demand(connection: Connection, *, demand_id: str) -> DemandView | None:
    """Return one demand, withdrawn ones too."""
    row = connection.execute(select(demands).where(demands.c.demand_id == demand_id)).one_or_none()
    return None if row is None else view_of(row)


def demand_detail(connection: Connection, *, demand_id: str) -> DemandDetail | None:
    """Return a demand with its lines and all its assignments."""
    view = get_demand(connection, demand_id=demand_id)
    if view is None:
        return None
    query = select(demand_lines).where(demand_lines.c.demand_id == demand_id).order_by(demand_lines.c.line)
    return DemandDetail(
        view=view,
        lines=tuple(_line(row, view.demand) for row in connection.execute(query)),
        assignments=assignments_of(connection, demand_id=demand_id),
        way=way_of(connection, demand_id=demand_id),
        whereabouts=seats_of(connection, demand_id=demand_id),
    )


def list_demands(
    connection: Connection, *, filter: Filter = NO_FILTER, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[DemandView]:
    """Return demands by the time they were posted; one line in ``category`` or of ``item`` is enough."""
    query = select(demands).where(
        in_region(demands.c.community, filter.region),
        equals(demands.c.state, filter.state),
        equals(demands.c.requester, filter.party),
        between(demands.c.posted_at, filter),
        _some_line(filter),
    )
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=view_of)


def _some_line(filter: Filter) -> ColumnElement[bool]:
    if filter.category is None and filter.item is None:
        return true()
    return exists().where(
        demand_lines.c.demand_id == demands.c.demand_id,
        equals(demand_lines.c.category, filter.category),
        equals(demand_lines.c.item, filter.item),
    )


def view_of(row: Row[tuple[object, ...]]) -> DemandView:
    """Return a row of the table as people see it."""
    stored = Demand.model_validate_json(row.body)
    return DemandView(
        demand=stored.model_copy(update={"version": row.version, "urgency": Urgency(row.urgency)}),
        version=row.version,
        state=row.state,
        reason=row.reason,
        categories=_once(line.item.partition(".")[0] for line in stored.lines),
        asked=row.asked,
        filled=row.filled,
        fulfilled=row.fulfilled,
        open_seats=0 if row.state in _CLOSED else row.asked - row.filled,
        sits_in=sitting(row.sits_in),
        changed_at=row.changed_at,
    )


def _line(row: Row[tuple[object, ...]], demand: Demand) -> LineView:
    return LineView(
        line=row.line,
        item=row.item,
        category=row.category,
        quantity=row.quantity,
        siblings=demand.lines[row.line].siblings,
        together=demand.bundle or demand.lines[row.line].together,
        filled=row.filled,
        fulfilled=row.fulfilled,
    )


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
