"""A member reports by residence, serves, and moves on; a unit is entered, and logs off; one is not taken in."""

from typing import Final

from schemas.lives.enrolment import (
    EnrolmentApplied,
    EnrolmentGranted,
    EnrolmentLoggedOff,
    EnrolmentPosted,
    EnrolmentRefused,
    EnrolmentRegistered,
    EnrolmentRelieved,
    EnrolmentResumed,
    EnrolmentReturned,
    EnrolmentRevised,
    EnrolmentStarted,
    EnrolmentTransferred,
)
from schemas.stories.teller import CENTRE, MEMBER, Teller

_member = Teller("e-20261102-0001")
_unit = Teller("e-20261102-0002")
_stranger = Teller("e-20261102-0003")

STORY: Final = (
    _member.tell(
        EnrolmentApplied, by=MEMBER, party=MEMBER, kind="residence", member_class="in_service",
        home_unit=CENTRE, skills=("elder_care.hair_cut",),
    ),
    _member.tell(EnrolmentReturned, reason="请补充可服务的时间"),
    _member.tell(
        EnrolmentResumed, by=MEMBER,
        availability=(
            {
                "first": {"start": "2026-11-07T09:00:00+08:00", "end": "2026-11-07T12:00:00+08:00"},
                "rule": "FREQ=WEEKLY;BYDAY=SA",
            },
        ),
    ),
    _member.tell(EnrolmentGranted),
    _member.tell(EnrolmentPosted, post="p-20261101-0001"),
    _member.tell(EnrolmentStarted, by=MEMBER),
    _member.tell(EnrolmentRevised, by=MEMBER, skills=("elder_care.hair_cut", "elder_care.home_visit")),
    _member.tell(EnrolmentRelieved, reason="岗位已结束"),
    _member.tell(EnrolmentTransferred, by=MEMBER, to="310105002001", reason="搬家"),
    _unit.tell(EnrolmentRegistered, party=CENTRE, name="长宁区为老服务中心（示例）", industry_system="civil_affairs"),
    _unit.tell(EnrolmentLoggedOff, by=CENTRE, reason="机构迁往外区"),
    _stranger.tell(
        EnrolmentApplied, by="member:m-91c2", party="member:m-91c2", kind="residence", member_class="mobile"
    ),
    _stranger.tell(EnrolmentRefused, reason="不在本社区居住"),
)  # fmt: skip
