"""The demand list 需求清单: what communities, and units too, ask for."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from schemas.base import (
    Detail,
    EntityId,
    Fact,
    Grid,
    ItemId,
    Moment,
    PartyRef,
    Reason,
    RegionCode,
    Title,
    Version,
    Window,
    unsaid,
)
from schemas.recurrence import Recurrence

MOST_LINES = 20
"""Of one demand."""


class Urgency(StrEnum):
    """How pressing; a whistle 吹哨 or an emergency gets a round at once."""

    NORMAL = "normal"
    URGENT = "urgent"
    WHISTLE = "whistle"
    EMERGENCY = "emergency"


class Channel(StrEnum):
    """How the need became known."""

    VISIT = "visit"
    GRID = "grid"
    RECEPTION = "reception"
    TELEPHONE = "telephone"
    PAPER = "paper"
    HOTLINE = "hotline"
    COUNCIL = "council"
    ONLINE = "online"
    UNIT = "unit"


class Beneficiary(StrEnum):
    """For whom 老 少 幼 残 贫 病 …: a class, never a person."""

    GENERAL = "general"
    ELDERLY = "elderly"
    YOUTH = "youth"
    CHILDREN = "children"
    DISABLED = "disabled"
    POOR = "poor"
    ILL = "ill"


class Fitness(StrEnum):
    """What a job asks of whoever does it 年龄与体能: classes that a helper declares, never a day of birth."""

    ADULT = "adult"
    LIFTING = "lifting"
    HEIGHTS = "heights"
    STANDING = "standing"
    NIGHT = "night"


MOST_IN_A_TEAM: Final = 1_000
"""Seats that can be asked for wholly or not at all: a team must fit into one round's record, as a line does."""


class DemandLine(Fact):
    """So many seats of one catalogue item."""

    item: ItemId
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1
    siblings: Annotated[bool, Field(description="Whether another item of the same category would do.")] = True
    together: Annotated[
        bool, Field(exclude_if=unsaid, description="All seats or none, all at the same start 组团.")
    ] = False


class Demand(Fact):
    """One entry of the demand list, whole: every change carries all of it.

    Lines are numbered by their place, from 0. Each seat of each line is filled on its own, unless the line is
    ``together`` or the demand a ``bundle``: such lines make a team 组团, filled wholly or not at all.
    """

    demand_id: EntityId
    version: Version = 1
    requester: PartyRef
    title: Title
    detail: Detail = ""
    lines: Annotated[tuple[DemandLine, ...], Field(min_length=1, max_length=MOST_LINES)]
    community: RegionCode
    grid: Grid | None = None
    window: Annotated[Window, Field(description="When the service may take place.")]
    recurring: Annotated[
        tuple[Recurrence, ...],
        Field(
            max_length=8,
            exclude_if=unsaid,
            description="Only in these windows that come again, within ``window``. Each is another chance to do the "
            "job once, not another job.",
        ),
    ] = ()
    duration_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 31)] = 60
    deadline: Annotated[Moment | None, Field(description="Unfilled seats lapse then; by default the window's end.")] = (
        None
    )
    urgency: Urgency = Urgency.NORMAL
    channel: Channel = Channel.ONLINE
    beneficiary: Beneficiary = Beneficiary.GENERAL
    micro_wish: bool = False
    bundle: Annotated[
        bool,
        Field(
            exclude_if=unsaid,
            description="All lines whole, all at the same start, or none: a venue and three people, say.",
        ),
    ] = False
    risky: Annotated[bool, Field(description="Work with a risk: some categories then need insurance.")] = False
    needs: Annotated[
        tuple[Fitness, ...],
        Field(max_length=10, exclude_if=unsaid, description="What the helper must have declared to be fit for."),
    ] = ()
    cost_cap: Annotated[
        int | None,
        Field(
            ge=0,
            le=10**9,
            exclude_if=unsaid,
            description="The most that a seat may cost, in whole units of the local currency; 0 takes only what is "
            "free; left out, there is no cap.",
        ),
    ] = None
    posted_at: Moment

    @model_validator(mode="after")
    def _the_job_fits_its_window(self) -> Self:
        if (self.window.end - self.window.start).total_seconds() < self.duration_minutes * 60:
            raise ValueError("impossible_window: the duration does not fit into the window")
        return self

    @model_validator(mode="after")
    def _the_job_fits_its_hours(self) -> Self:
        hours, duration = self.hours(), timedelta(minutes=self.duration_minutes)
        if hours is not None and not any(hour.end - hour.start >= duration for hour in hours):
            raise ValueError("impossible_window: the duration fits into none of the windows that come again")
        return self

    @model_validator(mode="after")
    def _a_team_fits_into_one_round(self) -> Self:
        if self.bundle and sum(line.quantity for line in self.lines) > MOST_IN_A_TEAM:
            raise ValueError(f"team_too_large: a bundle has at most {MOST_IN_A_TEAM} seats")
        return self

    def hours(self) -> tuple[Window, ...] | None:
        """Return the windows that come again, spelt out as far as they lie within ``window``; None means any time."""
        if not self.recurring:
            return None
        whole = self.window
        spelt_out = sorted((hour for each in self.recurring for hour in each.windows()), key=lambda hour: hour.start)
        return tuple(
            Window(start=max(hour.start, whole.start), end=min(hour.end, whole.end))
            for hour in spelt_out
            if hour.start < whole.end and hour.end > whole.start
        )

    @property
    def lapses_at(self) -> Moment:
        """When unfilled seats lapse: the deadline, or the end of the window where that comes first."""
        return min(self.deadline or self.window.end, self.window.end)


class DemandPosted(Fact):
    """A demand was put on the list."""

    demand: Demand


class DemandRevised(Fact):
    """A demand changed; the new version stands whole."""

    demand: Demand


class DemandWhistled(Fact):
    """A street or community blew the whistle 吹哨: the demand jumps the queue at once."""

    demand_id: EntityId
    version: Version
    community: RegionCode
    reason: Reason | None = None


class DemandWithdrawn(Fact):
    """A demand is gone for good."""

    demand_id: EntityId
    version: Version
    community: RegionCode
    reason: Reason | None = None
