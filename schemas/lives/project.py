"""Projects 项目: what carries matched pairs through, from the proposal to the evaluation of both sides.

1. Its code is street, community, year and serial; of the projects of a community no two that are open share one.
2. Nobody signs before the public notice is over and every objection is answered.
3. It is delivered when every milestone was reached; those reached late say so.
4. No line of the budget is overspent; entries are reversed, never taken out.
5. What its parties say of each other stays sealed until all are in or the time is over (``schemas.lives.evaluation``).
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final, Self

from schemas.base import Detail, EntityId, Fact, Moment, Number, PartyRef, Reason
from schemas.lifecycle import ANYBODY, BACK, PLACE, SYSTEM, Life, Lifecycle, Move, State, Step, days_after
from schemas.lives import project_steps as said
from schemas.lives.budget import BudgetLine, Spending, reverse, spend
from schemas.lives.evaluation import Evaluation, are_in, are_shown, digest_of, seal, show
from schemas.refusals import Refused

_CHINA: Final = timezone(timedelta(hours=8))
USUAL_NOTICE_DAYS: Final = 5
"""A shorter public notice needs a reason."""
DAYS_TO_SHOW: Final = 14
"""After the deadline: what is still under seal then never will be shown, and holds nobody up."""


class Review(Fact):
    """The resolution of a joint meeting that a project was reviewed by."""

    meeting: EntityId
    resolution: int
    verdict: said.Verdict
    opinion: Detail = ""
    at: Moment


class Objection(Fact):
    """Raised while on public notice; ``answer`` is None until there is one."""

    by: PartyRef
    at: Moment
    objection: Reason
    answer: Reason | None = None


class Reached(Fact):
    """A milestone that was reached, by its place."""

    milestone: int
    reached_at: Moment
    is_late: bool
    note: Detail = ""


class Project(Life):
    """A project as it stands."""

    code: str = ""
    detail: Detail = ""
    lead: PartyRef
    partners: tuple[PartyRef, ...] = ()
    demands: tuple[EntityId, ...] = ()
    resources: tuple[EntityId, ...] = ()
    assignments: tuple[EntityId, ...] = ()
    milestones: tuple[said.Milestone, ...] = ()
    reached: tuple[Reached, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    spent: tuple[Spending, ...] = ()
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    expected_beneficiaries: Number = 0
    actual_beneficiaries: Number | None = None
    reviews: tuple[Review, ...] = ()
    notice_until: Moment | None = None
    notice_reason: Reason | None = None
    objections: tuple[Objection, ...] = ()
    agreement: EntityId | None = None
    posts: tuple[said.Post, ...] = ()
    outcome: Detail = ""
    opinion: Detail = ""
    evaluate_by: Moment | None = None
    evaluations: tuple[Evaluation, ...] = ()
    summary: Detail = ""
    reason: Reason | None = None

    @property
    def signatories(self) -> tuple[PartyRef, ...]:
        """Who signs and evaluates: whoever leads it, and the partners."""
        return tuple(dict.fromkeys((self.lead, *self.partners)))

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Everybody it concerns, also those who fill its posts."""
        return (self.opened_by, *self.signatories, *(person for post in self.posts for person in post.people))

    @property
    def holds(self) -> str:
        """Its code."""
        return self.code

    @property
    def wanted_by(self) -> datetime | None:
        """The end of the notice, the next milestone or the end, the deadline of the evaluations."""
        if self.state == "publicised":
            return self.notice_until
        if self.state == "accepted":
            return self.evaluate_by
        if self.state in _UNDER_WAY:
            return min(
                [*(each.due for each in self.unreached()), *([self.ends_at] if self.ends_at else [])], default=None
            )
        return None

    def unreached(self) -> tuple[said.Milestone, ...]:
        """Return the milestones that are still to be reached."""
        reached = {each.milestone for each in self.reached}
        return tuple(each for place, each in enumerate(self.milestones, start=1) if place not in reached)

    def may_show(self, at: datetime) -> bool:
        """Whether what is under seal may be shown at a moment."""
        is_over = self.evaluate_by is not None and at >= self.evaluate_by
        return self.state == "accepted" and (is_over or are_in(self.signatories, self.evaluations))

    def is_complete(self, fact: Step) -> bool:
        """Whether nothing is left under seal."""
        return are_shown(self.evaluations)

    @classmethod
    def born(cls, fact: Step) -> Self:
        """Return a project with its code; raise Refused where its step has no serial."""
        serial = getattr(fact, "serial", None)
        if serial is None:
            raise Refused("invalid_value", "a project has a serial")
        _possible(getattr(fact, "starts_at", None), getattr(fact, "ends_at", None))
        return super().born(fact).model_copy(update={"code": f"{code_prefix(fact.community, fact.at)}{serial:04}"})

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes; raise Refused where it cannot be."""
        change = _CHANGES.get(type(fact))
        return super().after(fact) if change is None else change(self, fact)

    def _revised(self, fact: said.ProjectRevised) -> dict[str, Any]:
        changes = {name: value for name, value in super().after(fact).items() if value is not None}
        _possible(changes.get("starts_at", self.starts_at), changes.get("ends_at", self.ends_at))
        return changes

    def _reviewed(self, fact: said.ProjectReviewed) -> dict[str, Any]:
        review = Review(at=fact.at, **fact.model_dump(include={"meeting", "resolution", "verdict", "opinion"}))
        return {"reviews": (*self.reviews, review)}

    def _approved(self, _: said.ProjectApproved) -> dict[str, Any]:
        if self.reviews and self.reviews[-1].verdict != "approve":
            raise Refused("not_ready", f"the joint meeting resolved: {self.reviews[-1].verdict}")
        return {}

    def _publicised(self, fact: said.ProjectPublicised) -> dict[str, Any]:
        if fact.days < USUAL_NOTICE_DAYS and fact.reason is None:
            raise Refused("invalid_value", f"fewer than {USUAL_NOTICE_DAYS} days need a reason")
        return {"notice_until": days_after(fact.at, fact.days), "notice_reason": fact.reason, "objections": ()}

    def _objected(self, fact: said.ProjectObjected) -> dict[str, Any]:
        return {"objections": (*self.objections, Objection(by=fact.by, at=fact.at, objection=fact.objection))}

    def _answered(self, fact: said.ProjectObjectionAnswered) -> dict[str, Any]:
        if fact.objection > len(self.objections):
            raise Refused("unknown_reference", f"objection {fact.objection} of {len(self.objections)}")
        answered = list(self.objections)
        answered[fact.objection - 1] = answered[fact.objection - 1].model_copy(update={"answer": fact.answer})
        return {"objections": tuple(answered)}

    def _signed(self, fact: said.ProjectSigned) -> dict[str, Any]:
        if self.notice_until is not None and fact.at < self.notice_until:
            raise Refused("notice_running", f"until {self.notice_until.isoformat()}")
        if len(self.signatories) < 2:
            raise Refused("not_ready", "a project is signed by its lead and at least one partner")
        unanswered = [place for place, each in enumerate(self.objections, start=1) if each.answer is None]
        if unanswered:
            raise Refused("not_ready", f"objections without an answer: {unanswered}")
        return {"agreement": fact.agreement}

    def _milestone(self, fact: said.ProjectMilestoneReached) -> dict[str, Any]:
        if fact.milestone > len(self.milestones):
            raise Refused("unknown_reference", f"milestone {fact.milestone} of {len(self.milestones)}")
        if any(each.milestone == fact.milestone for each in self.reached):
            raise Refused("already_done", f"milestone {fact.milestone} was reached")
        reached_at = fact.reached_at or fact.at
        if reached_at > fact.at:
            raise Refused("invalid_value", "a milestone is not reached on a day to come")
        is_late = reached_at > self.milestones[fact.milestone - 1].due
        reached = Reached(milestone=fact.milestone, reached_at=reached_at, is_late=is_late, note=fact.note)
        return {"reached": (*self.reached, reached)}

    def _spent(self, fact: said.ProjectSpent) -> dict[str, Any]:
        told = fact.model_dump(include={"line", "amount", "purpose", "voucher"})
        return {"spent": spend(self.budget, self.spent, Spending(by=fact.by, at=fact.at, **told))}

    def _reversed(self, fact: said.ProjectSpendingReversed) -> dict[str, Any]:
        return {"spent": reverse(self.spent, fact.entry, at=fact.at, reason=fact.reason)}

    def _delivered(self, fact: said.ProjectDelivered) -> dict[str, Any]:
        if self.unreached():
            raise Refused("not_ready", f"milestones not reached: {', '.join(each.title for each in self.unreached())}")
        return super().after(fact)

    def _accepted(self, fact: said.ProjectAccepted) -> dict[str, Any]:
        return {"opinion": fact.opinion, "evaluate_by": days_after(fact.at, fact.evaluate_days)}

    def _sealed(self, fact: said.ProjectEvaluationSealed) -> dict[str, Any]:
        new = Evaluation(party=fact.by, digest=fact.digest, sealed_at=fact.at)
        return {"evaluations": seal(self.evaluations, new, parties=self.signatories, until=self._deadline())}

    def _revealed(self, fact: said.ProjectEvaluationRevealed) -> dict[str, Any]:
        opened = fact.model_dump(include={"party", "score", "text", "salt"})
        shown = Evaluation(digest=digest_of(project=self.id, **opened), sealed_at=fact.at, **opened)
        return {"evaluations": show(self.evaluations, shown, parties=self.signatories, until=self._deadline())}

    def _evaluated(self, fact: said.ProjectEvaluated) -> dict[str, Any]:
        patience = 0 if are_shown(self.evaluations) else DAYS_TO_SHOW
        if fact.at < days_after(self._deadline(), patience):
            raise Refused("not_ready", "there is still time to evaluate, or something is under seal")
        return {}

    def _deadline(self) -> datetime:
        return self.evaluate_by or self.since

    def _extended(self, fact: said.ProjectExtended) -> dict[str, Any]:
        _possible(self.starts_at, fact.ends_at)
        return super().after(fact)


_CHANGES: Final[dict[type[Step], Callable[[Project, Any], dict[str, Any]]]] = {
    said.ProjectRevised: Project._revised,
    said.ProjectReviewed: Project._reviewed,
    said.ProjectApproved: Project._approved,
    said.ProjectPublicised: Project._publicised,
    said.ProjectObjected: Project._objected,
    said.ProjectObjectionAnswered: Project._answered,
    said.ProjectSigned: Project._signed,
    said.ProjectMilestoneReached: Project._milestone,
    said.ProjectSpent: Project._spent,
    said.ProjectSpendingReversed: Project._reversed,
    said.ProjectDelivered: Project._delivered,
    said.ProjectAccepted: Project._accepted,
    said.ProjectEvaluationSealed: Project._sealed,
    said.ProjectEvaluationRevealed: Project._revealed,
    said.ProjectEvaluated: Project._evaluated,
    said.ProjectExtended: Project._extended,
}
"""What steps change that do more than to set fields of their own names."""


def code_prefix(community: str, at: datetime) -> str:
    """Return street, community and year of a code, such as ``310105001-001-2026-``; the year is China's."""
    try:
        year = at.astimezone(_CHINA).year
    except OverflowError:  # the last hours of the calendar
        year = at.year
    return f"{community[:9]}-{community[9:]}-{year}-"


