"""Orders 订单: what of a line is ordered and not met yet, and what rounds made of a pair."""

from sqlalchemy import Connection, func, select

from api.readmodel.queries.assignments import assignments_of
from api.readmodel.queries.shares import shares_of
from api.readmodel.tables import LIVE, assignments, lives
from api.readmodel.views import AssignmentView
from schemas.lives.order import Order
from schemas.sharing import EVER

_TAKING = (*LIVE, "fulfilled")


def unmet_of(connection: Connection, *, demand_id: str, line: int, besides: str) -> int:
    """Return the seats of a line that open orders are for, but for one of them, and that no round has filled yet."""
    held = shares_of(connection, kind="order", name=f"{demand_id}/{line}", span=EVER)
    wanted = {order_id: amount for order_id, _, amount in held if order_id != besides}
    query = select(lives.c.body).where(lives.c.kind == "order", lives.c.id.in_(wanted))
    orders = [Order.model_validate_json(body) for body in connection.execute(query).scalars()]
    return sum(max(0, order.quantity - _filled(connection, demand_id, line, order.resource_id)) for order in orders)


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
