"""What queries return: frozen values that the API and the page can pass on as they are.

Every time is in UTC. A region is a prefix; points are whole.
"""

from datetime import datetime
from typing import Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from schemas.claims import Side
from schemas.demands import Demand, Urgency
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.resources import Resource
from schemas.rounds import Certificate, LinePrice, PolicyRef, ResourcePrice, TeamPart
from schemas.rules import Rule
from schemas.sharding import ShardLevel
from schemas.transfers import Cause

Row = TypeVar("Row")

ResourceState = Literal["published", "suspended", "withdrawn"]
DemandState = Literal["open", "partly_matched", "matched", "fulfilled", "lapsed", "withdrawn"]
AssignmentState = Literal["proposed", "accepted", "confirmed", "fulfilled", "declined", "expired", "revoked"]
LIVE: Final[tuple[AssignmentState, ...]] = ("proposed", "accepted", "confirmed")
"""Something may still come of it."""
ClaimState = Literal[
    "open",
    "dropped",
    "honoured",
    "not_allowed",
    "filled",
    "gone",
    "claimed_before",
    "incomplete",
    "outbid",
    "elsewhere",
]
EscalationState = Literal["waiting", "held", "passed_on", "returned", "served", "gone"]
SeatState = Literal["waiting", "held", "served", "gone"]
TransferKind = Literal["escalated", "asked", "returned", "sent_home"]
Answer = Literal["accepted", "declined", "done", "no_show"]
FeedType = Literal["proposed", "confirmed", "revoked", "expired", "fulfilled"]


class View(BaseModel):
    """A value read from the read model."""

    model_config = ConfigDict(frozen=True)


class Page(View, Generic[Row]):
    """Some rows of a list, newest first; ``next_cursor`` is None on the last page."""

    rows: tuple[Row, ...]
    next_cursor: str | None


class Named(View):
    """A code with its names; a free one is its own name."""

    code: str
    zh: str
    en: str


class UnitView(View):
    """A resident unit as it last reported. ``kind`` follows from its USCC; ``enrolment_id`` is the life's."""

    party: str
    version: int
    is_active: bool
    enrolment_id: str
    kind: Named
    industry_system: Named | None
    unit: UnitEnrolled


class MemberView(View):
    """One enrolment of a member: there may be one of each kind. ``enrolment_id`` is the life's."""

    party: str
    version: int
    is_active: bool
    enrolment_id: str
    enrolment: MemberEnrolled


class ResourceView(View):
    """A resource with what is left of it. ``resource.version`` is the version in force."""

    resource: Resource
    version: int
    state: ResourceState
    reason: str | None
    category: str
    live: int
    fulfilled: int
    free: int
    changed_at: datetime


class Sitting(View):
    """Open seats of a demand that were escalated: the shard in which they sit.

    ``level`` is the shard that looks for help, since ``since``; where ``shard`` is another one, it was asked to hold a
    resource for them, and its next round answers.
    """

    shard: str
    level: str
    seats: int
    since: datetime


class DemandView(View):
    """A demand with what was found for it. ``demand`` carries the version and urgency in force.

    ``sits_in`` says where its open seats are that were escalated; the others sit in its own shard.
    """

    demand: Demand
    version: int
    state: DemandState
    reason: str | None
    categories: tuple[str, ...]
    asked: int
    filled: int
    fulfilled: int
    open_seats: int
    sits_in: tuple[Sitting, ...]
    changed_at: datetime


class LineView(View):
    """One line of a demand: seats asked for, filled (live or done) and done; ``together`` in a bundle, too."""

    line: int
    item: str
    category: str
    quantity: int
    siblings: bool
    together: bool
    filled: int
    fulfilled: int


class AssignmentView(View):
    """An assignment with its state as people see it.

    ``answer`` is the answer that counts of those given; the next round turns it into a state. Titles are None where the
    entry was not read yet.
    """

    assignment_id: str
    shard: str
    round_no: int
    state: AssignmentState
    reason: str | None
    answer: Answer | None
    answered_at: datetime | None
    proposed_at: datetime
    changed_at: datetime
    demand_id: str
    demand_title: str | None
    line: int
    seat: int
    demand_version: int
    resource_id: str
    resource_title: str | None
    resource_seat: int
    resource_version: int
    requester: str
    provider: str
    item: str
    offered_item: str
    category: str
    community: str
    starts_at: datetime
    ends_at: datetime
    value: int
    margin: int
    terms: dict[str, int]
    auto_accepted: bool
    answer_by: datetime | None


class AnswerView(View):
    """One answer to an assignment."""

    answer: Answer
    by: str
    reason: str | None
    at: datetime


class ClaimView(View):
    """A claim and what became of it; ``state`` is the outcome, once a round has said it.

    ``rule`` names the first hard rule that the pair fails, where the claim was not allowed.
    """

    claim_id: str
    shard: str
    by: Side
    demand_id: str
    line: int
    resource_id: str
    made_at: datetime
    state: ClaimState
    rule: Rule | None
    round_no: int | None
    decided_at: datetime | None


class LineSeats(View):
    """Seats of one line, numbered from 0."""

    line: int
    seats: tuple[int, ...]


class SeatView(View):
    """One seat that was ever with another shard: where it is now, which level looks for help for it, since when.

    It is ``away`` while that level is not its own shard.
    """

    line: int
    seat: int
    shard: str
    level: str
    away: bool
    since: datetime
    state: SeatState


