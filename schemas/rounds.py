"""The decision log: one record per round, whole."""

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
    RegionCode,
    ShardKey,
    unsaid,
)
from schemas.claims import ClaimSettled
from schemas.responses import AssignmentId
from schemas.transfers import Transfers

Outcome = Literal["confirmed", "revoked", "expired", "fulfilled"]
"""Where an assignment goes from a round."""
Reason = Literal[
    "accepted",
    "declined",
    "no_answer",
    "no_show",
    "done",
    "resource_gone",
    "demand_gone",
    "no_longer_allowed",
    "team_broken",
    "ordered",
]
"""Why it goes there."""


class PolicyRef(Fact):
    """Which policy decided: its name and version, and the digest of its content."""

    name: str
    version: Number
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class InputOffset(Fact):
    """How far one topic of the shard's partition had been read: the next offset to come."""

    topic: str
    partition: Number
    offset: Count


class Proposal(Fact):
    """One resource seat given to one demand line seat, with what it is worth and why."""

    assignment_id: AssignmentId
    demand_id: EntityId
    line: Number
    seat: Number
    demand_version: Number
    resource_id: EntityId
    resource_seat: Number
    resource_version: Number
    requester: PartyRef
    provider: PartyRef
    item: Annotated[ItemId, Field(description="What the line asked for.")]
    offered_item: Annotated[ItemId, Field(description="What the resource gives: the same item or a sibling.")]
    community: RegionCode
    starts_at: Moment
    ends_at: Moment
    value: Points
    terms: Annotated[dict[str, Points], Field(description="The parts of the value that are not zero.")]
    margin: Annotated[Points, Field(description="How far ahead of the line's next best at the round's prices.")]
    auto_accepted: bool
    answer_by: Moment | None


class Transition(Fact):
    """What became of an earlier assignment."""

    assignment_id: AssignmentId
    demand_id: EntityId
    resource_id: EntityId
    to: Outcome
    reason: Reason
    barred_until: Annotated[
        Moment | None, Field(description="After no answer: until when the pair rests. A declined pair rests for ever.")
    ] = None
    used_up: Annotated[bool, Field(description="Whether fulfilment used the resource's seat up.")] = False


class Lapse(Fact):
    """A demand whose open seats nobody filled in time. A later version may open it again."""

    demand_id: EntityId
    version: Number


class LinePrice(Fact):
    """What one more seat would be worth to a demand line."""

    demand_id: EntityId
    line: Number
    price: Points


class ResourcePrice(Fact):
    """What one more seat of this resource would be worth."""

    resource_id: EntityId
    price: Points


class Certificate(Fact):
    """Proof of the optimum: the value equals the sum of prices, and no pair is worth more than its two prices."""

    value: Points
    price_sum: Points
    worst_gap: Annotated[Points, Field(description="The most by which a pair exceeds its two prices; 0 when optimal.")]
    holds: bool


class Outbid(Fact):
    """A line whose clock of regret starts: a seat of it stayed open while one it could have had went elsewhere."""

    demand_id: EntityId
    line: Number


class FairnessCost(Fact):
    """What fairness cost a round: the worth of what was given, and the most there was, both without its terms."""

    value: Points
    best: Points


class LineRef(Fact):
    """A line of a demand, by its place."""

    demand_id: EntityId
    line: Number


class TeamPart(Fact):
    """A connected part of the round that holds teams: what was found for it, and what nothing can exceed."""

    lines: Annotated[
        tuple[LineRef, ...],
        Field(
            description="Its lines, those of teams and ordinary ones; at most 6,000 a record, those given seats first."
        ),
    ]
    value: Annotated[Points, Field(description="What its proposals are worth together.")]
    bound: Annotated[Points, Field(description="What no other choice can exceed.")]
    certified: Annotated[bool, Field(description="Whether value and bound are equal; else the best known.")]


class RoundSize(Fact):
    """How big the question was."""

    lines: Count
    line_seats: Count
    resources: Count
    resource_seats: Count
    pairs: Count
    components: Count
    left_out: Annotated[
        int,
        Field(ge=0, description="What did not fit: lines, endings and lapses that the next round takes on at once."),
    ] = 0


class RoundDecided(Fact):
    """One matching of one shard's pool at one moment under one policy."""

    shard: ShardKey
    round_no: Annotated[int, Field(ge=1, le=2**31 - 1)]
    decided_at: Moment
    cause: Literal["interval", "whistle", "alarm"]
    policy: PolicyRef
    solver: Annotated[str, Field(examples=["cobuild 1 / scipy 1.17.1 / numpy 2.4.6"])]
    inputs: tuple[InputOffset, ...]
    transitions: tuple[Transition, ...]
    lapsed: Annotated[tuple[Lapse, ...], Field(description="Demands whose open seats lapsed in this round.")]
    proposals: tuple[Proposal, ...]
    line_prices: tuple[LinePrice, ...]
    resource_prices: tuple[ResourcePrice, ...]
    certificate: Annotated[Certificate, Field(description="The proof of everything outside the parts with teams.")]
    team_parts: Annotated[
        tuple[TeamPart, ...],
        Field(exclude_if=unsaid, description="The parts with teams; their values add to the certificate's."),
    ] = ()
    size: RoundSize
    claims: Annotated[
        tuple[ClaimSettled, ...], Field(exclude_if=unsaid, description="What became of claims, in their order.")
    ] = ()
    outbid: Annotated[
        tuple[Outbid, ...],
        Field(
            exclude_if=unsaid,
            description="Lines that were outbid for the first time since a seat of theirs was last confirmed; "
            "only under a policy that values regret.",
        ),
    ] = ()
    fairness: Annotated[
        FairnessCost | None,
        Field(exclude_if=unsaid, description="Only under a policy with terms of fairness: load, regret."),
    ] = None
    transfers: Annotated[
        Transfers | None, Field(exclude_if=unsaid, description="What passes from this shard to others.")
    ] = None

    @property
    def value(self) -> int:
        """What all that it matched is worth together, in points; what orders hold is not matched."""
        return self.certificate.value + sum(part.value for part in self.team_parts)
