"""The claims 认领 with what became of each."""

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, shard_meets
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import claim_outcomes, claims
from api.readmodel.views import ClaimView, Page

_KEY = (claims.c.made_at, claims.c.claim_id)
_STATE: ColumnElement[str] = func.coalesce(claim_outcomes.c.outcome, case((claims.c.dropped, "dropped"), else_="open"))


def get_claim(connection: Connection, *, claim_id: str) -> ClaimView | None:
    """Return one claim, settled ones too."""
    row = connection.execute(_query().where(claims.c.claim_id == claim_id)).one_or_none()
    return None if row is None else _view(row)


def list_claims(
    connection: Connection,
    *,
    demand_id: str | None = None,
    resource_id: str | None = None,
    filter: Filter = NO_FILTER,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[ClaimView]:
    """Return claims by the time they were made, of a demand, of a resource, or all; region, state and time narrow."""
    query = _query().where(
        equals(claims.c.demand_id, demand_id),
        equals(claims.c.resource_id, resource_id),
        shard_meets(claims.c.shard, filter.region),
        between(claims.c.made_at, filter),
    )
    if filter.state is not None:
        query = query.where(_STATE.in_([filter.state]))
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=_view)


def _query() -> Select[tuple[object, ...]]:
    outcome = (claim_outcomes.c.rule, claim_outcomes.c.round_no, claim_outcomes.c.decided_at)
    return select(
        *(column for column in claims.c if column.name != "dropped"), _STATE.label("state"), *outcome
    ).outerjoin(claim_outcomes, claim_outcomes.c.claim_id == claims.c.claim_id)


def _view(row: Row[tuple[object, ...]]) -> ClaimView:
    return ClaimView.model_validate(dict(row._mapping))
