"""Needs 民情民需, from the first word to the end: collected, verified, published, delivered, confirmed, closed.

1. A need is what somebody asks for; its demand is what stands on the list and is matched. Until it is published a need
   may lack whatever a demand must have.
2. Once published it has an entry on the list under its own id; posted anew, under its id with ``.2``, ``.3`` …, for
   seats that were done stay done.
3. Whether it is matched, accepted, in progress or delivered is not said here: the assignments say it.
4. Waiting counts from the first posting, however often it is rolled over.
"""

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import Field, create_model

from schemas.base import Count, Detail, EntityId, Fact, Moment, PartyRef, Reason, Title, Window
from schemas.demands import MOST_LINES, Demand, DemandLine
from schemas.lifecycle import ANYBODY, BACK, PLACE, Life, Lifecycle, Move, State, Step
from schemas.lives.wish import WISH_DAYS, DemandClaimed, DemandRaised, DemandRealised, DemandReleased
from schemas.refusals import Refused


class Outcome(StrEnum):
    """What came of a need, as its beneficiary sees it."""

    SOLVED = "solved"
    PARTLY = "partly"
    UNSOLVED = "unsolved"


_OF_THE_ENTRY: Final = frozenset({"demand_id", "version", "requester", "title", "community", "posted_at"})
ASKED: Final = tuple(name for name in Demand.model_fields if name not in _OF_THE_ENTRY)
"""The fields that a need and its demand share by name and that may be completed until it is published."""


def _not_said(value: object) -> bool:
    return value is None


if TYPE_CHECKING:

    class Asked(Fact):
        """What is known of a need so far: the fields of a demand, none of which must be there."""

        detail: str | None = None
        lines: tuple[DemandLine, ...] | None = None
        window: Window | None = None
        deadline: Moment | None = None
        micro_wish: bool | None = None

else:
    Asked = create_model(
        "Asked",
        __base__=Fact,
        __doc__="What is known of a need so far: the fields of a demand, none of which must be there.",
        __module__=__name__,
        **{
            name: (Demand.model_fields[name].rebuild_annotation() | None, Field(default=None, exclude_if=_not_said))
            for name in ASKED
        },
    )

Household = Annotated[
    EntityId | None,
    Field(default=None, exclude_if=_not_said, description="The pseudonym of the household's file 一户一档."),
]

Lines = Annotated[
    tuple[DemandLine, ...] | None, Field(min_length=1, max_length=MOST_LINES, default=None, exclude_if=_not_said)
]


class DemandCollected(Asked, Step):
    """A need became known, through whichever channel; without a requester it is that of whoever took it down."""

    title: Title
    requester: Annotated[PartyRef | None, Field(default=None, exclude_if=_not_said)]
    household: Household


class DemandAdopted(Asked, Step):
    """An entry that was put on the list without a need got one, as it stood."""

    title: Title
    requester: PartyRef
    first_posted_at: Moment


class DemandAmended(Asked, Step):
    """What was named changed; what stands on the list changes with it."""

    title: Annotated[Title | None, Field(default=None, exclude_if=_not_said)]
    household: Household


class DemandVerified(Asked, Step):
    """Staff looked into it: it is so; what was missing is completed."""

    household: Household


class DemandReturned(Step):
    """It went back to whoever took it down, to be completed."""

    reason: Reason


class DemandResubmitted(Asked, Step):
    """It was completed and handed in again."""


class DemandPublished(Asked, Step):
    """It was put on the demand list; what was still missing came with it."""


class DemandDeferred(Step):
    """It rests until a day."""

    until: Moment
    reason: Reason


class DemandResumed(Step):
    """It goes on where it rested."""


class DemandMerged(Step):
    """A person decided that it goes on in another need; ``lines`` is what that one then asks for."""

    into: EntityId
    lines: Lines
    reason: Annotated[Reason | None, Field(default=None, exclude_if=_not_said)]


class DemandJoined(Step):
    """Another need goes on in this one."""

    other: EntityId
    lines: Lines


class DemandDeclined(Step):
    """It will not be served, and why."""

    reason: Reason


class DemandRolledOver(Step):
    """Not all of it was served in time: it goes on in a new window, ahead of what was posted later."""

    window: Window
    deadline: Annotated[Moment | None, Field(default=None, exclude_if=_not_said)]


class DemandCancelled(Step):
    """It is not needed any more."""

    reason: Reason


