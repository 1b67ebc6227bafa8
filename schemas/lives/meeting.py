"""Joint meetings 联席会议: called in series with a chair in turn, attended across levels, and what they resolve.

1. A series belongs to a region; its meetings are counted. Who chairs is next in the rotation after who chaired last.
2. Offices and communities of lower levels are members like any others.
3. Only the chair or whoever called it says what was resolved. Of a project a meeting resolves once.
4. A resolution may give tasks; what it says of a project is that project's review (``api.lives.meeting``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field

from schemas.base import Detail, EntityId, EntryRef, Fact, Moment, PartyRef, Reason, Title
from schemas.lifecycle import PLACE, Life, Lifecycle, Move, State, Step
from schemas.lives.project_steps import Verdict
from schemas.lives.task import WorkList
from schemas.refusals import Refused
from schemas.regions import Level, level_of

Place = Annotated[int, Field(ge=1, le=1000, description="By its place, counted from 1.")]
Members = Annotated[tuple[PartyRef, ...], Field(min_length=1, max_length=200)]
MeetingLevel = Literal["province", "city", "district", "street", "community"]
_LEVELS: Final[dict[Level, MeetingLevel]] = {
    Level.PROVINCE: "province",
    Level.CITY: "city",
    Level.DISTRICT: "district",
    Level.STREET: "street",
    Level.COMMUNITY: "community",
}


class AgendaItem(Fact):
    """What is talked about, such as ``project:p-…``."""

    title: Title
    about: EntryRef | None = None


class TaskOrder(Fact):
    """A task that a resolution gives."""

    title: Title
    assignee: PartyRef
    due: Moment | None = None
    list: WorkList = WorkList.TASK


class MeetingCalled(Step):
    """A meeting was called; what is left out is as at the last one of its series, and the chair is the next in turn."""

    title: Title
    series: EntityId
    starts_at: Moment
    agenda: Annotated[tuple[AgendaItem, ...], Field(max_length=100)] = ()
    members: Members | None = None
    rotation: Annotated[Members | None, Field(description="Who takes turns in the chair; left out, every member.")] = (
        None
    )
    chair: PartyRef | None = None
    number: Annotated[int | None, Field(ge=1, le=9999, description="Within its series; left out, the next one.")] = None


class MeetingItemAdded(Step):
    """Something was put on the agenda."""

    item: AgendaItem


class MeetingPostponed(Step):
    """It is held another day."""

    starts_at: Moment
    reason: Reason


class MeetingHeld(Step):
    """It was held, and these were present."""

    present: Members
    chair: Annotated[PartyRef | None, Field(description="Who took the chair, where it was somebody else.")] = None
    minutes: Detail = ""


class MeetingResolved(Step):
    """It resolved on an item of its agenda."""

    item: Place
    text: Reason
    verdict: Annotated[Verdict | None, Field(description="Of a project: approve, return or reject it.")] = None
    tasks: Annotated[tuple[TaskOrder, ...], Field(max_length=20)] = ()


class MeetingClosed(Step):
    """Its minutes are closed."""


class MeetingCancelled(Step):
    """It was not held."""

    reason: Reason


class Resolution(Fact):
    """What was resolved, counted from 1 by its place."""

    item: int
    text: Reason
    verdict: Verdict | None = None
    tasks: tuple[TaskOrder, ...] = ()
    at: Moment


class Meeting(Life):
    """A joint meeting as it stands."""

    series: EntityId
    number: int
    level: MeetingLevel = "community"
    starts_at: Moment
    agenda: tuple[AgendaItem, ...] = ()
    members: tuple[PartyRef, ...]
    rotation: tuple[PartyRef, ...]
    chair: PartyRef
    present: tuple[PartyRef, ...] = ()
    minutes: Detail = ""
    resolutions: tuple[Resolution, ...] = ()
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who called it, the members, and who has a task of it."""
        assigned = (task.assignee for resolution in self.resolutions for task in resolution.tasks)
        return (self.opened_by, *self.members, *assigned)

    @property
    def holds(self) -> str:
        """Its place in its series."""
        return f"{series_prefix(self.community, self.series)}{self.number:04}"

    @property
    def wanted_by(self) -> datetime | None:
        """The day it is to be held."""
        return self.starts_at if self.state == "called" else None

    @classmethod
    def born(cls, fact: Step) -> Self:
        """Return a meeting; raise Refused where it has no members, or a chair who is none."""
        said = fact.model_dump(include={"members", "rotation", "chair", "number"})
        missing = [name for name in ("members", "chair", "number") if not said.get(name)]
        if missing:
            raise Refused("invalid_value", f"the first meeting of a series says its {missing[0]}")
        rotation = said["rotation"] or said["members"]
        strangers = {said["chair"], *rotation} - set(said["members"])
        if strangers:
            raise Refused("not_a_party", f"not members: {', '.join(sorted(strangers))}")
        whole = fact.model_copy(update={"rotation": tuple(rotation)})
        return super().born(whole).model_copy(update={"level": _LEVELS[level_of(fact.community)]})

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes; raise Refused where it cannot be."""
        match fact:
            case MeetingItemAdded():
                return {"agenda": (*self.agenda, fact.item)}
            case MeetingHeld():
                self._must_be_members(fact.present, *([fact.chair] if fact.chair else []))
                return {"present": fact.present, "chair": fact.chair or self.chair, "minutes": fact.minutes}
            case MeetingResolved():
                return {"resolutions": (*self.resolutions, self._resolved(fact))}
            case _:
                return super().after(fact)

    def _must_be_members(self, present: Sequence[str], *others: str) -> None:
        strangers = {*present, *others} - set(self.members)
        if strangers:
            raise Refused("not_a_party", f"not members: {', '.join(sorted(strangers))}")

    def _resolved(self, fact: MeetingResolved) -> Resolution:
        if fact.by not in (self.chair, self.opened_by):
            raise Refused("not_a_party", f"{self.chair} has the chair")
        if fact.item > len(self.agenda):
            raise Refused("unknown_reference", f"item {fact.item} of {len(self.agenda)}")
        about = self.agenda[fact.item - 1].about or ""
        if (fact.verdict is not None) != about.startswith("project:"):
            raise Refused("invalid_value", "a verdict is for a project, and a project needs one")
        if fact.verdict is not None and any(self.agenda[each.item - 1].about == about for each in self.resolutions):
            raise Refused("already_done", f"resolved on {about}")
        return Resolution(at=fact.at, **fact.model_dump(include={"item", "text", "verdict", "tasks"}))


def series_prefix(region: str, series: str) -> str:
    """Return what the names of all meetings of a series begin with."""
    return f"{region}/{series}#"


def next_chair(rotation: Sequence[PartyRef], last: PartyRef | None) -> PartyRef:
    """Return who is next after ``last``; the first where nobody was, or who was takes no turns any more."""
    return rotation[(rotation.index(last) + 1) % len(rotation)] if last in rotation else rotation[0]


_OFFICES: Final = ("community", "office")
_CHAIRING: Final = ("chair", "opened_by")

MEETING: Final = Lifecycle(
    kind="meeting",
    plural="meetings",
    zh="联席会议",
    en="joint meeting",
    record=Meeting,
    refuses=("unknown_reference", "not_ready", "not_a_party", "already_done", "too_early"),
    states={
        "called": State("已召集", "called"),
        "held": State("已召开", "held", days=14),
        "closed": State("已结", "closed", is_open=False),
        "cancelled": State("已取消", "cancelled", is_open=False),
    },
    moves=(
        Move("call", MeetingCalled, "召集", (), "called", _OFFICES, en="call a meeting"),
        Move("add_item", MeetingItemAdded, "增加议题", ("called",), None, whose=("members", "opened_by", PLACE)),
        Move("postpone", MeetingPostponed, "改期", ("called",), None, _OFFICES, whose=(*_CHAIRING, PLACE)),
        Move("hold", MeetingHeld, "召开", ("called",), "held", whose=("members", "opened_by", PLACE)),
        Move("resolve", MeetingResolved, "决议", ("held",), None, whose=_CHAIRING),
        Move("close", MeetingClosed, "结会", ("held",), "closed", whose=_CHAIRING),
        Move("cancel", MeetingCancelled, "取消", ("called",), "cancelled", _OFFICES, whose=(*_CHAIRING, PLACE)),
    ),
)
