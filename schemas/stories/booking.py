"""A member books the hall of a centre and comes; another does not come, a third is told no, a fourth gives it back."""

from typing import Any, Final

from schemas.lifecycle import Step
from schemas.lives.booking import (
    BookingCancelled,
    BookingClosed,
    BookingConfirmed,
    BookingDeclined,
    BookingMissed,
    BookingRequested,
    BookingUsed,
)
from schemas.stories.teller import CENTRE, MEMBER, Teller, day

_came = Teller("b-20261102-0001")
_missed = Teller("b-20261102-0002")
_declined = Teller("b-20261102-0003")
_cancelled = Teller("b-20261102-0004")


def _asked(teller: Teller, *, hour: int, **said: Any) -> Step:
    return teller.tell(
        BookingRequested, by=MEMBER, resource_id="r-20261102-0007", title="多功能厅", provider=CENTRE, seats=1, room=1,
        start=day(5, hour), end=day(5, hour + 2), **said,
    )  # fmt: skip


STORY: Final = (
    _asked(_came, hour=9, people=12, purpose="支部学习"),
    _came.tell(BookingConfirmed, by=CENTRE),
    _asked(_missed, hour=13, auto=True, fee=80),
    _missed.tell(BookingConfirmed, by=CENTRE),
    _asked(_declined, hour=15),
    _declined.tell(BookingDeclined, by=CENTRE, reason="当日检修"),
    _asked(_cancelled, hour=17),
    _cancelled.tell(BookingCancelled, by=MEMBER, reason="改期"),
    _came.tell(BookingUsed, by=CENTRE, on=5, came=11),
    _came.tell(BookingClosed, by=CENTRE, remark="场地整洁"),
    _missed.tell(BookingMissed, by=CENTRE, on=5),
    _missed.tell(BookingClosed, by=CENTRE),
)
