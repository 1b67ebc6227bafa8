"""Offers 资源办理: a resource from draft to archive. What is on the list, and what is left of it, the list says.

Published offers are looked at again: each is good for some months (``due``), or until the day it says itself, and is on
the list of what is overdue then. To verify it gives it more months; what expired rests until it is verified.
"""

import calendar
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, create_model

from schemas.base import Fact, Moment, PartyRef, Reason, RegionCode, Title
from schemas.lifecycle import ANYBODY, PLACE, SYSTEM, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.resources import Resource

GOOD_MONTHS: Final = 6
"""How long an offer is good for, where nobody says otherwise."""
Months = Annotated[int, Field(ge=1, le=24, description="For how many months it is good from now on.")]

_OURS: Final = ("resource_id", "version", "offered_at")

if TYPE_CHECKING:

    class Terms(Fact):
        """What is offered."""

        provider: PartyRef
        title: Title
        home: RegionCode
        valid_to: Moment | None

else:
    Terms = create_model(
        "Terms",
        __base__=Fact,
        __doc__="What is offered: an entry of the resource list, without its id and what follows from the offer.",
        **{
            name: (field.rebuild_annotation(), field)
            for name, field in Resource.model_fields.items()
            if name not in _OURS
        },
    )


def months_after(at: datetime, months: int) -> datetime:
    """Return the same day so many months later, or the last day of that month."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


class ResourceDrafted(Step):
    """An offer was begun."""

    terms: Terms
    title: Title


class ResourceAdopted(Step):
    """An entry that stood on the list already got a life."""

    terms: Terms
    title: Title
    due: Moment | None = None


class ResourceAmended(Step):
    """The draft says something else now; all of it is said anew."""

    terms: Terms


class ResourceSubmitted(Step):
    """It was handed in to be looked at."""


class ResourceReturned(Step):
    """It was handed back."""

    reason: Reason


class ResourcePublished(Step):
    """It was put on the list."""

    months: Months = GOOD_MONTHS


class ResourcePaused(Step):
    """It rests: it gets nothing new."""

    reason: Reason | None = None


class ResourceResumed(Step):
    """It is back on the list."""


class ResourceVerified(Step):
    """Somebody made sure that it still stands."""

    months: Months = GOOD_MONTHS


class ResourceReminded(Step):
    """Somebody asked whether it still stands."""


class ResourceExpired(Step):
    """Its time passed and nobody made sure that it still stands; it rests."""


class ResourceRetracted(Step):
    """It was taken off the list for good."""

    reason: Reason | None = None


class ResourceArchived(Step):
    """It is kept for the record."""


_BY_A_SIDE: Final = (
    ResourceAmended,
    ResourceSubmitted,
    ResourcePaused,
    ResourceResumed,
    ResourceVerified,
    ResourceRetracted,
    ResourceArchived,
)


class Offer(Life):
    """An offer of a resource as it stands; ``terms`` are those it was put on the list with."""

    terms: Terms
    months: int | None = None
    reminded_at: Moment | None = None
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Whose it is, and who entered it."""
        return (self.terms.provider, self.opened_by)

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes; raise Refused ``not_yours`` where neither side nor its community takes it."""
        staff = fact.by.startswith(("community:", "office:", "system:"))
        if isinstance(fact, _BY_A_SIDE) and not staff and fact.by not in self.parties:
            raise Refused("not_yours", f"it is for {self.terms.provider}")
        changes = super().after(fact)
        match fact:
            case ResourceAmended(terms=terms):
                changes["title"] = terms.title
            case ResourcePublished(months=months):
                good = months_after(fact.at, months)
                changes["due"] = min(good, self.terms.valid_to) if self.terms.valid_to else good
            case ResourceVerified(months=months):
                changes |= {"due": months_after(fact.at, months), "reminded_at": None}
            case ResourceReminded():
                changes["reminded_at"] = fact.at
        return changes


_STAFF: Final = ("community", "office")

RESOURCE: Final = Lifecycle(
    kind="resource",
    plural="offers",
    zh="资源办理",
    en="offer",
    record=Offer,
    whose=("parties", PLACE),
    states={
        "draft": State("草拟", "draft", days=30),
        "submitted": State("待审核", "submitted", days=5),
        "returned": State("已退回", "returned", days=30),
        "published": State("已发布", "published"),
        "suspended": State("暂停", "suspended"),
        "expired": State("已到期", "expired", days=30),
        "withdrawn": State("已撤回", "withdrawn", is_open=False),
        "archived": State("已归档", "archived", is_open=False),
    },
    moves=(
        Move("draft", ResourceDrafted, "草拟", (), "draft", whose=ANYBODY, en="draft an offer"),
        Move("adopt", ResourceAdopted, "纳入", (), "published", by_hand=False),
        Move("amend", ResourceAmended, "修改", ("draft", "returned"), None),
        Move("submit", ResourceSubmitted, "提交", ("draft", "returned"), "submitted"),
        Move("return", ResourceReturned, "退回", ("submitted",), "returned", _STAFF, whose=(PLACE,)),
        Move("publish", ResourcePublished, "发布", ("submitted",), "published", _STAFF, whose=(PLACE,)),
        Move("suspend", ResourcePaused, "暂停", ("published",), "suspended"),
        Move("resume", ResourceResumed, "恢复", ("suspended",), "published"),
        Move("verify", ResourceVerified, "复核", ("published", "expired"), "published"),
        Move("remind", ResourceReminded, "催办复核", ("published",), None, (*_STAFF, "system"), whose=(PLACE, SYSTEM)),
        Move(
            "expire", ResourceExpired, "到期", ("published", "suspended"), "expired", whose=("parties", PLACE, SYSTEM)
        ),
        Move("withdraw", ResourceRetracted, "撤回", ("published", "suspended", "expired"), "withdrawn"),
        Move("archive", ResourceArchived, "归档", ("draft", "returned", "withdrawn"), "archived"),
    ),
    refuses=("unknown_item", "impossible_window", "window_passed", "already_withdrawn", "too_early", "shard_is_fixed"),
)