class DemandConfirmed(Step):
    """Its beneficiary said what came of it."""

    outcome: Outcome = Outcome.SOLVED
    satisfaction: Annotated[
        int | None, Field(ge=1, le=5, default=None, exclude_if=_not_said, description="5 is the best.")
    ]
    remark: Detail = ""


class DemandClosed(Step):
    """It is done; nothing of it is left on the list."""


class DemandReopened(Step):
    """It was not solved after all, and is to be published anew."""

    reason: Reason


class DemandReconsidered(Step):
    """What was declined, cancelled or merged is looked at again."""

    reason: Reason


class Need(Asked, Life):
    """A need as it stands; ``postings`` counts how often it was put on the list, ``rolled_over`` since then."""

    requester: PartyRef
    household: EntityId | None = None
    postings: Count = 0
    rolled_over: Count = 0
    first_posted_at: Moment | None = None
    into: EntityId | None = None
    joined: tuple[EntityId, ...] = ()
    raised_to: tuple[PartyRef, ...] = ()
    claimant: PartyRef | None = None
    claims: Count = 0
    resource: EntityId | None = None
    outcome: Outcome | None = None
    satisfaction: int | None = None
    remark: str = ""
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who took it down, who asks, who was asked in the end, and who took it on."""
        household = [f"household:{self.household}"] if self.household else []
        claimant = [self.claimant] if self.claimant else []
        return (self.opened_by, self.requester, *self.raised_to, *claimant, *household)

    @property
    def claim(self) -> EntityId:
        """The id of the claim on the list by which its newest claimant took it on."""
        return f"{self.id}.c{self.claims}"

    @property
    def serving(self) -> EntityId:
        """The resource with which its claimant took it on: one of the list, or one made for it."""
        return self.resource or f"{self.id}.r{self.claims}"

    @property
    def entry(self) -> EntityId | None:
        """The id of its newest entry on the demand list; None where it was never posted."""
        if not self.postings:
            return None
        return self.id if self.postings == 1 else f"{self.id}.{self.postings}"

    @property
    def asked(self) -> dict[str, Any]:
        """What is known of its demand."""
        return {name: value for name in ASKED if (value := getattr(self, name)) is not None}

    @classmethod
    def born(cls, fact: Step) -> Self:
        """Return the need that was just taken down, or the one of an entry that was on the list before."""
        said = {name: getattr(fact, name) for name in ("title", *ASKED)}
        ours = {"id": fact.id, "step": fact.step, "state": "", "community": fact.community}
        opened = {"opened_by": fact.by, "opened_at": fact.at, "since": fact.at}
        match fact:
            case DemandAdopted():
                posted = {"postings": 1, "first_posted_at": fact.first_posted_at, "due": _lapses(fact)}
                return cls(**ours | opened | said | posted, requester=fact.requester)
            case DemandCollected():
                return cls(**ours | opened | said, requester=fact.requester or fact.by, household=fact.household)
            case _:
                raise TypeError(f"no need begins with {type(fact).__name__}")

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes: what it names. A date of its own lasts as long as the state it was set for.

        Raises:
            Refused: ``not_possible_now`` to take on what is no wish, ``not_yours`` to say that another's came true.
        """
        named = {name: value for name, value in super().after(fact).items() if value is not None}
        changed = self.model_copy(update=named)
        also = self._of_a_wish(fact)
        match fact:
            case DemandPublished():
                also = {"due": _lapses(changed), "postings": self.postings + 1, "rolled_over": 0}
                also["first_posted_at"] = self.first_posted_at or fact.at
            case DemandRolledOver():
                renewed = changed.model_copy(update={"deadline": fact.deadline})
                also = {"due": _lapses(renewed), "deadline": fact.deadline, "rolled_over": self.rolled_over + 1}
            case DemandAmended() | DemandJoined():
                also = {"due": _lapses(changed) if self.state == "published" else self.due}
                if isinstance(fact, DemandJoined):
                    also["joined"] = (*self.joined, fact.other)
            case DemandMerged():
                named.pop("lines", None)  # those are of the other
                also = {"due": None, "reason": fact.reason}
            case DemandReconsidered():
                also = {"due": None, "into": None}
            case DemandDeferred():
                also = {"due": fact.until}
            case DemandReopened():
                also = {"due": None, "outcome": None, "satisfaction": None, "remark": "", "first_posted_at": None}
                also["claimant"] = None
        return named | also

    def _of_a_wish(self, fact: Step) -> dict[str, Any]:
        match fact:
            case DemandClaimed() if not self.micro_wish:
                raise Refused("not_possible_now", "only a micro-wish is taken on whole")
            case DemandClaimed():
                due = fact.until or fact.at + timedelta(days=WISH_DAYS)
                return {"due": due, "claimant": fact.by, "claims": self.claims + 1, "resource": fact.resource}
            case DemandReleased():
                return {"due": _lapses(self), "claimant": None}
            case DemandRealised() if fact.by != self.claimant and fact.by.partition(":")[0] not in _STAFF:
                raise Refused("not_yours", "it was taken on by another")
            case DemandRaised():
                return {"due": self.due, "raised_to": tuple(dict.fromkeys((*self.raised_to, *fact.to)))}
            case _:
                return {"due": None}


