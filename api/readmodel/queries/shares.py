"""What open lives take of something that has room for so much at any one moment."""

from sqlalchemy import Connection, select

from api.readmodel.queries.filters import equals
from api.readmodel.tables import life_shares
from schemas.base import Window


def shares_of(
    connection: Connection, *, kind: str, name: str, span: Window, shard: str | None = None
) -> list[tuple[str, Window, int]]:
    """Return the life, the span and the amount of every share of ``name`` that meets ``span``."""
    query = select(life_shares).where(
        life_shares.c.name == name,
        life_shares.c.kind == kind,
        equals(life_shares.c.shard, shard),
        life_shares.c.amount > 0,
        life_shares.c.ends_at > span.start,
        life_shares.c.starts_at < span.end,
    )
    rows = connection.execute(query.order_by(life_shares.c.starts_at, life_shares.c.id))
    return [(row.id, Window(start=row.starts_at, end=row.ends_at), row.amount) for row in rows]
