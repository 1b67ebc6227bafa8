"""The steps of projects 项目: what is said with each."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Detail, EntityId, Fact, Moment, Number, PartyRef, Reason, Title
from schemas.lifecycle import Step
from schemas.lives.budget import BudgetLine, LineNumber, Sum
from schemas.lives.evaluation import Digest, Salt, Score

Verdict = Literal["approve", "return", "reject"]
Place = Annotated[int, Field(ge=1, le=1000, description="By its place, counted from 1.")]
Entries = Annotated[tuple[EntityId, ...], Field(max_length=100)]
Partners = Annotated[tuple[PartyRef, ...], Field(max_length=50)]


class Milestone(Fact):
    """What is to be reached by a day."""

    title: Title
    due: Moment


class Post(Fact):
    """A post 岗位 and who fills it: members by pseudonym, units, teams."""

    title: Title
    people: Annotated[tuple[PartyRef, ...], Field(min_length=1, max_length=200)]


Milestones = Annotated[tuple[Milestone, ...], Field(max_length=50)]
Budget = Annotated[tuple[BudgetLine, ...], Field(max_length=100)]
Posts = Annotated[tuple[Post, ...], Field(min_length=1, max_length=50)]


class ProjectProposed(Step):
    """A project was proposed, from matched entries or by a street."""

    title: Title
    detail: Detail = ""
    lead: PartyRef
    partners: Partners = ()
    demands: Entries = ()
    resources: Entries = ()
    assignments: Entries = ()
    milestones: Milestones = ()
    budget: Budget = ()
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    expected_beneficiaries: Number = 0
    serial: Annotated[
        int | None, Field(ge=1, le=999_999, description="Within its community and year; left out, the next one.")
    ] = None


class ProjectRevised(Step):
    """Its plan was changed; what is left out stays as it was."""

    title: Title | None = None
    detail: Detail | None = None
    lead: PartyRef | None = None
    partners: Partners | None = None
    demands: Entries | None = None
    resources: Entries | None = None
    assignments: Entries | None = None
    milestones: Milestones | None = None
    budget: Budget | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    expected_beneficiaries: Number | None = None


class ProjectReviewed(Step):
    """A joint meeting resolved on it."""

    meeting: EntityId
    resolution: Place
    verdict: Verdict
    opinion: Detail = ""


class ProjectApproved(Step):
    """It may go on to public notice."""


class ProjectReturned(Step):
    """It has to be mended and proposed once more."""

    reason: Reason


class ProjectResubmitted(Step):
    """It was mended."""


class ProjectRejected(Step):
    """It will not be."""

    reason: Reason


class ProjectPublicised(Step):
    """It is on public notice 公示: until the period is over anybody may object, and nobody may sign."""

    days: Annotated[int, Field(ge=0, le=60, description="Fewer than five need a reason.")] = 5
    reason: Reason | None = None


class ProjectObjected(Step):
    """Somebody objected while it was on public notice."""

    objection: Reason


class ProjectObjectionAnswered(Step):
    """An objection was answered."""

    objection: Place
    answer: Reason


class ProjectSigned(Step):
    """Its agreement is in force."""

    agreement: EntityId


class ProjectStaffed(Step):
    """Its posts are filled."""

    posts: Posts


class ProjectRestaffed(Step):
    """Its posts are filled anew, whole."""

    posts: Posts


class ProjectStarted(Step):
    """Work began."""


class ProjectMilestoneReached(Step):
    """A milestone was reached."""

    milestone: Place
    reached_at: Annotated[Moment | None, Field(description="When; left out, now.")] = None
    note: Detail = ""


class ProjectSpent(Step):
    """Something was spent of a line of the budget."""

    line: LineNumber
    amount: Sum
    purpose: Title
    voucher: Title | None = None


class ProjectSpendingReversed(Step):
    """An entry of the book was wrong and does not count."""

    entry: Place
    reason: Reason


class ProjectDelivered(Step):
    """The work is done, say those who did it."""

    outcome: Detail
    actual_beneficiaries: Number


class ProjectReworked(Step):
    """What was delivered does not do yet."""

    reason: Reason


class ProjectAccepted(Step):
    """The community and those it was for are content; both sides may evaluate now."""

    opinion: Detail = ""
    evaluate_days: Annotated[int, Field(ge=1, le=90, description="How long both sides may take.")] = 14


class ProjectEvaluationSealed(Step):
    """A party committed to what it says of the others."""

    digest: Digest


class ProjectEvaluationRevealed(Step):
    """What a party had committed to is shown."""

    party: PartyRef
    score: Score
    text: Detail = ""
    salt: Salt


class ProjectEvaluated(Step):
    """The time to evaluate is over, and nothing is left under seal."""


class ProjectClosed(Step):
    """All is said and done."""

    summary: Detail = ""


class ProjectSuspended(Step):
    """It rests."""

    reason: Reason


class ProjectResumed(Step):
    """It goes on where it stood."""


class ProjectExtended(Step):
    """It has more time."""

    ends_at: Moment
    reason: Reason


class ProjectTerminated(Step):
    """It ends before it is done."""

    reason: Reason