def _lapses(asked: Asked) -> Moment | None:
    """Return when open seats lapse, as a demand has it."""
    if asked.window is None:
        return None
    return min(asked.deadline or asked.window.end, asked.window.end)


_STAFF: Final = ("community", "office")
_BEFORE: Final = ("collected", "returned", "verified", "deferred")
_ASKING: Final = ("requester", "opened_by", PLACE)
_TAKING_ON: Final = ("claimant", PLACE)

DEMAND: Final = Lifecycle(
    kind="demand",
    plural="needs",
    zh="民需",
    en="need",
    record=Need,
    states={
        "collected": State("已收集", "collected", days=3),
        "returned": State("已退回", "returned", days=7),
        "verified": State("已核实", "verified", days=3),
        "deferred": State("暂缓", "deferred"),
        "published": State("已发布", "published"),
        "claimed": State("已认领", "taken on"),
        "realised": State("已实现", "came true", days=7),
        "confirmed": State("已确认", "confirmed", days=7),
        "closed": State("已办结", "closed", is_open=False),
        "merged": State("已合并", "merged", is_open=False),
        "declined": State("不予受理", "declined", is_open=False),
        "cancelled": State("已取消", "cancelled", is_open=False),
    },
    refuses=(
        "not_delivered",
        "already_withdrawn",
        "wish_too_large",
        "unknown_item",
        "matter_not_admitted",
        "bad_uscc",
        "impossible_window",
        "window_passed",
        "team_too_large",
    ),
    moves=(
        Move("collect", DemandCollected, "收集", (), "collected", whose=ANYBODY, en="note a need"),
        Move("adopt", DemandAdopted, "纳入", (), "published", ("system",), by_hand=False),
        Move("amend", DemandAmended, "补充", ("collected", "returned", "verified", "published"), whose=_ASKING),
        Move("verify", DemandVerified, "核实", ("collected",), "verified", _STAFF),
        Move("return", DemandReturned, "退回", ("collected", "verified"), "returned", _STAFF),
        Move("resubmit", DemandResubmitted, "重报", ("returned",), "collected", whose=_ASKING),
        Move("publish", DemandPublished, "发布", ("verified",), "published", _STAFF),
        Move("defer", DemandDeferred, "暂缓", ("collected", "verified"), "deferred", _STAFF),
        Move("resume", DemandResumed, "恢复", ("deferred",), BACK, _STAFF),
        Move("merge", DemandMerged, "合并", (*_BEFORE, "published"), "merged", _STAFF),
        Move("join", DemandJoined, "并入", (*_BEFORE, "published"), None, _STAFF, by_hand=False),
        Move("decline", DemandDeclined, "不予受理", (*_BEFORE, "published"), "declined", _STAFF),
        Move("roll_over", DemandRolledOver, "滚动", ("published",), None, _STAFF),
        Move("raise", DemandRaised, "提级", ("published",), None, _STAFF),
        Move("claim", DemandClaimed, "认领", ("published",), "claimed", ("member", "unit", "team"), whose=ANYBODY),
        Move("release", DemandReleased, "退领", ("claimed",), "published", whose=_TAKING_ON),
        Move("realise", DemandRealised, "实现", ("claimed",), "realised", whose=_TAKING_ON),
        Move("cancel", DemandCancelled, "取消", (*_BEFORE, "published", "claimed"), "cancelled", whose=_ASKING),
        Move("confirm", DemandConfirmed, "确认", ("published", "realised"), "confirmed", whose=_ASKING),
        Move("close", DemandClosed, "办结", ("confirmed",), "closed", _STAFF),
        Move("reopen", DemandReopened, "重开", ("confirmed", "closed"), "verified", whose=_ASKING),
        Move("reconsider", DemandReconsidered, "复议", ("declined", "cancelled", "merged"), "collected", _STAFF),
    ),
)
