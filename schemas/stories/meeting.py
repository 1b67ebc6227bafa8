"""A street's joint meeting is put off by a week, held, and resolves on a project; another one is cancelled."""

from typing import Final

from schemas.lives.meeting import (
    MeetingCalled,
    MeetingCancelled,
    MeetingClosed,
    MeetingHeld,
    MeetingItemAdded,
    MeetingPostponed,
    MeetingResolved,
)
from schemas.stories.teller import CENTRE, HALL, STREET, Teller, day

_STREET_REGION: Final = STREET.removeprefix("office:")
_autumn = Teller("m-20261102-0001", community=_STREET_REGION)
_winter = Teller("m-20261102-0002", community=_STREET_REGION)
_MEMBERS: Final = (STREET, HALL, CENTRE)

STORY: Final = (
    _autumn.tell(
        MeetingCalled, by=STREET, title="第四季度联席会议", series="street", number=4, starts_at=day(2),
        members=_MEMBERS, chair=STREET, agenda=({"title": "长者午餐桌", "about": "project:p-20261102-0001"},),
    ),
    _autumn.tell(MeetingItemAdded, by=CENTRE, item={"title": "冬季消防"}),
    _autumn.tell(MeetingPostponed, by=STREET, starts_at=day(9), reason="防汛"),
    _autumn.tell(MeetingHeld, by=STREET, present=(STREET, CENTRE), chair=CENTRE, minutes="到会二方。", on=9),
    _autumn.tell(MeetingResolved, by=CENTRE, item=1, text="同意立项", verdict="approve"),
    _autumn.tell(
        MeetingResolved, by=CENTRE, item=2, text="清理消防通道",
        tasks=({"title": "清理消防通道", "assignee": CENTRE, "due": day(20), "list": "rectification"},),
    ),
    _autumn.tell(MeetingClosed, by=STREET),
    _winter.tell(
        MeetingCalled, by=STREET, title="临时会议", series="street", number=5, starts_at=day(12), members=_MEMBERS,
        chair=HALL,
    ),
    _winter.tell(MeetingCancelled, by=STREET, reason="并入下一次"),
)  # fmt: skip
