"""Enrolment 报到: units and members reporting to a community."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.base import (
    EntityId,
    Fact,
    ItemId,
    Moment,
    PartyRef,
    Qualification,
    Reason,
    RegionCode,
    Title,
    Version,
    no_nul,
    unsaid,
)
from schemas.recurrence import Recurrence
from schemas.uscc import Uscc

MemberRef = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$", examples=["m-7f3a"])]
Branch = Annotated[int, Field(ge=0, le=9999)]
Skills = Annotated[tuple[ItemId, ...], Field(max_length=50)]
Qualifications = Annotated[tuple[Qualification, ...], Field(max_length=20)]
IndustrySystem = Annotated[str, Field(max_length=40), AfterValidator(no_nul)]
Availability = Annotated[
    tuple[Recurrence, ...], Field(max_length=8, description="When a member is there as a rule; empty: not said.")
]
Given = Annotated[
    EntityId | None, Field(exclude_if=unsaid, description="The life of this enrolment, where it has one.")
]


class MemberClass(StrEnum):
    """How a member belongs: the five ways of managing members, by class."""

    RESIDENT = "resident"
    IN_SERVICE = "in_service"
    RETIRED = "retired"
    MOBILE = "mobile"
    LAID_OFF = "laid_off"


class EnrolmentKind(StrEnum):
    """By what a member reports: a member has at most one active enrolment of each kind."""

    UNIT_LINK = "unit_link"
    RESIDENCE = "residence"


class UnitEnrolled(Fact):
    """A resident unit 驻区单位 reported to a community. Names of organisations are public."""

    uscc: Uscc
    branch: Branch = 0
    version: Version = 1
    name: Title
    community: RegionCode
    industry_system: IndustrySystem | None = None
    enrolled_at: Moment
    enrolment_id: Given = None

    @property
    def party(self) -> PartyRef:
        """The reference under which the unit acts."""
        return unit_ref(self.uscc, self.branch)


class UnitLeft(Fact):
    """A unit's enrolment ended: it logged off, or moved to the community ``to``."""

    uscc: Uscc
    branch: Branch = 0
    version: Version
    community: RegionCode
    left_at: Moment
    reason: Reason | None = None
    to: RegionCode | None = None

    @property
    def party(self) -> PartyRef:
        """The reference under which the unit acts."""
        return unit_ref(self.uscc, self.branch)


class MemberEnrolled(Fact):
    """A member reported to a community, under a pseudonym: who it is, only the vault knows."""

    member_ref: MemberRef
    version: Version = 1
    member_class: MemberClass
    kind: EnrolmentKind
    home_unit: PartyRef | None = None
    community: RegionCode
    skills: Skills = ()
    qualifications: Qualifications = ()
    availability: Annotated[Availability, Field(exclude_if=unsaid)] = ()
    enrolled_at: Moment
    enrolment_id: Given = None

    @property
    def party(self) -> PartyRef:
        """The reference under which the member acts."""
        return f"member:{self.member_ref}"


class MemberLeft(Fact):
    """An enrolment of a member ended: logged off, or moved to the community ``to``."""

    member_ref: MemberRef
    version: Version
    member_class: MemberClass
    kind: EnrolmentKind
    community: RegionCode
    left_at: Moment
    reason: Reason | None = None
    to: RegionCode | None = None

    @property
    def party(self) -> PartyRef:
        """The reference under which the member acts."""
        return f"member:{self.member_ref}"


Enrolled = UnitEnrolled | MemberEnrolled
Left = UnitLeft | MemberLeft


def unit_ref(uscc: str, branch: int = 0) -> PartyRef:
    """Return the reference under which a unit, or a branch of it, acts."""
    return f"unit:{uscc}" + (f"/{branch}" if branch else "")


def kind_of(fact: Enrolled | Left) -> EnrolmentKind | None:
    """Return by what somebody reports; None for a unit, which reports as itself."""
    return fact.kind if isinstance(fact, MemberEnrolled | MemberLeft) else None
