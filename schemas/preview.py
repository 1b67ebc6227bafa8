"""What would be if: an entry before it is posted, an offer among the open demands, a match if it were declined.

Nobody else is named in a preview of one's own entry: counts, points, classes of seats.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EntityId, Fact, ItemId, Moment, Points, RegionCode, RegionPrefix
from schemas.rules import Rule
from schemas.why import Remedy, ScarceClass


class LineOdds(Fact):
    """What a line of a demand would get if a round were decided now."""

    line: int
    item: ItemId
    asked: int
    served: Annotated[int, Field(description="Seats that the round would give.")]
    verdict: Literal["served", "partly", "outbid", "no_candidate", "incomplete", "lapsed"]
    considered: Annotated[int, Field(description="Resources of the same category on the list.")]
    failing: Annotated[dict[Rule, int], Field(description="How many of them fail each rule first.")]
    eligible: Annotated[int, Field(description="Resources that pass every rule and have a seat.")]
    starts_at: Annotated[Moment | None, Field(description="The earliest start, of the seats given or else possible.")]
    best_value: Annotated[Points | None, Field(description="What the best of the eligible would be worth.")] = None
    price: Annotated[Points | None, Field(description="What others would give up for the seats served.")] = None
    short_by: Annotated[Points | None, Field(description="Outbid by how much, for the next seat.")] = None
    scarce: Annotated[ScarceClass | None, Field(description="The class of seats that is too dear.")] = None
    at_best: Annotated[
        int | None,
        Field(description="Of a team's line that is not served: seats to be had at the start at which most are."),
    ] = None


class DemandPreview(Fact):
    """What would come of a demand that is not posted yet."""

    shard: RegionPrefix
    round_no: int
    at: Annotated[Moment, Field(description="The moment of the round that it was put into.")]
    lines: tuple[LineOdds, ...]
    adds: Annotated[Points, Field(description="By how much the round's total value would grow.")]
    remedies: Annotated[tuple[Remedy, ...], Field(description="Changes that would win more seats, cheapest first.")]
    untried: Annotated[
        bool, Field(description="Whether changes were not tried: too many lines ask for what its team asks for.")
    ] = False
    exact: Annotated[
        bool,
        Field(
            description="Whether a round now would say just this; not where it cannot take on every line, or where "
            "teams of others might be chosen anew."
        ),
    ]


class Chance(Fact):
    """An open demand line that an offer may serve."""

    demand_id: EntityId
    line: int
    item: ItemId
    community: RegionCode
    open: Annotated[int, Field(description="Open seats of the line.")]
    value: Annotated[Points, Field(description="What the pair is worth.")]
    adds: Annotated[Points, Field(description="What a seat here adds to the round: nothing where others do as well.")]
    given: Annotated[int, Field(description="Seats that a round now would give the line of this offer.")]
    starts_at: Moment
    only: Annotated[bool, Field(description="Whether nobody else on the list can serve it now.")]


class OfferPreview(Fact):
    """Which open demands an offer would serve now; those it would be given first, then what adds most."""

    shard: RegionPrefix
    round_no: int
    at: Moment
    seats: Annotated[int, Field(description="Seats that the offer has left.")]
    given: Annotated[int, Field(description="How many of them a round now would give away.")]
    adds: Annotated[Points, Field(description="By how much the round's total value is greater with the offer.")]
    demands: Annotated[int, Field(description="Open demands that it may serve.")]
    chances: Annotated[tuple[Chance, ...], Field(description="The best of them, at most a hundred.")]
    exact: Annotated[
        bool,
        Field(
            description="Whether a round now would say just this; not where it is too large, or where lines ask for "
            "whole teams: of these, nothing is told."
        ),
    ]


class Move(Fact):
    """A seat of a demand line that would be served by another resource; None: by nobody."""

    demand_id: EntityId
    line: int
    before: EntityId | None
    after: EntityId | None


class DeclinePreview(Fact):
    """What the decline of an assignment would move elsewhere in a round now."""

    assignment_id: str
    shard: RegionPrefix
    round_no: int
    at: Moment
    worth: Annotated[Points, Field(description="What the assignment is worth now.")]
    loss: Annotated[Points, Field(description="By how much the total would be less, all moves made.")]
    refilled: Annotated[bool, Field(description="Whether the demand's seat would be served all the same.")]
    moves: tuple[Move, ...]
    ends: Annotated[tuple[str, ...], Field(description="Other assignments that would end with it.")]
    exact: bool


class ClassPrice(Fact):
    """What one more seat of an item in a street at a stretch of four hours would add to the round, at most and mean."""

    item: ItemId
    street: RegionPrefix
    stretch: Annotated[Moment, Field(description="When the four hours begin.")]
    highest: Points
    mean: Points
    lines: Annotated[int | None, Field(description="Demand lines behind it; None: fewer than five.")]
    seats: Annotated[int | None, Field(description="Their open seats; None: fewer than five.")]
    unserved: Annotated[int | None, Field(description="Of these, seats that a round now leaves open; None: 1 to 4.")]


class PriceBoard(Fact):
    """The scarcity of a shard at one moment: the dearest classes first."""

    shard: RegionPrefix
    round_no: int
    at: Moment
    rows: tuple[ClassPrice, ...]
