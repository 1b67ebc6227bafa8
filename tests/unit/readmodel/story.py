"""A small world that makes histories: people post, offer, answer and change their minds; the matcher decides.

Events come from the matcher itself, so the read model is tested on what it will meet: crashes that publish
twice, rounds that come second, stale versions, unknown items, withdrawals of what was never offered.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.round.decide import decide
from matcher.round.publication import events_of
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact, Window
from schemas.catalogue import load_catalogue
from schemas.claims import ClaimDropped, ClaimMade
from schemas.deadletters import RecordRefused
from schemas.demands import Demand, DemandLine, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn
from schemas.enrolment import EnrolmentKind, MemberClass, MemberEnrolled, MemberLeft, UnitEnrolled, UnitLeft
from schemas.envelope import Event, new_event
from schemas.policy import Policy, Rules
from schemas.refusals import Refused
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import RoundDecided

CATALOGUE = load_catalogue()
START = datetime(2026, 11, 2, 8, tzinfo=UTC)
SHARDS = ("310105", "310104")
LEAVES = 5
"""The number that leaves where others report."""
POLICY = Policy(rules=Rules(answer_hours=12, expiry_pause_hours=24))

Place = tuple[str, int]
Located = tuple[tuple[str, int, int], Event[Any]]


def items() -> tuple[str, ...]:
    """Three items without a gate: two of one category, one of another."""
    culture = CATALOGUE.items_of("culture")
    return culture[0].item_id, culture[1].item_id, CATALOGUE.items_of("party_life")[0].item_id


@dataclass(repr=False)
class Story:
    """What happened so far: the log by (topic, partition), and the matcher's state of each shard."""

    now: datetime = START
    log: dict[Place, list[Event[Any]]] = field(default_factory=lambda: defaultdict(list))
    states: dict[str, ShardState] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    rounds: list[RoundDecided] = field(default_factory=list)
    claims: int = 0

    def __post_init__(self) -> None:
        self.states = {shard: ShardState(shard, CATALOGUE) for shard in SHARDS}

    def located(self) -> list[Located]:
        """Every event with its place, topic after topic."""
        return [
            ((topic, partition, offset), event)
            for (topic, partition), events in self.log.items()
            for offset, event in enumerate(events)
        ]

    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def say(self, data: Fact, *, shard: str) -> None:
        """Lay an event in the log and let the matcher fold it, if it takes it."""
        name = type(data).__name__
        partition = SHARDS.index(shard)
        number = sum(map(len, self.log.values()))
        event = new_event(data, id=f"{name}-{number}", source="story", key=shard, time=self.now)
        self._lay(event, partition)

    def enrol(self, number: int, *, street: int) -> None:
        """Let a unit and a member report to, move to, or leave some community of either district."""
        version = self._next(f"party-{number % 3}", 1)
        shard = SHARDS[street % 2]
        community = f"{shard}00{street % 3 + 1}001"
        if number == LEAVES:
            self.leave(number, version=version, community=community)
            return
        self.say(
            UnitEnrolled(
                uscc="52310105MJ47000120",
                branch=number % 3,
                version=version,
                name=f"单位{number}",
                community=community,
                enrolled_at=self.now,
            ),
            shard=shard,
        )
        self.say(
            MemberEnrolled(
                member_ref=f"m-{number % 3}",
                version=version,
                member_class=list(MemberClass)[number % 5],
                kind=list(EnrolmentKind)[number % 3 % 2],
                community=community,
                enrolled_at=self.now,
            ),
            shard=shard,
        )

    def leave(self, number: int, *, version: int, community: str) -> None:
        """Let a unit and a member log off, whether or not they had reported there."""
        ours = {"version": version, "community": community, "left_at": self.now}
        self.say(UnitLeft(uscc="52310105MJ47000120", branch=number % 3, **ours), shard=community[:6])
        for kind in EnrolmentKind:
            left = MemberLeft(member_ref=f"m-{number % 3}", member_class=MemberClass.MOBILE, kind=kind, **ours)
            self.say(left, shard=community[:6])

    def offer(
        self, number: int, *, item: int, capacity: int = 1, auto: bool = False, step: int = 1, again: bool = False
    ) -> None:
        """Offer a resource, or revise it: ``step`` is how far its version goes on (0 or less is stale)."""
        shard = SHARDS[number % 2]
        name = f"r-{number}"
        version = self._next(name, step)
        resource = Resource(
            resource_id=name,
            version=version,
            provider=f"member:m-{number}" if capacity == 1 else f"team:t-{number}",
            title=f"资源 {number}",
            item=self._item(item),
            capacity=capacity,
            renewable=again or number % 3 != 0,
            per_occasion=again,
            scope=(shard,),
            home=f"{shard}00{number % 3 + 1}001",
            auto_accept=auto,
            offered_at=self.now,
        )
        self.say(
            ResourceOffered(resource=resource) if version == 1 else ResourceRevised(resource=resource), shard=shard
        )

    def end_resource(self, number: int, *, suspend: bool, step: int = 1) -> None:
        shard, name = SHARDS[number % 2], f"r-{number}"
        model = ResourceSuspended if suspend else ResourceWithdrawn
        self.say(
            model(resource_id=name, version=self._next(name, step), home=f"{shard}001001", reason="不便"), shard=shard
        )

    def post(self, number: int, *, lines: list[tuple[int, int]], hours: int = 48, step: int = 1) -> None:
        """Post a demand, or revise it; ``lines`` are (item, quantity)."""
        shard = SHARDS[number % 2]
        name = f"d-{number}"
        version = self._next(name, step)
        community = f"{shard}00{number % 3 + 1}001"
        demand = Demand(
            demand_id=name,
            version=version,
            requester=f"community:{community}",
            title=f"需求 {number}",
            lines=tuple(DemandLine(item=self._item(item), quantity=quantity) for item, quantity in lines),
            community=community,
            grid=(None, "G03", "G03-02")[version % 3],
            window=Window(start=self.now, end=self.now + timedelta(hours=hours)),
            posted_at=self.now,
        )
        self.say(DemandPosted(demand=demand) if version == 1 else DemandRevised(demand=demand), shard=shard)

    def change_demand(self, number: int, *, whistle: bool, step: int = 1) -> None:
        shard, name = SHARDS[number % 2], f"d-{number}"
        model = DemandWhistled if whistle else DemandWithdrawn
        self.say(model(demand_id=name, version=self._next(name, step), community=f"{shard}001001"), shard=shard)

    def answer(self, choice: int, *, kind: int) -> None:
        """Answer one of all assignments ever proposed."""
        proposals = [(decided.shard, proposal) for decided in self.rounds for proposal in decided.proposals]
        if proposals:
            shard, proposal = proposals[choice % len(proposals)]
            model = (AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow)[kind % 4]
            self.say(model(assignment_id=proposal.assignment_id, shard=shard, at=self.now), shard=shard)

    def claim(self, demand: int, resource: int, *, by_provider: bool) -> None:
        """Claim a pair of one district, whatever became of its entries."""
        self.claims += 1
        shard = SHARDS[demand % 2]
        made = ClaimMade(
            claim_id=f"c-{self.claims}",
            by="provider" if by_provider else "requester",
            demand_id=f"d-{demand}",
            resource_id=f"r-{resource // 2 * 2 + demand % 2}",
            shard=shard,
            at=self.now,
        )
        self.say(made, shard=shard)

    def drop_claim(self, choice: int) -> None:
        """Take back some claim, or one that nobody made."""
        number = choice % (self.claims + 2)
        shard = next((s for s, state in self.states.items() if f"c-{number}" in state.responses.claims), SHARDS[0])
        self.say(ClaimDropped(claim_id=f"c-{number}", shard=shard, at=self.now), shard=shard)

    def decide(self, which: int) -> RoundDecided:
        """Hold a round in one shard and publish what it means."""
        shard = SHARDS[which % 2]
        self.wait(1)
        decided = decide(freeze(self.states[shard]), now=self.now, policy=POLICY, cause="interval", inputs=())
        self.say(decided, shard=shard)
        self.rounds.append(decided)
        self.publish(decided)
        return decided

    def publish(self, decided: RoundDecided) -> None:
        for event in events_of(decided):
            self._lay(event, SHARDS.index(decided.shard))

    def crash(self, choice: int) -> None:
        """Publish a round again, and append a second round under its number, as a worker come late would."""
        if self.rounds:
            decided = self.rounds[choice % len(self.rounds)]
            self.publish(decided)
            late = decided.model_copy(update={"decided_at": self.now, "lapsed": (), "proposals": (), "transitions": ()})
            self.say(late, shard=decided.shard)

    def refuse(self, number: int) -> None:
        data = RecordRefused(
            topic="cobuild.demands.v1",
            partition=0,
            offset=number,
            code="invalid_json",
            value_sha256="0" * 64,
            refused_at=self.now,
        )
        self.say(data, shard=SHARDS[0])

    def _lay(self, event: Event[Any], partition: int) -> None:
        place = (event.topic.name, partition)
        self.log[place].append(event)
        try:
            self.states[event.key].fold(event, topic=event.topic.name, offset=len(self.log[place]) - 1)
        except Refused:
            return  # among the dead letters; the read model must leave it out as well

    def _next(self, name: str, step: int) -> int:
        version = max(1, self.versions.get(name, 0) + step)
        self.versions[name] = max(version, self.versions.get(name, 0))
        return version

    def _item(self, number: int) -> str:
        return (*items(), "culture.no_such_item")[number % 4]
