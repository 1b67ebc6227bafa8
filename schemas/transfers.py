"""What passes between shards 流转: seats of demands go up, and down again to where a helper lives; offers are shown.

1. Every seat of a demand sits in one shard at any moment. A round of that shard lets it go, and it sits in the other
   shard once that one has read so: never in two.
2. Unfilled seats are escalated to the parent shard: from the district to the city, from there to the alliance. They
   visit: whom nobody there can serve comes home again, where new neighbours may, and goes up once more later.
3. A parent has no resources of its own. The shards below show it what they offer farther than their own bounds; it
   chooses the best pairs, and asks a resource's home shard for a hold by handing the seat down to it.
4. The home shard alone commits the resource. Its next round gives the seat to this resource, as an assignment like any
   other, or returns it; and it returns it when the assignment comes to nothing later.
5. Only rounds say so. A transfer is known by its round and its place in it: read twice it counts once.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import (
    Count,
    EntityId,
    Fact,
    ItemId,
    Moment,
    Number,
    PartyRef,
    Points,
    Qualification,
    RegionCode,
    RegionPrefix,
    ShardKey,
    Version,
    Window,
    unsaid,
)
from schemas.demands import MOST_LINES, Beneficiary, DemandLine, Fitness, Urgency

Cause = Literal["time", "price", "whistle"]
"""Why seats are escalated: they waited long enough, were outbid by too much, or a whistle was blown."""


class Span(Fact):
    """A half-open stretch of time that may have no beginning or no end."""

    start: Moment | None = None
    end: Moment | None = None


class SeatRef(Fact):
    """One seat of a demand."""

    line: Annotated[int, Field(ge=0, lt=MOST_LINES)]
    seat: Annotated[int, Field(ge=0, lt=1_000)]


class CarriedDemand(Fact):
    """As much of a demand as matching needs; its texts stay on the list."""

    demand_id: EntityId
    version: Version
    open: Annotated[bool, Field(description="False once it was withdrawn.")] = True
    requester: PartyRef
    lines: Annotated[tuple[DemandLine, ...], Field(min_length=1, max_length=MOST_LINES)]
    community: RegionCode
    window: Window
    hours: Annotated[tuple[Span, ...] | None, Field(description="Within the window; left out: at any time.")] = None
    duration_minutes: Annotated[int, Field(ge=1)]
    lapses_at: Moment
    urgency: Urgency
    beneficiary: Beneficiary
    risky: bool = False
    needs: tuple[Fitness, ...] = ()
    cost_cap: int | None = None
    bundle: bool = False
    posted_at: Moment


class CarriedResource(Fact):
    """As much of a resource as matching needs; its texts stay on the list."""

    resource_id: EntityId
    version: Version
    status: Literal["open", "suspended", "withdrawn"]
    provider: PartyRef
    item: ItemId
    capacity: Annotated[int, Field(ge=1)]
    renewable: bool
    per_occasion: bool
    stays_put: Annotated[bool, Field(description="People come to it: a venue, a facility.")]
    hours: Annotated[tuple[Span, ...], Field(description="When it can be had.")]
    scope: tuple[RegionPrefix, ...]
    home: RegionCode
    booked: bool
    notice_minutes: Annotated[int, Field(ge=0)]
    qualifications: Annotated[tuple[Qualification, ...], Field(description="Those that open some gate.")]
    serves: tuple[Beneficiary, ...] = ()
    fitness: tuple[Fitness, ...] = ()
    fee: Annotated[int | None, Field(description="What a seat costs; left out: it is paid for, nobody said how much.")]
    admits: tuple[str, ...] = ()
    auto_accept: bool = False
    is_fund: Annotated[bool, Field(exclude_if=unsaid, description="Money: it stands in for no other item.")] = False


class Shown(Fact):
    """An offer, shown to a shard above; the newest version counts."""

    to: ShardKey
    resource: CarriedResource


class Escalated(Fact):
    """Open seats of a demand go to the shard above."""

    to: ShardKey
    demand: CarriedDemand
    seats: Annotated[tuple[SeatRef, ...], Field(min_length=1)]
    cause: Cause
    waited_minutes: Annotated[Count, Field(description="How long the demand sat in the shard that lets it go.")]


class Asked(Fact):
    """A seat goes down to the home shard of a resource, which is asked to hold that resource for it."""

    to: ShardKey
    demand: CarriedDemand
    seat: SeatRef
    resource_id: EntityId
    resource_version: Version
    starts_at: Annotated[Moment, Field(description="When it could start, as far as the asking shard knows.")]
    value: Annotated[Points, Field(description="What the pair is worth there.")]


class Returned(Fact):
    """A seat goes back to the shard that it came from.

    There is no hold on the resource, or the assignment came to nothing; or, without a resource, a visit is over.
    """

    to: ShardKey
    demand_id: EntityId
    seat: SeatRef
    resource_id: EntityId | None = None
    taken: Annotated[
        bool, Field(description="Whether others have the resource; otherwise it is the pair that rests.")
    ] = False
    until: Annotated[Moment | None, Field(description="Not to be asked for again before; left out: never again.")] = (
        None
    )


class Carried(Fact):
    """A demand changed while seats of it are with another shard; they follow it."""

    to: ShardKey
    demand: CarriedDemand


Passed = Shown | Carried | Escalated | Asked | Returned


class Transfers(Fact):
    """What a round lets go, in this order."""

    shown: Annotated[tuple[Shown, ...], Field(exclude_if=unsaid)] = ()
    carried: Annotated[tuple[Carried, ...], Field(exclude_if=unsaid)] = ()
    escalated: Annotated[tuple[Escalated, ...], Field(exclude_if=unsaid)] = ()
    asked: Annotated[tuple[Asked, ...], Field(exclude_if=unsaid)] = ()
    returned: Annotated[tuple[Returned, ...], Field(exclude_if=unsaid)] = ()

    def every(self) -> list[Passed]:
        """Return all of them in their order."""
        return [*self.shown, *self.carried, *self.escalated, *self.asked, *self.returned]


class _Transfer(Fact):
    shard: Annotated[ShardKey, Field(description="Whose round lets it go.")]
    round_no: Annotated[int, Field(ge=1, le=2**31 - 1)]
    number: Annotated[Number, Field(description="Its place among the transfers of the round.")]
    at: Moment


class ResourceShown(_Transfer):
    """A shard showed an offer to a shard above it."""

    passed: Shown


class DemandCarried(_Transfer):
    """A demand changed after some of its seats had left."""

    passed: Carried


class DemandEscalated(_Transfer):
    """Open seats of a demand were escalated 升级 to the shard above."""

    passed: Escalated


class HoldAsked(_Transfer):
    """A shard handed a seat down and asked for a hold on a resource."""

    passed: Asked


class SeatReturned(_Transfer):
    """A shard gave a seat back to the one that had asked."""

    passed: Returned


Transfer = ResourceShown | DemandCarried | DemandEscalated | HoldAsked | SeatReturned
