"""Claims 认领: one side picks an entry of the other side by hand, and what rounds made of it.

A claim names a pair: a line of a demand and a resource, of one shard. It stands for as many seats as both have.
Claims of both sides lie in one topic, so that there is an order among them: the earlier one comes first.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EntityId, Fact, Moment, RegionPrefix
from schemas.demands import MOST_LINES
from schemas.rules import Rule

Side = Literal["provider", "requester"]
Outcome = Literal["honoured", "not_allowed", "filled", "gone", "claimed_before", "incomplete", "outbid", "elsewhere"]


class _Pick(Fact):
    claim_id: EntityId
    by: Annotated[Side, Field(description="Who claims: a provider takes a demand, a requester takes a resource.")]
    demand_id: EntityId
    line: Annotated[int, Field(ge=0, lt=MOST_LINES)] = 0
    resource_id: EntityId


class ClaimMade(_Pick):
    """One side picked an entry of the other side; the next round says what becomes of it."""

    shard: RegionPrefix
    at: Moment


class ClaimDropped(Fact):
    """A claim was taken back. What a round made of it before stays as it is."""

    claim_id: EntityId
    shard: RegionPrefix
    at: Moment


class ClaimSettled(_Pick):
    """What a round made of a claim; it is over with this, and may be made anew."""

    outcome: Outcome
    rule: Annotated[Rule | None, Field(description="The first hard rule that the pair fails, where not allowed.")] = (
        None
    )
