"""Steps of lives in the order in which the read model took them in: what a reader follows by ``seq``."""

from sqlalchemy import Connection, and_, func, select

from api.readmodel.lifeviews import StepRow
from api.readmodel.tables import life_parties, lives, steps

_SHOWN = ("seq", "event_id", "kind", "id", "step", "action", "before", "after", "community", "by", "at", "due_at")


def steps_head(connection: Connection) -> int:
    """Return the ``seq`` of the newest step, 0 where there is none."""
    return connection.execute(select(func.max(steps.c.seq))).scalar() or 0


def steps_after(connection: Connection, *, seq: int, limit: int = 500) -> tuple[StepRow, ...]:
    """Return the next steps after ``seq``, oldest first."""
    life = and_(lives.c.kind == steps.c.kind, lives.c.id == steps.c.id)
    query = select(*(steps.c[name] for name in _SHOWN), lives.c.title).join(lives, life).where(steps.c.seq > seq)
    rows = connection.execute(query.order_by(steps.c.seq).limit(limit))
    return tuple(StepRow.model_validate(dict(row._mapping)) for row in rows)


def parties_of(connection: Connection, *, kind: str, life_id: str) -> tuple[str, ...]:
    """Return whom a life concerns, or ever concerned."""
    query = select(life_parties.c.party).where(life_parties.c.kind == kind, life_parties.c.id == life_id)
    return tuple(connection.execute(query.order_by(life_parties.c.party)).scalars())
