"""Bookings 预约使用: a slot of a venue or facility, or places at an activity, from asking to having been there.

A slot is any stretch of time within the hours of what is booked. What is taken at any one moment is never more than
there is (``share``); nobody pays here, a fee is only shown. Not turning up is noted and costs nothing.
"""

from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from schemas.base import EntityId, Moment, PartyRef, Reason, Title, Window
from schemas.lifecycle import ANYBODY, PLACE, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.sharing import Share

People = Annotated[int, Field(ge=1, le=10_000)]
Fee = Annotated[int | None, Field(ge=0, le=10**13, description="What it costs, in whole units of the local currency.")]


class BookingRequested(Step):
    """Somebody asked for a slot."""

    resource_id: EntityId
    start: Moment
    end: Moment
    people: Annotated[People, Field(description="How many come.")] = 1
    seats: Annotated[
        People | None,
        Field(description="What of the capacity it takes; left out: as many places as people at activities, else one."),
    ] = None
    purpose: Title | None = None
    title: Title
    provider: PartyRef
    room: Annotated[People, Field(description="The capacity of what is booked, as it was then.")]
    fee: Fee = None
    auto: Annotated[bool, Field(description="Whether it is confirmed without asking.")] = False

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        Window(start=self.start, end=self.end)
        return self


class BookingConfirmed(Step):
    """The slot is theirs."""


class BookingDeclined(Step):
    """The slot is not given."""

    reason: Reason


class BookingCancelled(Step):
    """The slot is free again."""

    reason: Reason | None = None


class BookingUsed(Step):
    """They were there."""

    came: Annotated[People | None, Field(description="How many came.")] = None


class BookingMissed(Step):
    """Nobody came. It costs nothing."""


class BookingClosed(Step):
    """Nothing is left to say."""

    remark: Reason | None = None


_BY_PROVIDER: Final = (BookingConfirmed, BookingDeclined, BookingUsed, BookingMissed, BookingClosed)


class Booking(Life):
    """A booking of a slot as it stands."""

    resource_id: EntityId
    start: Moment
    end: Moment
    people: int = 1
    seats: int | None = None
    purpose: Title | None = None
    provider: PartyRef
    room: int
    fee: int | None = None
    auto: bool = False
    came: int | None = None
    reason: Reason | None = None
    remark: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who comes, and whose it is."""
        return (self.opened_by, self.provider)

    @property
    def slot(self) -> Window:
        """When."""
        return Window(start=self.start, end=self.end)

    @property
    def share(self) -> Share | None:
        """Its seats for the time of the slot, until it is known that nobody came."""
        if self.state == "no_show":
            return None
        return Share(self.resource_id, self.seats or 1, self.room, "slot_taken", self.slot)

    @classmethod
    def born(cls, fact: Step) -> Self:
        """Return a booking that is to be confirmed before its slot begins."""
        born = super().born(fact)
        return born.model_copy(update={"due": born.start})

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes; raise Refused ``not_yours`` where neither side nor its community takes it."""
        staff = fact.by.startswith(("community:", "office:", "system:"))
        if isinstance(fact, _BY_PROVIDER):
            if not staff and fact.by != self.provider:
                raise Refused("not_yours", f"it is for {self.provider}")
        elif not staff and fact.by not in self.parties:
            raise Refused("not_yours", "it is for whoever booked, and whose it is")
        changes = super().after(fact)
        return changes | {"due": self.end} if isinstance(fact, BookingConfirmed) else changes


BOOKING: Final = Lifecycle(
    kind="booking",
    plural="bookings",
    zh="预约",
    en="booking",
    record=Booking,
    whose=("provider", PLACE),
    states={
        "requested": State("待确认", "requested"),
        "confirmed": State("已预约", "confirmed"),
        "used": State("已使用", "used"),
        "no_show": State("未到", "no-show"),
        "closed": State("已办结", "closed", is_open=False),
        "declined": State("未获同意", "declined", is_open=False),
        "cancelled": State("已取消", "cancelled", is_open=False),
    },
    moves=(
        Move("request", BookingRequested, "申请预约", (), "requested", whose=ANYBODY, en="request a booking"),
        Move("confirm", BookingConfirmed, "确认", ("requested",), "confirmed"),
        Move("decline", BookingDeclined, "婉拒", ("requested",), "declined"),
        Move("cancel", BookingCancelled, "取消", ("requested", "confirmed"), "cancelled", whose=("parties", PLACE)),
        Move("use", BookingUsed, "到场使用", ("confirmed",), "used"),
        Move("miss", BookingMissed, "未到", ("confirmed",), "no_show"),
        Move("close", BookingClosed, "办结", ("used", "no_show"), "closed"),
    ),
    refuses=(
        "not_found",
        "impossible_window",
        "not_bookable",
        "not_admitted",
        "too_short_notice",
        "outside_hours",
        "slot_taken",
        "too_early",
    ),
)
