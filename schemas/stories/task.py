"""A street asks a unit to clear a fire lane; another task turns out not to be needed."""

from typing import Final

from schemas.lives.task import (
    TaskCancelled,
    TaskChecked,
    TaskExtended,
    TaskOpened,
    TaskReminded,
    TaskReported,
    TaskReturned,
    TaskStarted,
)
from schemas.stories.teller import CENTRE, STREET, Teller, day

_lane = Teller("t-20261102-0001")
_spare = Teller("t-20261102-0002")

STORY: Final = (
    _lane.tell(
        TaskOpened, by=STREET, title="清理消防通道", list="rectification", assignee=CENTRE, due=day(10),
        about=("meeting:j-20261102-0001",),
    ),
    _lane.tell(TaskStarted, by=CENTRE),
    _lane.tell(TaskReminded, by=STREET),
    _lane.tell(TaskExtended, by=STREET, due=day(14), reason="等待吊车"),
    _lane.tell(TaskReported, by=CENTRE, outcome="已清理。"),
    _lane.tell(TaskReturned, by=STREET, reason="东侧仍有杂物"),
    _lane.tell(TaskReported, by=CENTRE, outcome="东侧也已清理。"),
    _lane.tell(TaskChecked, by=STREET),
    _spare.tell(TaskOpened, by=STREET, title="再次走访", assignee=CENTRE),
    _spare.tell(TaskCancelled, by=STREET, reason="前一次已经走访"),
)  # fmt: skip
