"""Tasks 任务清单、问题清单、整改清单: what somebody is to see to by a day, and what came of it.

Apart from the three lists: a task comes of a meeting, of a supervision, or of an entry that waits too long.
"""

from enum import StrEnum
from typing import Final

from schemas.base import Detail, EntryRef, Moment, PartyRef, Reason, Title
from schemas.lifecycle import PLACE, Life, Lifecycle, Move, State, Step


class WorkList(StrEnum):
    """On which of the lists of supervision a task stands."""

    TASK = "task"
    PROBLEM = "problem"
    RECTIFICATION = "rectification"


class TaskOpened(Step):
    """Somebody was given something to see to."""

    title: Title
    detail: Detail = ""
    list: WorkList = WorkList.TASK
    assignee: PartyRef
    about: tuple[EntryRef, ...] = ()
    due: Moment | None = None


class TaskStarted(Step):
    """Whoever it was given to began."""


class TaskReported(Step):
    """Whoever it was given to says what came of it."""

    outcome: Detail


class TaskReturned(Step):
    """What was reported does not do."""

    reason: Reason


class TaskChecked(Step):
    """Whoever gave it is content."""


class TaskReminded(Step):
    """Whoever gave it asked after it."""


class TaskExtended(Step):
    """It has more time."""

    due: Moment
    reason: Reason


class TaskCancelled(Step):
    """It need not be done."""

    reason: Reason


class Task(Life):
    """A task as it stands."""

    detail: Detail = ""
    list: WorkList = WorkList.TASK
    assignee: PartyRef
    about: tuple[EntryRef, ...] = ()
    outcome: Detail = ""
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who gave it, and to whom."""
        return (self.opened_by, self.assignee)


_GIVERS: Final = ("community", "office")

TASK: Final = Lifecycle(
    kind="task",
    plural="tasks",
    zh="任务",
    en="task",
    record=Task,
    whose=("opened_by",),
    states={
        "open": State("待办", "open", days=7),
        "under_way": State("办理中", "under way"),
        "reported": State("已反馈", "reported", days=3),
        "done": State("已办结", "done", is_open=False),
        "cancelled": State("已取消", "cancelled", is_open=False),
    },
    moves=(
        Move("open", TaskOpened, "交办", (), "open", _GIVERS, whose=(PLACE,), en="give a task"),
        Move("start", TaskStarted, "着手", ("open",), "under_way", whose=("assignee", PLACE)),
        Move("report", TaskReported, "反馈", ("open", "under_way"), "reported", whose=("assignee", PLACE)),
        Move("return", TaskReturned, "退回", ("reported",), "under_way", _GIVERS),
        Move("check", TaskChecked, "验收", ("reported",), "done", _GIVERS),
        Move("remind", TaskReminded, "催办", ("open", "under_way", "reported"), None, _GIVERS),
        Move("extend", TaskExtended, "延期", ("open", "under_way"), None, _GIVERS),
        Move("cancel", TaskCancelled, "取消", ("open", "under_way", "reported"), "cancelled", _GIVERS),
    ),
)
