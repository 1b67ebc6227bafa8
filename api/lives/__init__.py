"""What the steps of each kind of life ask of the lists, and what follows from them there."""

from collections.abc import Mapping
from typing import Final

from api.lives import agreement, booking, demand, enrolment, meeting, order, post, project, resource, whistle
from api.living import Practice

PRACTICES: Final[Mapping[str, Practice]] = {
    "booking": booking.PRACTICE,
    "demand": demand.PRACTICE,
    "enrolment": enrolment.PRACTICE,
    "post": post.PRACTICE,
    "project": project.PRACTICE,
    "agreement": agreement.PRACTICE,
    "meeting": meeting.PRACTICE,
    "resource": resource.PRACTICE,
    "order": order.PRACTICE,
    "whistle": whistle.PRACTICE,
}
