"""What the steps of each kind of life ask of the lists, and what follows from them there."""

from collections.abc import Mapping
from typing import Final

from api.lives import (
    agreement,
    booking,
    demand,
    dispatch,
    enrolment,
    fund,
    meeting,
    order,
    post,
    project,
    resource,
    whistle,
)
from api.living import Practice

PRACTICES: Final[Mapping[str, Practice]] = {
    "agreement": agreement.PRACTICE,
    "booking": booking.PRACTICE,
    "demand": demand.PRACTICE,
    "dispatch": dispatch.PRACTICE,
    "enrolment": enrolment.PRACTICE,
    "meeting": meeting.PRACTICE,
    "order": order.PRACTICE,
    "post": post.PRACTICE,
    "project": project.PRACTICE,
    "resource": resource.PRACTICE,
    "whistle": whistle.PRACTICE,
    "fund": fund.PRACTICE,
}
