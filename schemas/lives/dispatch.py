"""Dispatches 战时调度: one order asks for people in every community of a region, and calls up those who can come.

1. It is called while an emergency is in force, and follows from it alone: ids of what it posts follow from its own.
2. Each community asks for so many of one item. Members who live there are called up; where they are fewer than are
   asked for, those too who are enrolled there by their unit.
3. To be called up is to be offered, not to be sent: a round proposes, and whoever is proposed may say no, without cost.
"""

from hashlib import blake2b
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from schemas.base import Detail, EntityId, ItemId, PartyRef, Reason, RegionCode, Title, Window
from schemas.demands import Channel, Demand, DemandLine, Urgency
from schemas.enrolment import MemberEnrolled
from schemas.lifecycle import Life, Lifecycle, Move, State, Step
from schemas.resources import Resource

MOST_COMMUNITIES: Final = 500


class DispatchCalled(Step):
    """An office calls up people of every community of its region; ``quantity`` is how many each asks for."""

    title: Title
    detail: Detail = ""
    item: ItemId
    quantity: Annotated[int, Field(ge=1, le=1000)]
    window: Window
    duration_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 31)] = 60
    communities: Annotated[tuple[RegionCode, ...], Field(min_length=1, max_length=MOST_COMMUNITIES)]

    @model_validator(mode="after")
    def _the_job_fits_its_window(self) -> Self:
        if (self.window.end - self.window.start).total_seconds() < self.duration_minutes * 60:
            raise ValueError("impossible_window: the duration does not fit into the window")
        return self


class DispatchFinished(Step):
    """What it was called for is done."""

    outcome: Detail = ""


class DispatchStoodDown(Step):
    """Nobody need come any more: what it posted is withdrawn."""

    reason: Reason


class Dispatch(Life):
    """A dispatch as it stands; ``community`` is the region's code, padded."""

    detail: Detail = ""
    item: ItemId
    quantity: int
    window: Window
    duration_minutes: int = 60
    communities: tuple[RegionCode, ...]
    outcome: Detail = ""
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who called, and the communities it asks in the name of."""
        return (self.opened_by, *(f"community:{community}" for community in self.communities))

    @classmethod
    def meant(cls, fact: Step) -> dict[str, Any]:
        """Return until when it goes."""
        return {"due": fact.window.end} if isinstance(fact, DispatchCalled) else {}

    @property
    def mark(self) -> str:
        """The beginning of the ids of all that it posts."""
        return f"call-{_hash(self.id, size=8)}-"

    def demand_id(self, community: RegionCode) -> EntityId:
        """Return the id of what a community asks."""
        return self.mark + community

    def resource_id(self, party: PartyRef) -> EntityId:
        """Return the id of what a member is called up for: one for each person, however they are enrolled."""
        return self.mark + _hash(party, size=12)

    def demand(self, community: RegionCode) -> Demand:
        """Return what a community asks."""
        return Demand(
            demand_id=self.demand_id(community),
            requester=f"community:{community}",
            title=self.title,
            detail=self.detail,
            lines=(DemandLine(item=self.item, quantity=self.quantity, siblings=False),),
            community=community,
            window=self.window,
            duration_minutes=self.duration_minutes,
            urgency=Urgency.EMERGENCY,
            channel=Channel.GRID,
            posted_at=self.opened_at,
        )

    def called_up(self, member: MemberEnrolled) -> Resource:
        """Return what a member is called up for."""
        return Resource(
            resource_id=self.resource_id(member.party),
            provider=member.party,
            title=self.title,
            item=self.item,
            windows=(self.window,),
            scope=(member.community,),
            home=member.community,
            qualifications=member.qualifications,
            offered_at=self.opened_at,
        )


def _hash(name: str, *, size: int) -> str:
    return blake2b(name.encode(), digest_size=size).hexdigest()


_CALLERS: Final = ("office",)

DISPATCH: Final = Lifecycle(
    kind="dispatch",
    plural="dispatches",
    zh="战时调度",
    en="dispatch",
    record=Dispatch,
    states={
        "called": State("已下达", "called"),
        "finished": State("已完成", "finished", is_open=False),
        "stood_down": State("已解除", "stood down", is_open=False),
    },
    moves=(
        Move("call", DispatchCalled, "下达", (), "called", _CALLERS, en="call people up"),
        Move("finish", DispatchFinished, "完成", ("called",), "finished", _CALLERS),
        Move("stand_down", DispatchStoodDown, "解除", ("called",), "stood_down", _CALLERS),
    ),
    refuses=("not_in_emergency", "unknown_item", "window_passed", "impossible_window"),
)