def _possible(starts_at: datetime | None, ends_at: datetime | None) -> None:
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise Refused("impossible_window", "the end is not after the start")


_UNDER_WAY: Final = ("signed", "staffed", "running")
_OPEN: Final = ("proposed", "returned", "reviewed", "approved", "publicised", *_UNDER_WAY, "suspended", "delivered")
_OFFICES: Final = ("community", "office")
_JUDGES: Final = ("community", "member", "office")
_PLANNING: Final = ("signatories", "opened_by", PLACE)

PROJECT: Final = Lifecycle(
    kind="project",
    plural="projects",
    zh="项目",
    en="project",
    record=Project,
    whose=_PLANNING,
    refuses=(
        "unknown_reference",
        "not_ready",
        "notice_running",
        "over_budget",
        "not_a_party",
        "already_done",
        "too_late",
        "evaluation_sealed",
        "evaluation_differs",
        "impossible_window",
    ),
    states={
        "proposed": State("已提出", "proposed", days=30),
        "returned": State("已退回", "returned", days=30),
        "reviewed": State("已评审", "reviewed", days=7),
        "approved": State("已立项", "approved", days=7),
        "publicised": State("公示中", "on public notice"),
        "signed": State("已签约", "signed", days=14),
        "staffed": State("已配人", "staffed", days=14),
        "running": State("实施中", "running"),
        "suspended": State("已暂停", "suspended", days=90),
        "delivered": State("已交付", "delivered", days=14),
        "accepted": State("已验收", "accepted"),
        "evaluated": State("已互评", "evaluated", days=14),
        "closed": State("已结项", "closed", is_open=False),
        "rejected": State("未立项", "rejected", is_open=False),
        "terminated": State("已终止", "terminated", is_open=False),
    },
    moves=(
        Move("propose", said.ProjectProposed, "提出", (), "proposed", whose=ANYBODY, en="propose a project"),
        Move("revise", said.ProjectRevised, "修改", ("proposed", "returned"), None),
        Move("review", said.ProjectReviewed, "评审", ("proposed",), "reviewed", _OFFICES, whose=(PLACE,)),
        Move("approve", said.ProjectApproved, "立项", ("reviewed",), "approved", _OFFICES, whose=(PLACE,)),
        Move(
            "return",
            said.ProjectReturned,
            "退回",
            ("proposed", "reviewed", "publicised"),
            "returned",
            _OFFICES,
            whose=(PLACE,),
        ),
        Move("resubmit", said.ProjectResubmitted, "再提", ("returned",), "proposed"),
        Move(
            "reject",
            said.ProjectRejected,
            "不予立项",
            ("proposed", "reviewed", "publicised"),
            "rejected",
            _OFFICES,
            whose=(PLACE,),
        ),
        Move("publicise", said.ProjectPublicised, "公示", ("approved",), "publicised", _OFFICES, whose=(PLACE,)),
        Move("object", said.ProjectObjected, "提出异议", ("publicised",), None, whose=ANYBODY),
        Move(
            "answer_objection",
            said.ProjectObjectionAnswered,
            "答复异议",
            ("publicised",),
            None,
            _OFFICES,
            whose=(PLACE,),
        ),
        Move("sign", said.ProjectSigned, "签约", ("publicised",), "signed"),
        Move("staff", said.ProjectStaffed, "配人", ("signed",), "staffed"),
        Move("restaff", said.ProjectRestaffed, "调整人员", ("staffed", "running"), None),
        Move("start", said.ProjectStarted, "开工", ("staffed",), "running"),
        Move("reach", said.ProjectMilestoneReached, "达到节点", ("running",), None, whose=("parties", PLACE)),
        Move("spend", said.ProjectSpent, "列支", ("running", "delivered"), None),
        Move("reverse_spending", said.ProjectSpendingReversed, "冲销", (*_UNDER_WAY, "delivered", "accepted"), None),
        Move("deliver", said.ProjectDelivered, "交付", ("running",), "delivered", whose=("parties", PLACE)),
        # Those it was for ask for its demands: whoever knows the lists looks who that is (``api.lives.project``).
        Move("rework", said.ProjectReworked, "返工", ("delivered",), "running", _JUDGES, whose=ANYBODY),
        Move("accept", said.ProjectAccepted, "验收", ("delivered",), "accepted", _JUDGES[:2], whose=ANYBODY),
        Move("seal", said.ProjectEvaluationSealed, "封存评价", ("accepted",), None, whose=("signatories",)),
        Move(
            "reveal",
            said.ProjectEvaluationRevealed,
            "公开评价",
            ("accepted",),
            None,
            last="evaluated",
            whose=("signatories", PLACE, SYSTEM),
        ),
        Move(
            "conclude", said.ProjectEvaluated, "结束互评", ("accepted",), "evaluated", whose=("parties", PLACE, SYSTEM)
        ),
        Move("close", said.ProjectClosed, "结项", ("evaluated",), "closed", _OFFICES, whose=(PLACE,)),
        Move("suspend", said.ProjectSuspended, "暂停", _UNDER_WAY, "suspended"),
        Move("resume", said.ProjectResumed, "恢复", ("suspended",), BACK),
        Move("extend", said.ProjectExtended, "延期", (*_UNDER_WAY, "suspended"), None),
        Move("terminate", said.ProjectTerminated, "终止", _OPEN, "terminated"),
    ),
)
