"""What would be if: an entry before it is posted, an offer among the open demands, a match if it were declined.

Nobody else is named in a preview of one's own entry: counts, points, classes of seats.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Fact, ItemId, Moment, RegionPrefix
from schemas.rounds import Points
from schemas.why import Remedy, Rule, ScarceClass


class LineOdds(Fact):
    """What a line of a demand would get if a round were decided now."""

    line: int
    item: ItemId
    asked: int
    served: Annotated[int, Field(description="Seats that the round would give.")]
    verdict: Literal["served", "partly", "outbid", "no_candidate", "lapsed"]
    considered: Annotated[int, Field(description="Resources of the same category on the list.")]
    failing: Annotated[dict[Rule, int], Field(description="How many of them fail each rule first.")]
    eligible: Annotated[int, Field(description="Resources that pass every rule and have a seat.")]
    starts_at: Annotated[Moment | None, Field(description="The earliest start, of the seats given or else possible.")]
    best_value: Annotated[Points | None, Field(description="What the best of the eligible would be worth.")] = None
    price: Annotated[Points | None, Field(description="What others would give up for the seats served.")] = None
    short_by: Annotated[Points | None, Field(description="Outbid by how much, for the next seat.")] = None
    scarce: Annotated[ScarceClass | None, Field(description="The class of seats that is too dear.")] = None


class DemandPreview(Fact):
    """What would come of a demand that is not posted yet."""

    shard: RegionPrefix
    round_no: int
    at: Annotated[Moment, Field(description="The moment of the round that it was put into.")]
    lines: tuple[LineOdds, ...]
    adds: Annotated[Points, Field(description="By how much the round's total value would grow.")]
    remedies: Annotated[tuple[Remedy, ...], Field(description="Changes that would win more seats, cheapest first.")]
    exact: Annotated[
        bool, Field(description="Whether a round now would say the same; not where it cannot take on every line.")
    ]
