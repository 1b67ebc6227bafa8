"""Orders 订单式认领: one side takes of the other's list, point to point, with a quantity and a day.

A unit orders seats of a line that a community asks for, a community orders seats of what a unit offers; units' demands
and communities' resources are ordered alike. Placing an order claims the pair of line and resource for its
quantity: so many seats the next round holds where it may, until they are fulfilled by what is confirmed, or given back.
The order itself says who promised what by when, and what came of it.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from schemas.base import EntityId, Moment, PartyRef, Reason, Title
from schemas.claims import Side
from schemas.demands import MOST_LINES
from schemas.lifecycle import ANYBODY, PLACE, SYSTEM, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.sharing import Share

Quantity = Annotated[int, Field(ge=1, le=1000)]


class OrderPlaced(Step):
    """One side ordered of the other's list."""

    side: Annotated[Side, Field(description="Who orders: a provider takes a demand, a requester takes a resource.")]
    demand_id: EntityId
    line: Annotated[int, Field(ge=0, lt=MOST_LINES, description="Lines are numbered from 0.")] = 0
    resource_id: EntityId
    quantity: Annotated[Quantity, Field(description="So many seats of the line.")] = 1
    due: Annotated[Moment, Field(description="By when it is to be delivered.")]
    note: Reason | None = None
    title: Title
    to: Annotated[PartyRef, Field(description="Whose list it is: who answers.")]
    asked: Annotated[Quantity, Field(description="Seats of the line, as it was then.")]
    micro_wish: bool = False


class OrderAccepted(Step):
    """The other side agrees."""


class OrderDeclined(Step):
    """The other side says no. It costs nothing."""

    reason: Reason


class OrderWithdrawn(Step):
    """Whoever placed it takes it back."""

    reason: Reason | None = None


class OrderStarted(Step):
    """Whoever provides began."""


class OrderDelivered(Step):
    """Whoever provides says how much was done: all of it, or a part."""

    delivered: Quantity


class OrderDisputed(Step):
    """Whoever asked says that it is not so."""

    reason: Reason


class OrderConfirmed(Step):
    """Whoever asked says how much was received."""

    confirmed: Annotated[Quantity | None, Field(description="Left out: what was said to be delivered.")] = None


class OrderClosed(Step):
    """Nothing is left to do."""


class OrderExtended(Step):
    """It has more time."""

    due: Moment
    reason: Reason


class OrderLapsed(Step):
    """Its day passed without a delivery."""


_ANSWERS: Final = (OrderAccepted, OrderDeclined)
_DELIVERIES: Final = (OrderStarted, OrderDelivered)
_RECEIPTS: Final = (OrderDisputed, OrderConfirmed)


class Order(Life):
    """An order as it stands."""

    side: Side
    demand_id: EntityId
    line: int = 0
    resource_id: EntityId
    quantity: int = 1
    note: Reason | None = None
    to: PartyRef
    asked: int
    micro_wish: bool = False
    delivered: int | None = None
    confirmed: int | None = None
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who ordered, and of whom."""
        return (self.opened_by, self.to)

    @property
    def provider(self) -> PartyRef:
        """Who is to deliver."""
        return self.opened_by if self.side == "provider" else self.to

    @property
    def requester(self) -> PartyRef:
        """Who is to receive."""
        return self.to if self.side == "provider" else self.opened_by

    @property
    def holds(self) -> str | None:
        """A micro-wish: one order at a time takes it."""
        return f"wish:{self.demand_id}" if self.micro_wish else None

    @property
    def share(self) -> Share:
        """Seats of the line: open orders together never take more than it asks for."""
        return Share(f"{self.demand_id}/{self.line}", self.quantity, self.asked, "more_than_open")

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes.

        Raises:
            Refused: ``not_yours`` where the step is for the other side, ``more_than_ordered``.
        """
        if not fact.by.startswith(("office:", "system:")) and fact.by not in self._whose(fact):
            raise Refused("not_yours", f"{type(fact).__name__} is for {', '.join(self._whose(fact))}")
        changes = super().after(fact)
        match fact:
            case OrderDelivered(delivered=number) if number > self.quantity:
                raise Refused("more_than_ordered", f"{self.quantity} ordered")
            case OrderConfirmed(confirmed=None):
                changes["confirmed"] = self.delivered
            case OrderConfirmed(confirmed=number) if number is not None and number > self.quantity:
                raise Refused("more_than_ordered", f"{self.quantity} ordered")
        return changes

    def _whose(self, fact: Step) -> tuple[PartyRef, ...]:
        if isinstance(fact, _ANSWERS):
            return (self.to,)
        if isinstance(fact, OrderWithdrawn):
            return (self.opened_by,)
        if isinstance(fact, _DELIVERIES):
            return (self.provider,)
        if isinstance(fact, _RECEIPTS):
            return (self.requester,)
        return self.parties


_UNDER_WAY: Final = ("placed", "accepted", "in_delivery")
_PROVIDING: Final = ("provider", PLACE)
_RECEIVING: Final = ("requester", PLACE)

ORDER: Final = Lifecycle(
    kind="order",
    plural="orders",
    zh="订单认领",
    en="order",
    record=Order,
    whose=("parties", PLACE),
    states={
        "placed": State("待答复", "placed", days=7),
        "accepted": State("已接单", "accepted"),
        "in_delivery": State("服务中", "in delivery"),
        "delivered": State("已交付", "delivered", days=7),
        "confirmed": State("已确认", "confirmed"),
        "closed": State("已办结", "closed", is_open=False),
        "declined": State("未接单", "declined", is_open=False),
        "withdrawn": State("已撤单", "withdrawn", is_open=False),
        "lapsed": State("已逾期", "lapsed", is_open=False),
    },
    moves=(
        Move("place", OrderPlaced, "下单", (), "placed", whose=ANYBODY, en="place an order"),
        Move("accept", OrderAccepted, "接单", ("placed",), "accepted", whose=("to", PLACE)),
        Move("decline", OrderDeclined, "婉拒", ("placed",), "declined", whose=("to", PLACE)),
        Move("withdraw", OrderWithdrawn, "撤单", ("placed", "accepted"), "withdrawn", whose=("opened_by", PLACE)),
        Move("start", OrderStarted, "开始服务", ("accepted",), "in_delivery", whose=_PROVIDING),
        Move("deliver", OrderDelivered, "交付", ("accepted", "in_delivery"), "delivered", whose=_PROVIDING),
        Move("dispute", OrderDisputed, "有异议", ("delivered",), "in_delivery", whose=_RECEIVING),
        Move("confirm", OrderConfirmed, "确认", ("delivered",), "confirmed", whose=_RECEIVING),
        Move("close", OrderClosed, "办结", ("confirmed",), "closed"),
        Move("extend", OrderExtended, "延期", _UNDER_WAY, None),
        Move("lapse", OrderLapsed, "逾期", _UNDER_WAY, "lapsed", whose=("parties", PLACE, SYSTEM)),
    ),
    refuses=(
        "not_found",
        "already_withdrawn",
        "other_shard",
        "sits_elsewhere",
        "more_than_open",
        "more_than_ordered",
        "window_passed",
        "too_early",
    ),
)