class WayStep(View):
    """One transfer of seats of a demand: escalated, asked of a resource's home, returned from there, or sent home.

    A seat is sent home, or to the level below, when nobody above was found for it; it may go up again later.
    ``waited_minutes`` is how long the demand sat in ``from_shard`` before it was escalated.
    """

    kind: TransferKind
    from_shard: str
    to_shard: str
    at: datetime
    round_no: int
    lines: tuple[LineSeats, ...]
    cause: Cause | None
    waited_minutes: int | None
    resource_id: str | None


class DemandDetail(View):
    """A demand with its lines, all its assignments, newest first, and the newest of its way between shards."""

    view: DemandView
    lines: tuple[LineView, ...]
    assignments: tuple[AssignmentView, ...]
    way: tuple[WayStep, ...]
    whereabouts: tuple[SeatView, ...]


class EscalationView(View):
    """Seats of a demand that one shard escalated to the one above, and what became of them.

    ``state``: some of them wait there; a resource was asked for; they were passed on to the next level; returned, since
    nobody was found; all are served; gone with their demand. ``waited_minutes`` is how long the demand had been in
    ``from_shard``. The title is None, and so is when it was posted, where the demand was not read yet.
    """

    from_shard: str
    to_shard: str
    to_level: ShardLevel
    round_no: int
    number: int
    at: datetime
    demand_id: str
    demand_title: str | None
    posted_at: datetime | None
    urgency: Urgency | None
    community: str
    categories: tuple[str, ...]
    lines: tuple[LineSeats, ...]
    cause: Cause
    waited_minutes: int
    state: EscalationState


class LevelView(View):
    """What is with one shard above, and what came of what reached it within a week.

    ``waiting`` counts the open seats that are there now by the age of their demand: up to an hour, a day, three days,
    and older; ``held`` are those among them for which a resource was asked. ``posted_at`` is that of the oldest demand.
    ``reached`` counts escalations by what became of them.
    """

    shard: str
    level: ShardLevel
    demands: int
    waiting: tuple[int, int, int, int]
    held: int
    posted_at: datetime | None
    reached: dict[EscalationState, int]


class Levels(View):
    """The shards above to which something came within a week, or is there now, the highest level first."""

    at: datetime
    levels: tuple[LevelView, ...]


class AssignmentWhy(View):
    """Why this pair: the parts of its value, the prices of its round, and the proof that the round was best.

    A price is None where the round named none for that seat. Where the pair lies in a part with teams, ``team_part``
    says what was found for it; the certificate is about everything else.
    """

    assignment: AssignmentView
    decided_at: datetime
    cause: str
    policy: PolicyRef
    solver: str
    line_price: int | None
    resource_price: int | None
    certificate: Certificate
    team_part: TeamPart | None
    answers: tuple[AnswerView, ...]


class RoundView(View):
    """One round in figures."""

    shard: str
    round_no: int
    decided_at: datetime
    cause: str
    policy: str
    policy_version: int
    proposals: int
    transitions: int
    lapsed: int
    pairs: int
    line_seats: int
    resource_seats: int
    components: int
    value: int
    holds: bool


class ShardPrices(View):
    """The prices that a shard's newest round with proposals or open lines found."""

    shard: str
    round_no: int
    decided_at: datetime
    lines: tuple[LinePrice, ...]
    resources: tuple[ResourcePrice, ...]


class DeadLetterView(View):
    """A record that was refused, without its content."""

    topic: str
    partition: int
    offset: int
    code: str
    detail: str
    value_sha256: str
    refused_at: datetime


class FeedRow(View):
    """One thing that became of an assignment, with all that the live stream shows."""

    seq: int
    event_id: str
    type: FeedType
    at: datetime
    shard: str
    community: str
    category: str
    assignment_id: str
    round_no: int
    reason: str | None
    item: str | None
    offered_item: str | None
    demand_id: str | None
    demand_title: str | None
    resource_id: str | None
    resource_title: str | None
    provider: str | None
    requester: str | None
    value: int | None
    margin: int | None
    starts_at: datetime | None
    auto_accepted: bool | None


class FeedPage(View):
    """Rows in ascending ``seq``; go on from ``next_seq``, which has passed what the filters left out too."""

    rows: tuple[FeedRow, ...]
    next_seq: int


class Counts(View):
    """The numbers of one region and category. ``fill_rate`` is None where nothing was asked for."""

    open_demands: int
    open_seats: int
    asked: int
    filled: int
    fulfilled: int
    resources: int
    live: int
    units: int
    members: int | None
    fill_rate: float | None


class RegionCounts(View):
    """The numbers of one child region."""

    region: str
    counts: Counts


class CategoryCounts(View):
    """The numbers of one category."""

    category: str
    counts: Counts


class Overview(View):
    """One region on one screen. ``members`` under five are None everywhere, and so is what would give one away."""

    region: str
    at: datetime
    counts: Counts
    rounds_last_minute: int
    matches_last_minute: int
    median_wait_s: float | None
    dead_letters: int
    regions: tuple[RegionCounts, ...]
    categories: tuple[CategoryCounts, ...]


class TrendPoint(View):
    """How many assignments were proposed in the stretch that begins at ``at``."""

    at: datetime
    matches: int


class MemberClassCount(View):
    """Members by class; None where they are fewer than five."""

    member_class: str
    members: int | None
