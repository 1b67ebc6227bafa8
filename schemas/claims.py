"""Claims 认领: one side picks an entry of the other side by hand, and what rounds made of it.

A claim names a pair: a line of a demand and a resource, of one shard. It stands for as many seats as both have; an
order's for its ``quantity``: so many seats it holds, or none.
Claims of both sides lie in one topic, so that there is an order among them: the earlier one comes first.
"""

from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EntityId, Fact, Moment, RegionPrefix, unsaid
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
    quantity: Annotated[
        int | None,
        Field(ge=1, le=1000, exclude_if=unsaid, description="Of an order: so many seats, all or none; outside teams."),
    ] = None


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


def seat_of(*, shard: str, claim_id: str, number: int) -> str:
    """Return the id of the assignment of an order's seat, counted from 0: known before a round has ruled on it."""
    return sha256(f"{shard}|claim|{claim_id}|{number}".encode()).hexdigest()[:32]
