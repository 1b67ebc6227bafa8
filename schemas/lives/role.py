"""Roles of units in communities: part-time committee members 兼职委员 and liaisons 联络员, for a term.

A unit has one of each in a community at a time. Who it is goes by a pseudonym, if at all.
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from schemas.base import Moment, PartyRef, Reason
from schemas.lifecycle import PLACE, SYSTEM, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.uscc import parse_uscc

Unit = Annotated[str, Field(pattern=r"^unit:[0-9A-HJ-NP-RTUWXY]{18}(/[0-9]{1,4})?$")]
Holder = Annotated[str, Field(pattern=r"^member:[A-Za-z0-9_-]{1,60}$")]


class RoleName(StrEnum):
    """What somebody from a unit is in a community."""

    PART_TIME_COMMITTEE = "part_time_committee"
    LIAISON = "liaison"


NAMES: Final = {RoleName.PART_TIME_COMMITTEE: "兼职委员", RoleName.LIAISON: "联络员"}


class RoleAppointed(Step):
    """A community gave somebody from a unit a role, until a day."""

    unit: Unit
    role: RoleName
    holder: Holder | None = None
    due: Moment

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        parse_uscc(self.unit.removeprefix("unit:").partition("/")[0])
        if self.due <= self.at:
            raise ValueError("impossible_window: the term ends before it begins")
        return self


class RoleRenewed(Step):
    """The term goes on, with the same holder or another one."""

    due: Moment
    holder: Holder | None = None


class RoleEnded(Step):
    """It ended before its day."""

    reason: Reason


class RoleLapsed(Step):
    """Its day came, and it was not renewed."""


class Role(Life):
    """A role as it stands; on its day it is overdue: to be renewed, or to lapse."""

    unit: PartyRef
    role: RoleName
    holder: PartyRef | None = None
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """The community, the unit, and who holds it."""
        return (self.opened_by, f"community:{self.community}", self.unit, *((self.holder,) if self.holder else ()))

    @property
    def holds(self) -> str:
        """One of each role of a unit in a community."""
        return f"{self.unit} {self.community} {self.role}"

    @classmethod
    def meant(cls, fact: Step) -> dict[str, Any]:
        """Return what it is called."""
        return {"title": NAMES[fact.role]} if isinstance(fact, RoleAppointed) else {}

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what changes; raise Refused where a term would not go on, or has not ended."""
        changes = super().after(fact)
        match fact:
            case RoleRenewed(due=due, holder=holder):
                if self.due is not None and due <= self.due:
                    raise Refused("impossible_window", f"the term lasts until {self.due.isoformat()}", field="#/due")
                return changes | {"holder": holder or self.holder}
            case RoleLapsed() if self.due is not None and fact.at < self.due:
                raise Refused("not_possible_now", f"the term lasts until {self.due.isoformat()}")
        return changes


_GIVERS: Final = ("community", "office")

ROLE: Final = Lifecycle(
    kind="role",
    plural="roles",
    zh="兼职与联络",
    en="role",
    record=Role,
    states={
        "serving": State("任职中", "serving"),
        "ended": State("已免去", "ended", is_open=False),
        "lapsed": State("已到期", "lapsed", is_open=False),
    },
    moves=(
        Move("appoint", RoleAppointed, "聘任", (), "serving", _GIVERS, en="appoint somebody"),
        Move("renew", RoleRenewed, "续任", ("serving",), None, _GIVERS),
        Move("end", RoleEnded, "免去", ("serving",), "ended", ("community", "office", "unit"), whose=("unit", PLACE)),
        Move(
            "lapse",
            RoleLapsed,
            "到期",
            ("serving",),
            "lapsed",
            ("community", "office", "system"),
            whose=(PLACE, SYSTEM),
        ),
    ),
    refuses=("bad_uscc", "impossible_window"),
)
