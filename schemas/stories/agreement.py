"""A centre and a community agree on a room and lunches, keep it, and renew it; two other agreements end."""

from typing import Any, Final

from schemas.lives.agreement import (
    AgreementClauseAdded,
    AgreementClauseFulfilled,
    AgreementClauseStruck,
    AgreementDrafted,
    AgreementExpired,
    AgreementFulfilmentConfirmed,
    AgreementFulfilmentDisputed,
    AgreementRenewed,
    AgreementReopened,
    AgreementSigned,
    AgreementTerminated,
)
from schemas.stories.teller import CENTRE, HALL, Teller, day

_lunch = Teller("a-20261102-0001")
_short = Teller("a-20261102-0002")
_idle = Teller("a-20261102-0003")
_ROOM: Final = {
    "promise": "工作日午间开放餐厅",
    "promised_by": CENTRE,
    "resources": ("r-20261116-0007",),
    "due": day(60),
}
_HANDS: Final = {"promise": "每日安排两名志愿者", "promised_by": HALL, "quantity": 2, "due": day(60)}
_TERMS: Final[dict[str, Any]] = {"signatories": (HALL, CENTRE), "valid_from": day(5), "valid_to": day(370)}

STORY: Final = (
    _lunch.tell(AgreementDrafted, title="长者午餐桌共建协议", project="p-20261102-0001", **_TERMS),
    _lunch.tell(AgreementClauseAdded, clause=_ROOM),
    _lunch.tell(AgreementClauseAdded, clause=_HANDS),
    _lunch.tell(AgreementSigned),
    _lunch.tell(AgreementReopened, by=CENTRE, reason="志愿者人数有误"),
    _lunch.tell(AgreementClauseStruck, clause=2, reason="志愿者人数有误"),
    _lunch.tell(AgreementClauseAdded, clause=_HANDS | {"quantity": 3}),
    _lunch.tell(AgreementSigned, by=CENTRE),
    _lunch.tell(AgreementSigned),
    _lunch.tell(AgreementClauseFulfilled, clause=2, quantity=2, note="两名志愿者到岗"),
    _lunch.tell(AgreementFulfilmentDisputed, by=CENTRE, fulfilment=1, reason="只到一名"),
    _lunch.tell(AgreementClauseFulfilled, clause=2, quantity=3),
    _lunch.tell(AgreementFulfilmentConfirmed, by=CENTRE, fulfilment=2),
    _lunch.tell(AgreementRenewed, valid_to=day(735), on=340),
    _lunch.tell(AgreementRenewed, by=CENTRE, valid_to=day(735)),
    _short.tell(AgreementDrafted, title="暑期场地协议", clauses=(_ROOM,), **_TERMS | {"valid_to": day(30)}),
    _short.tell(AgreementSigned),
    _short.tell(AgreementSigned, by=CENTRE),
    _short.tell(AgreementExpired, by="system:clock", on=31),
    _idle.tell(AgreementDrafted, title="图书漂流协议", **_TERMS),
    _idle.tell(AgreementTerminated, by=CENTRE, reason="另签新协议"),
)
