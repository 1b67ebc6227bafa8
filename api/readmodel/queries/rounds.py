"""The rounds 轮次: figures in lists, the whole decision on request, and the prices they found."""

import zlib

from sqlalchemy import Connection, Row, func, select

from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, shard_meets
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import rounds, shards
from api.readmodel.views import Page, RoundView, ShardPrices
from schemas.rounds import RoundDecided

_KEY = (rounds.c.decided_at, rounds.c.shard, rounds.c.round_no)
_FIGURES = [column for column in rounds.c if column.name != "body"]


def get_round(connection: Connection, *, shard: str, round_no: int) -> RoundDecided | None:
    """Return a decision whole, as the log has it."""
    query = select(rounds.c.body).where(rounds.c.shard == shard, rounds.c.round_no == round_no)
    body = connection.execute(query).scalar_one_or_none()
    return None if body is None else RoundDecided.model_validate_json(zlib.decompress(body))


def list_rounds(
    connection: Connection,
    *,
    shard: str | None = None,
    filter: Filter = NO_FILTER,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[RoundView]:
    """Return rounds by time, of one shard or of all; ``region``, ``since`` and ``until`` narrow."""
    query = select(*_FIGURES).where(
        equals(rounds.c.shard, shard),
        shard_meets(rounds.c.shard, filter.region),
        between(rounds.c.decided_at, filter),
    )
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=_view)


def prices_of(connection: Connection, *, shard: str) -> ShardPrices | None:
    """Return the prices of a shard's newest round; None before its first."""
    newest = connection.execute(select(shards.c.round_no).where(shards.c.shard == shard)).scalar_one_or_none()
    decided = None if newest is None else get_round(connection, shard=shard, round_no=newest)
    if decided is None:
        return None
    return ShardPrices(
        shard=shard,
        round_no=decided.round_no,
        decided_at=decided.decided_at,
        lines=decided.line_prices,
        resources=decided.resource_prices,
    )


def shards_of(connection: Connection, *, region: str, width: int) -> list[str]:
    """Return the shards of a region that have lists: the one that holds it, or those below it with a round; sorted."""
    if len(region) >= width:
        return [region[:width]]
    listed = func.length(shards.c.shard) == width, shard_meets(shards.c.shard, region)
    return list(connection.execute(select(shards.c.shard).where(*listed).order_by(shards.c.shard)).scalars())


def _view(row: Row[tuple[object, ...]]) -> RoundView:
    return RoundView.model_validate(dict(row._mapping))
