"""The resource list 资源清单: what units, members and communities offer."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.base import (
    Detail,
    EntityId,
    Fact,
    Grid,
    ItemId,
    Moment,
    PartyRef,
    Qualification,
    Reason,
    RegionCode,
    RegionPrefix,
    Title,
    Version,
    Window,
    unsaid,
)
from schemas.demands import Beneficiary, Fitness
from schemas.recurrence import Recurrence
from schemas.regions import prefix_of

MOST_PER_OCCASION = 100
"""Seats of a resource that is held per occasion: a round looks at each of them."""


class ResourceKind(StrEnum):
    """What kind of thing is offered."""

    SKILL = "skill"
    VENUE = "venue"
    FACILITY = "facility"
    GOODS = "goods"
    FUND = "fund"
    INFORMATION = "information"
    POLICY = "policy"
    ACTIVITY = "activity"
    CULTURE = "culture"


class AccessMode(StrEnum):
    """On what terms it may be used."""

    FREE = "free"
    BOOKING = "booking"
    PAID = "paid"


class DeliveryMode(StrEnum):
    """How the service reaches people 互助、协同、窗口、错时、代理."""

    MUTUAL = "mutual"
    JOINT = "joint"
    WINDOW = "window"
    OFF_PEAK = "off_peak"
    PROXY = "proxy"


Area = Annotated[RegionPrefix, AfterValidator(prefix_of)]
"""Everything below a region; a code padded with zeros means its prefix."""


Link = Annotated[str, Field(pattern=r"^https?://[^\s<>\"]{4,500}$", examples=["https://www.gov.cn/zhengce/"])]
Fen = Annotated[int, Field(ge=1, le=10**13)]
"""Money, in hundredths of the local currency. It is only ever told of here: nothing is paid."""
_READ = (ResourceKind.POLICY, ResourceKind.INFORMATION)


class Resource(Fact):
    """One entry of the resource list, whole: every change carries all of it."""

    resource_id: EntityId
    version: Version = 1
    provider: PartyRef
    title: Title
    detail: Detail = ""
    item: ItemId
    kind: ResourceKind = ResourceKind.SKILL
    capacity: Annotated[int, Field(ge=1, le=10_000, description="Seats that can be held at the same time.")] = 1
    renewable: Annotated[
        bool, Field(description="Whether a seat comes back when the job is done; goods and funds are used up.")
    ] = True
    per_occasion: Annotated[
        bool,
        Field(
            exclude_if=unsaid,
            description="Whether a seat is held only while its job lasts, so that it serves others before and after: a "
            "venue booked by the hour, a member on each Saturday. Otherwise it is held until the job is done.",
        ),
    ] = False
    windows: Annotated[
        tuple[Window, ...],
        Field(max_length=64, description="When; without windows and recurring ones it means at any time."),
    ] = ()
    recurring: Annotated[
        tuple[Recurrence, ...],
        Field(max_length=8, exclude_if=unsaid, description="Windows that come again, such as every Saturday morning."),
    ] = ()
    scope: Annotated[tuple[Area, ...], Field(min_length=1, max_length=16, description="Where it may serve.")]
    home: Annotated[RegionCode, Field(description="Where it lives; nearness is measured from here.")]
    grid: Annotated[
        Grid | None, Field(exclude_if=unsaid, description="The grid of its home in which it is, where that is known.")
    ] = None
    access: AccessMode = AccessMode.FREE
    delivery: DeliveryMode | None = None
    notice_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 90, description="Least time before a start.")] = 0
    qualifications: Annotated[tuple[Qualification, ...], Field(max_length=20)] = ()
    serves: Annotated[
        tuple[Beneficiary, ...],
        Field(max_length=10, exclude_if=unsaid, description="For which classes it is fit; empty means for everybody."),
    ] = ()
    fitness: Annotated[
        tuple[Fitness, ...],
        Field(max_length=10, exclude_if=unsaid, description="What the helper declares to be fit for."),
    ] = ()
    fee: Annotated[
        int | None,
        Field(
            ge=0,
            le=10**9,
            exclude_if=unsaid,
            description="What a seat costs where access is paid, in whole units of the local currency.",
        ),
    ] = None
    admits: Annotated[
        tuple[PartyRef | Area, ...],
        Field(
            max_length=100,
            exclude_if=unsaid,
            description="Whom it admits: requesters by reference, regions by prefix; empty means everybody.",
        ),
    ] = ()
    links: Annotated[
        tuple[Link, ...],
        Field(
            max_length=10,
            exclude_if=unsaid,
            description="Where to read it. A policy or information with links is read, not served: it has no seats.",
        ),
    ] = ()
    earmark: Annotated[
        Title | None, Field(exclude_if=unsaid, description="What a fund is for, and nothing else 专款专用.")
    ] = None
    amount: Annotated[
        Fen | None, Field(exclude_if=unsaid, description="How much a fund holds, in hundredths of the currency 分.")
    ] = None
    special_account: Annotated[
        bool, Field(exclude_if=unsaid, description="Whether a fund has an account of its own 专户核算.")
    ] = False
    auto_accept: bool = False
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    offered_at: Moment

    @property
    def has_seats(self) -> bool:
        """Whether it can be matched: what is only to be read has no seats."""
        return not (self.links and self.kind in _READ)

    def hours(self) -> tuple[Window, ...] | None:
        """Return all its windows, those that come again spelt out; None means at any time."""
        if not self.windows and not self.recurring:
            return None
        return (*self.windows, *(window for each in self.recurring for window in each.windows()))

    @model_validator(mode="after")
    def _valid_to_is_after_valid_from(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError("impossible_window: valid_to is not after valid_from")
        return self

    @model_validator(mode="after")
    def _only_what_is_paid_has_a_fee(self) -> Self:
        if self.fee is not None and self.access is not AccessMode.PAID:
            raise ValueError("invalid_value: only paid access has a fee")
        return self

    @model_validator(mode="after")
    def _only_a_fund_holds_money(self) -> Self:
        if self.kind is not ResourceKind.FUND and (self.earmark or self.amount or self.special_account):
            raise ValueError("invalid_value: only a fund has an amount, an earmark, an account")
        return self

    @model_validator(mode="after")
    def _what_serves_again_is_not_used_up(self) -> Self:
        if self.per_occasion and not self.renewable:
            raise ValueError("invalid_value: what is used up does not serve on another occasion")
        if self.per_occasion and self.capacity > MOST_PER_OCCASION:
            raise ValueError(f"invalid_value: per occasion there are {MOST_PER_OCCASION} seats at most")
        return self

    @model_validator(mode="after")
    def _a_person_is_in_one_place_at_a_time(self) -> Self:
        if self.provider.startswith("member:") and self.kind is ResourceKind.SKILL and self.capacity > 1:
            raise ValueError("capacity_of_a_person: a member's skill has one seat; offer goods or post twice")
        return self


class ResourceOffered(Fact):
    """A resource was put on the list."""

    resource: Resource


class ResourceRevised(Fact):
    """A resource changed; the new version stands whole."""

    resource: Resource


class ResourceSuspended(Fact):
    """A resource rests: it gets no new assignment until it is revised."""

    resource_id: EntityId
    version: Version
    home: RegionCode
    reason: Reason | None = None


class ResourceWithdrawn(Fact):
    """A resource is gone for good."""

    resource_id: EntityId
    version: Version
    home: RegionCode
    reason: Reason | None = None
