"""Lives by what they hold, closed ones too; and whether what a life refers to is there."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, select

from api.readmodel.lifeviews import LifeView
from api.readmodel.queries.assignments import get_assignment
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.lives import get_life
from api.readmodel.queries.resources import get_resource
from api.readmodel.tables import lives
from schemas.lives import BY_KIND
from schemas.refusals import Refused

_WITHDRAWN = "withdrawn"


def last_named(connection: Connection, *, kind: str, prefix: str, but: Iterable[str] = ()) -> LifeView[Any] | None:
    """Return the life of a kind whose name is the last that begins with ``prefix``, in none of the states ``but``."""
    query = (
        select(lives.c.id)
        .where(lives.c.kind == kind, lives.c.holds.startswith(prefix, autoescape=True), lives.c.state.not_in([*but]))
        .order_by(func.length(lives.c.holds).desc(), lives.c.holds.desc())
        .limit(1)
    )
    found = connection.execute(query).scalar()
    return None if found is None else get_life(connection, kind=kind, life_id=found)


def must_be_there(connection: Connection, refs: Iterable[str]) -> None:
    """Raise Refused ``unknown_reference`` for the first of ``refs`` that is on no list, or was withdrawn.

    A reference is kind and id: ``demand:d-1``, ``resource:r-1``, ``assignment:…``, or any kind of life.
    """
    for ref in refs:
        kind, _, entry_id = ref.partition(":")
        if not _is_there(connection, kind, entry_id):
            raise Refused("unknown_reference", ref)


def _is_there(connection: Connection, kind: str, entry_id: str) -> bool:
    match kind:
        case "demand":
            demand = get_demand(connection, demand_id=entry_id)
            return demand is not None and demand.state != _WITHDRAWN
        case "resource":
            resource = get_resource(connection, resource_id=entry_id)
            return resource is not None and resource.state != _WITHDRAWN
        case "assignment":
            return get_assignment(connection, assignment_id=entry_id) is not None
        case _:
            return kind in BY_KIND and get_life(connection, kind=kind, life_id=entry_id) is not None
