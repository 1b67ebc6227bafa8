"""Haircuts for two old people: taken down by telephone, posted, rolled over, done, reopened; and other ends."""

from typing import Final

from schemas.lives.demand import (
    DemandAdopted,
    DemandAmended,
    DemandCancelled,
    DemandClosed,
    DemandCollected,
    DemandConfirmed,
    DemandDeclined,
    DemandDeferred,
    DemandJoined,
    DemandMerged,
    DemandPublished,
    DemandReconsidered,
    DemandReopened,
    DemandResubmitted,
    DemandResumed,
    DemandReturned,
    DemandRolledOver,
    DemandVerified,
)
from schemas.lives.wish import DemandClaimed, DemandRaised, DemandRealised, DemandReleased
from schemas.stories.teller import CENTRE, HALL, MEMBER, STREET, Teller, day

_HAIRCUTS: Final = [{"item": "elder_care.hair_cut", "quantity": 2}]


def _window(number: int) -> dict[str, object]:
    return {"start": day(number), "end": day(number, hour=12)}


_hair = Teller("d-20261102-0001")
_twice = Teller("d-20261102-0002")
_lift = Teller("d-20261102-0003")
_trip = Teller("d-20261102-0004")
_old = Teller("d-20261102-0005")

_wish = Teller("d-20261102-0006")

STORY: Final = (
    _hair.tell(DemandCollected, title="两位老人需要上门理发", channel="telephone", household="h-20261102-0007"),
    _hair.tell(DemandReturned, by=STREET, reason="请补充时间"),
    _hair.tell(DemandResubmitted, window=_window(12), beneficiary="elderly"),
    _hair.tell(DemandVerified, lines=_HAIRCUTS, grid="G03-02"),
    _hair.tell(DemandPublished),
    _hair.tell(DemandAmended, detail="三楼，没有电梯。"),
    _hair.tell(DemandJoined, other="d-20261102-0002", lines=[{"item": "elder_care.hair_cut", "quantity": 3}]),
    _hair.tell(DemandRolledOver, window=_window(19), on=13),
    _hair.tell(DemandConfirmed, outcome="partly", satisfaction=4, on=20),
    _hair.tell(DemandClosed),
    _hair.tell(DemandReopened, reason="还有一位老人没有轮到"),
    _twice.tell(DemandCollected, by=CENTRE, title="老人理发", channel="visit"),
    _twice.tell(DemandMerged, into="d-20261102-0001", reason="同一幢楼"),
    _lift.tell(DemandCollected, title="加装电梯", channel="council"),
    _lift.tell(DemandDeclined, reason="属于专项工程，已转住建部门"),
    _lift.tell(DemandReconsidered, by=STREET, reason="住建部门请社区先征求意见"),
    _trip.tell(DemandCollected, title="陪同就医", channel="grid"),
    _trip.tell(DemandDeferred, until=day(30), reason="门诊下月开放"),
    _trip.tell(DemandResumed, on=30),
    _trip.tell(DemandCancelled, reason="家人已陪同"),
    _wish.tell(DemandCollected, title="想要一副老花镜", channel="visit", micro_wish=True, beneficiary="elderly"),
    _wish.tell(DemandVerified, lines=[{"item": "relief.micro_wish_goods"}], window=_window(21)),
    _wish.tell(DemandPublished),
    _wish.tell(DemandRaised, to=[CENTRE]),
    _wish.tell(DemandClaimed, by=MEMBER, until=day(9)),
    _wish.tell(DemandReleased, by=MEMBER, reason="出差"),
    _wish.tell(DemandClaimed, by=CENTRE, resource="r-20261116-0007"),
    _wish.tell(DemandRealised, by=CENTRE, note="已送到家中。"),
    _wish.tell(DemandConfirmed, satisfaction=5, remark="谢谢"),
    _old.tell(
        DemandAdopted, by="system:lists", title="检修门铃", requester=HALL, first_posted_at=day(-1), window=_window(9),
        lines=[{"item": "home_repair.electric_repair"}],
    ),
)  # fmt: skip
