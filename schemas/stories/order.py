"""A centre orders two of six haircuts and delivers them; other orders end otherwise."""

from typing import Any, Final

from schemas.lifecycle import Step
from schemas.lives.order import (
    OrderAccepted,
    OrderClosed,
    OrderConfirmed,
    OrderDeclined,
    OrderDelivered,
    OrderDisputed,
    OrderExtended,
    OrderLapsed,
    OrderPlaced,
    OrderStarted,
    OrderWithdrawn,
)
from schemas.stories.teller import CENTRE, HALL, Teller, day

_done = Teller("o-20261102-0001")
_declined = Teller("o-20261102-0002")
_withdrawn = Teller("o-20261102-0003")
_late = Teller("o-20261102-0004")


def _placed(teller: Teller, **said: Any) -> Step:
    return teller.tell(
        OrderPlaced, by=CENTRE, side="provider", demand_id="d-20261102-0003", line=0, resource_id="r-20261102-0009",
        due=day(10), title="给楼里的老人理发", to=HALL, asked=6, **said,
    )  # fmt: skip


STORY: Final = (
    _placed(_done, quantity=2, note="周六上午上门"),
    _done.tell(OrderAccepted, by=HALL),
    _done.tell(OrderExtended, by=HALL, due=day(12), reason="改到下周"),
    _done.tell(OrderStarted, by=CENTRE),
    _done.tell(OrderDelivered, by=CENTRE, delivered=2),
    _done.tell(OrderDisputed, by=HALL, reason="还有一位没有轮到"),
    _done.tell(OrderDelivered, by=CENTRE, delivered=2),
    _done.tell(OrderConfirmed, by=HALL, confirmed=2),
    _done.tell(OrderClosed, by=HALL),
    _placed(_declined, quantity=1),
    _declined.tell(OrderDeclined, by=HALL, reason="已有安排"),
    _placed(_withdrawn, quantity=1),
    _withdrawn.tell(OrderWithdrawn, by=CENTRE, reason="人手不够"),
    _placed(_late, quantity=1),
    _late.tell(OrderLapsed, by=HALL, on=11),
)
