"""Enrolment 报到: units and members reporting to a community."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Fact, ItemId, Moment, PartyRef, Qualification, RegionCode, Title, Version
from schemas.uscc import Uscc


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
    branch: Annotated[int, Field(ge=0, le=9999)] = 0
    version: Version = 1
    name: Title
    community: RegionCode
    industry_system: Annotated[str, Field(max_length=40)] | None = None
    enrolled_at: Moment

    @property
    def party(self) -> PartyRef:
        """The reference under which the unit acts."""
        return f"unit:{self.uscc}" + (f"/{self.branch}" if self.branch else "")


class MemberEnrolled(Fact):
    """A member reported to a community, under a pseudonym: who it is, only the vault knows."""

    member_ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$", examples=["m-7f3a"])]
    version: Version = 1
    member_class: MemberClass
    kind: EnrolmentKind
    home_unit: PartyRef | None = None
    community: RegionCode
    skills: tuple[ItemId, ...] = Field(default=(), max_length=50)
    qualifications: tuple[Qualification, ...] = Field(default=(), max_length=20)
    enrolled_at: Moment

    @property
    def party(self) -> PartyRef:
        """The reference under which the member acts."""
        return f"member:{self.member_ref}"
