"""Orders 订单: what of a line is ordered and not met yet, and what rounds made of a pair."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from api.readmodel.queries.assignments import assignments_of
from api.readmodel.queries.shares import shares_of
from api.readmodel.tables import LIVE, assignments, lives
from api.readmodel.views import AssignmentView
from schemas.lives.order import Order
from schemas.sharing import EVER

_TAKING = (*LIVE, "fulfilled")


def orders_of(connection: Connection, *, demand_id: str, line: int, besides: str) -> list[Order]:
    """Return the open orders of a line, but for one of them."""
    held = shares_of(connection, kind="order", name=f"{demand_id}/{line}", span=EVER)
    wanted = [order_id for order_id, _, _ in held if order_id != besides]
    query = select(lives.c.body).where(lives.c.kind == "order", lives.c.id.in_(wanted))
    return [Order.model_validate_json(body) for body in connection.execute(query).scalars()]


def unmet_of(connection: Connection, orders: Sequence[Order]) -> int:
    """Return how many seats orders are for that no round has filled yet."""
    return sum(
        max(0, each.quantity - _filled(connection, each.demand_id, each.line, each.resource_id)) for each in orders
    )


def pair_of(connection: Connection, *, demand_id: str, line: int, resource_id: str) -> tuple[AssignmentView, ...]:
    """Return the assignments of a line and a resource, the newest first."""
    found = assignments_of(connection, demand_id=demand_id, resource_id=resource_id)
    return tuple(each for each in found if each.line == line)


def _filled(connection: Connection, demand_id: str, line: int, resource_id: str) -> int:
    query = select(func.count()).where(
        assignments.c.demand_id == demand_id,
        assignments.c.line == line,
        assignments.c.resource_id == resource_id,
        assignments.c.phase.in_(_TAKING),
    )
    return int(connection.execute(query).scalar_one())
