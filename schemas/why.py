"""Reasons for people: what kept a demand from being served, as of one moment."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EntityId, Fact, ItemId, Moment, RegionPrefix
from schemas.rounds import Points

Rule = Literal[
    "item",
    "scope",
    "gate",
    "beneficiary",
    "fitness",
    "cost",
    "admission",
    "seats",
    "window",
    "notice",
    "barred",
    "worth",
]
"""The hard rules, in the order in which they are tried; ``worth`` means: allowed, but worth nothing."""


class LineWhy(Fact):
    """Why a demand line stands where it stands."""

    line: int
    item: ItemId
    asked: int
    filled: int
    verdict: Literal["matched", "outbid", "no_candidate", "lapsed", "withdrawn", "next_round"]
    considered: Annotated[int, Field(description="Resources of the same category on the list.")]
    failing: Annotated[dict[Rule, int], Field(description="How many of them failed each rule first.")]
    eligible: Annotated[int, Field(description="Resources that pass every rule right now.")]
    best_value: Annotated[Points | None, Field(description="What the best of these would be worth.")] = None
    price: Annotated[Points | None, Field(description="What the cheapest of these costs at going prices.")] = None
    short_by: Annotated[Points | None, Field(description="Outbid by how much.")] = None


class DemandWhy(Fact):
    """Why each line of a demand stands where it stands, as of the shard's last round."""

    demand_id: EntityId
    shard: RegionPrefix
    round_no: int
    at: Moment
    lines: tuple[LineWhy, ...]
