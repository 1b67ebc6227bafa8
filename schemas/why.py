"""Reasons for people: what kept a demand from being served, as of one moment."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EntityId, Fact, ItemId, Moment, Points, RegionCode, RegionPrefix, ShardKey
from schemas.demands import Urgency
from schemas.rules import Rule

STRETCH_HOURS = 4
"""The length of a time class: a stretch of the day, counted from midnight UTC."""


class ScarceClass(Fact):
    """A class of seats: item, street and stretch of four hours. A class of few sources is told in broader terms."""

    item: ItemId
    street: Annotated[RegionPrefix | None, Field(description="Where they come from; None: the whole shard.")] = None
    stretch: Annotated[Moment | None, Field(description="When its four hours begin; None: whenever.")] = None
    sources: Annotated[int | None, Field(description="How many entries are of it; None: fewer than five.")] = None


class Remedy(Fact):
    """A change of a demand that would win more seats: tried out in the solved round, and only told because it won.

    ``kind`` says which field holds the change: ``item`` asks for another item, ``siblings`` lets others of the category
    do, ``time`` moves the window by ``minutes``, ``place`` holds it in another ``community``, ``urgency`` raises the
    level, ``seats`` asks for as many as there are. ``apart`` lets the seats of a team be filled each on its own: those
    of the line, or of a bundle its lines. What changes a bundle as a whole is told of its first line.
    """

    kind: Literal["item", "siblings", "time", "place", "urgency", "seats", "apart"]
    line: int
    item: ItemId | None = None
    minutes: Annotated[int | None, Field(description="Later; negative: earlier.")] = None
    community: RegionCode | None = None
    shared: Annotated[
        Literal["street", "district", "city", "beyond"] | None,
        Field(description="The smallest region that holds both places: how wide the gap of scopes is."),
    ] = None
    urgency: Urgency | None = None
    quantity: int | None = None
    quantities: Annotated[
        tuple[int, ...] | None,
        Field(description="Where several lines of a bundle ask for fewer: what each line of the demand asks for then."),
    ] = None
    seats: Annotated[int, Field(description="Open seats of the line that would then be served.")]
    in_all: Annotated[
        int | None, Field(description="Of a bundle of several lines: seats of all of them that would then be served.")
    ] = None
    price: Annotated[Points, Field(description="What others would give up for it.")]


Verdict = Literal[
    "matched",
    "outbid",
    "no_candidate",
    "incomplete",
    "met",
    "lapsed",
    "withdrawn",
    "next_round",
    "elsewhere",
    "asked",
]


class SeatsAway(Fact):
    """Open seats of a line that were escalated.

    ``level`` looks for help since ``since``; where ``shard`` is another one, it was asked to hold a resource for them.
    """

    shard: ShardKey
    level: ShardKey
    seats: Annotated[int, Field(ge=1)]
    since: Moment


class LineWhy(Fact):
    """Why a demand line stands where it stands: in the round of the shard in which its open seats sit.

    ``elsewhere``: every seat that is not taken sits in another shard, which has not looked at it yet; ``asked``:
    another shard was asked to hold a resource for it.
    """

    line: int
    item: ItemId
    asked: int
    filled: int
    verdict: Verdict
    considered: Annotated[int, Field(description="Resources of the same category on the list.")]
    failing: Annotated[dict[Rule, int], Field(description="How many of them failed each rule first.")]
    eligible: Annotated[int, Field(description="Resources that pass every rule right now.")]
    best_value: Annotated[Points | None, Field(description="What the best of these would be worth.")] = None
    price: Annotated[Points | None, Field(description="What the cheapest of these costs at going prices.")] = None
    short_by: Annotated[
        Points | None, Field(description="Outbid by how much; unknown where a team holds the seats.")
    ] = None
    scarce: Annotated[ScarceClass | None, Field(description="By which class of seats.")] = None
    remedies: Annotated[
        tuple[Remedy, ...], Field(description="Changes that would have won more seats, cheapest first.")
    ] = ()
    untried: Annotated[
        bool, Field(description="Whether changes were not tried: too many lines ask for what its team asks for.")
    ] = False
    at_best: Annotated[
        int | None,
        Field(description="Of a team's line: seats that could be had at the start at which the team gets most."),
    ] = None
    shard: Annotated[
        ShardKey | None, Field(description="Whose round says so, where it is not the one that answers for the demand.")
    ] = None
    away: Annotated[tuple[SeatsAway, ...], Field(description="Where its open seats are that were escalated.")] = ()


class DemandWhy(Fact):
    """Why each line of a demand stands where it stands, as of the shard's last round."""

    demand_id: EntityId
    shard: ShardKey
    round_no: int
    at: Moment
    lines: tuple[LineWhy, ...]
