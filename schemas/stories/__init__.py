"""One story per kind of life: steps that its table allows, one after the other, such that every step occurs.

A story is a list of lives; those of one id follow each other. Its steps are the examples of the contract.
"""

from typing import Final

from schemas.lifecycle import Step
from schemas.stories import (
    agreement,
    booking,
    demand,
    dispatch,
    enrolment,
    fund,
    grid,
    meeting,
    mode,
    order,
    post,
    project,
    resource,
    role,
    task,
    whistle,
)

STORIES: Final[dict[str, tuple[Step, ...]]] = {
    "enrolment": enrolment.STORY,
    "post": post.STORY,
    "role": role.STORY,
    "demand": demand.STORY,
    "resource": resource.STORY,
    "order": order.STORY,
    "booking": booking.STORY,
    "fund": fund.STORY,
    "project": project.STORY,
    "agreement": agreement.STORY,
    "meeting": meeting.STORY,
    "whistle": whistle.STORY,
    "task": task.STORY,
    "grid": grid.STORY,
    "mode": mode.STORY,
    "dispatch": dispatch.STORY,
}
