"""The policy 策略: the weights and hard rules of matching, one validated TOML file, versioned.

1. All weights are whole points, so that sums are exact and every certificate is an equation.
2. A default never changes, and the default of a new weight means "as before": so a policy is known by what it sets
   apart from the defaults, and a weight that is added later does not make old decisions another policy's.
"""

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PrivateAttr

from schemas.base import Fact
from schemas.resources import Area
from schemas.rounds import PolicyRef

Weight = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Bonus = Annotated[int, Field(ge=0, le=1_000_000)]


class UrgencyWeights(Fact):
    """Points by urgency of the demand."""

    normal: Bonus = 0
    urgent: Bonus = 2_000
    whistle: Bonus = 6_000
    emergency: Bonus = 10_000


class WaitingWeights(Fact):
    """Points for each full hour a demand has waited, up to a cap."""

    per_hour: Bonus = 20
    cap_hours: Annotated[int, Field(ge=0, le=24 * 366)] = 24 * 30


class NearnessWeights(Fact):
    """Points by the smallest region that home and place share."""

    community: Bonus = 1_500
    street: Bonus = 1_000
    district: Bonus = 400
    city: Bonus = 100
    beyond: Bonus = 0


class FitWeights(Fact):
    """Points for what is given: exactly the item asked for, or a sibling of its category."""

    exact: Weight = 500
    sibling: Weight = -1_500


class ClaimWeights(Fact):
    """Points for a pair that one side picked by hand and that no rule forbids; before there were claims, none was."""

    bonus: Bonus = 5_000


class LoadWeights(Fact):
    """Points taken off for each assignment that the provider holds, or did in these days; a refusal never counts."""

    per_assignment: Bonus = 0
    cap: Annotated[int, Field(ge=0, le=1_000, description="Assignments beyond so many take nothing more off.")] = 10
    span_days: Annotated[int, Field(ge=1, le=90, description="How many days back, today included.")] = 30


class RegretWeights(Fact):
    """Points for each full hour since a line was outbid, up to a cap, until one of its seats is confirmed."""

    per_hour: Bonus = 0
    cap_hours: Annotated[int, Field(ge=0, le=24 * 366)] = 24 * 7


class ServiceWeights(Fact):
    """The base worth of serving one seat at all."""

    base: Bonus = 2_000


class Rules(Fact):
    """Hard rules that a street may set."""

    siblings: Annotated[bool, Field(description="Whether sibling items may be proposed at all.")] = True
    gates: Annotated[bool, Field(description="Whether categories' gates (licence, insurance ...) bind.")] = True
    booking_minutes: Annotated[
        int,
        Field(ge=0, le=60 * 24 * 90, description="What is used by booking needs so much notice, or its own if longer."),
    ] = 0
    travel_minutes: Annotated[
        int,
        Field(
            ge=0,
            le=60 * 24,
            description="Way between two communities, for a seat that serves per occasion, or for one person's jobs; "
            "venues stay put.",
        ),
    ] = 0
    one_place: Annotated[
        bool,
        Field(
            description="Whether all skills that one member offers are one person's, who is in one place at a time; "
            "otherwise each entry has a calendar of its own."
        ),
    ] = False
    answer_hours: Annotated[int, Field(ge=1, le=24 * 30, description="Time to answer a proposal.")] = 24
    expiry_pause_hours: Annotated[
        int, Field(ge=1, le=24 * 365, description="After no answer the same pair is not proposed for so long.")
    ] = 72


class Pace(Fact):
    """How often a shard decides, and how much at once."""

    interval_ms: Annotated[int, Field(ge=10, le=24 * 3600 * 1000)] = 1_000
    most_seats: Annotated[
        int, Field(ge=1, le=4_000, description="Demand seats that one round takes on; the rest follows at once.")
    ] = 4_000
    team_nodes: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="Branches tried to choose the teams of one part of the pool; beyond, the best known counts.",
        ),
    ] = 1_000


class Alliance(Fact):
    """Neighbouring regions 毗邻 that help one another; what a city cannot serve is escalated to it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    regions: Annotated[tuple[Area, ...], Field(min_length=1, max_length=100, description="Cities or districts.")]


Hours = Annotated[int, Field(ge=0, le=24 * 366)]


class Escalation(Fact):
    """When open seats that their own region does not serve visit the level above 四级联动; 0: never for this reason."""

    street_hours: Annotated[Hours, Field(description="From a shard that is a street, so long after posting.")] = 0
    district_hours: Annotated[Hours, Field(description="From the district to the city, so long after posting.")] = 0
    city_hours: Annotated[Hours, Field(description="From the city to its alliance, if it has one.")] = 0
    price_gap: Annotated[
        Bonus, Field(description="At once where a line is outbid by so many points, or nobody may serve it at all.")
    ] = 0
    whistle: Annotated[bool, Field(description="At once where a whistle or an emergency finds nobody.")] = False
    visit_minutes: Annotated[
        int, Field(ge=1, le=60 * 24 * 30, description="So long a level above looks for somebody; then home again.")
    ] = 10
    again_minutes: Annotated[
        int, Field(ge=1, le=60 * 24 * 30, description="Before a demand visits the same level once more.")
    ] = 120
    ask_again_minutes: Annotated[
        int, Field(ge=1, le=60 * 24 * 30, description="Before a resource that others have is asked for again.")
    ] = 30
    alliances: Annotated[tuple[Alliance, ...], Field(max_length=100)] = ()

    def hours_of(self, shard: str) -> int:
        """Return how old, in hours, a demand gets before it goes up from a shard of this level; 0: of any age."""
        of_width = {9: self.street_hours, 6: self.district_hours, 4: self.city_hours}
        return of_width.get(len(shard), 0) if shard.isdigit() else 0

    @property
    def binds(self) -> bool:
        """Whether anything is ever escalated."""
        return bool(self.street_hours or self.district_hours or self.city_hours or self.price_gap or self.whistle)


class Policy(Fact):
    """One way of matching, complete."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = "default"
    version: Annotated[int, Field(ge=1)] = 1
    service: ServiceWeights = ServiceWeights()
    urgency: UrgencyWeights = UrgencyWeights()
    waiting: WaitingWeights = WaitingWeights()
    nearness: NearnessWeights = NearnessWeights()
    fit: FitWeights = FitWeights()
    claim: ClaimWeights = ClaimWeights()
    load: LoadWeights = LoadWeights()
    regret: RegretWeights = RegretWeights()
    rules: Rules = Rules()
    pace: Pace = Pace()
    escalation: Escalation = Escalation()

    _recorded: str | None = PrivateAttr(default=None)

    @property
    def ref(self) -> PolicyRef:
        """The name, version and content digest that a round's record carries."""
        digest = self._recorded or digest_of(self.model_dump_json(exclude_defaults=True))
        return PolicyRef(name=self.name, version=self.version, digest=digest)

    def recorded_as(self, digest: str) -> Self:
        """Return the same policy under the digest that old records know it by."""
        same = self.model_copy()
        same._recorded = digest
        return same


def digest_of(content: str) -> str:
    """Return the digest of a policy written down as compact JSON."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def load_policy(path: Path) -> Policy:
    """Read and validate a policy file; raise OSError, tomllib.TOMLDecodeError or pydantic.ValidationError."""
    return Policy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
