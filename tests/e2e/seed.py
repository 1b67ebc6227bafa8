"""A small true world for the browser tests: Changning district, its lists and its rounds.

Nothing is drawn by hand: inputs go through the real folds, the real matcher decides, the real projection writes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random

from api.readmodel.model import ReadModel
from matcher.reasons.explain import why_demand
from matcher.reasons.solved import Solved, solved
from matcher.round.carrying import carried_demand
from matcher.round.decide import decide
from matcher.round.publication import events_of, transfers_of
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact, Window
from schemas.catalogue import Catalogue
from schemas.demands import Demand, DemandLine, DemandPosted, Urgency
from schemas.enrolment import EnrolmentKind, MemberClass, MemberEnrolled, UnitEnrolled
from schemas.envelope import Event, new_event
from schemas.policy import Policy
from schemas.regions import Regions
from schemas.resources import Resource, ResourceOffered
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone
from schemas.rounds import RoundDecided
from schemas.transfers import Escalated, SeatRef, Transfers
from schemas.uscc import check_character
from schemas.why import DemandWhy

DISTRICT, CITY = "310105", "3101"
_UNITS = (
    "第一中学",
    "天山医院",
    "新华幼儿园",
    "律师事务所",
    "社区银行",
    "图书馆",
    "物业公司",
    "消防救援站",
    "设计院",
    "供电所",
)
_WISHES = ("高龄老人", "双职工家庭", "楼组", "小区", "孤老", "残疾居民", "青年公寓")


@dataclass
class Town:
    """The district as the log has it; every call takes the moment at which it happens."""

    model: ReadModel
    catalogue: Catalogue
    regions: Regions
    random: Random = field(default_factory=lambda: Random(310105))
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        self.state = ShardState(DISTRICT, self.catalogue)
        self.city = ShardState(CITY, self.catalogue)
        self.communities = [region.code for region in self.regions.communities(DISTRICT)]
        self.items = sorted(self.catalogue.items)
        self._ids = count(1)
        self._offsets: dict[str, int] = {}
        self._units: list[str] = []
        self._members: list[str] = []

    @property
    def settled(self) -> bool:
        """Whether anybody has enrolled."""
        return bool(self._units)

    def settle(self, *, units: int, members: int, resources: int, at: datetime) -> None:
        """Enrol and offer."""
        enrolled = [self._unit(number, at) for number in range(units)]
        reported = [self._member(number, at) for number in range(members)]
        self._units += [unit.party for unit in enrolled]
        self._members += [member.party for member in reported]
        self.publish([*enrolled, *reported, *(self._resource(at) for _ in range(resources))], at=at)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Draw what is drawn meanwhile from elsewhere, so that what comes later is the same with it as without."""
        drawn = self.random.getstate()
        yield
        self.random.setstate(drawn)

    def ask(self, number: int, *, at: datetime, item: str | None = None, community: str | None = None) -> list[str]:
        """Post so many demands; return their ids."""
        wishes = [self._demand(at, item=item, community=community) for _ in range(number)]
        self.publish(wishes, at=at)
        return [wish.demand.demand_id for wish in wishes]

    def offer(self, *, at: datetime, item: str, community: str, capacity: int = 1) -> str:
        """Put one resource on the list that serves the whole district at any time; return its id."""
        offered = self._resource(at, item=item, home=community, capacity=capacity)
        self.publish([offered], at=at)
        return offered.resource.resource_id

    def decide(self, *, at: datetime) -> RoundDecided:
        """Hold a round."""
        decided = decide(freeze(self.state), now=at, policy=self.policy, cause="interval", inputs=())
        self.publish([decided], at=at)
        self._project(events_of(decided))
        return decided

    def escalate(self, demand_id: str, *, at: datetime, waited_minutes: int) -> None:
        """Let a round send the first line of a demand to the city, whatever the policy says."""
        frozen = freeze(self.state)
        carried = carried_demand(frozen, frozen.demand_ids.index(demand_id))
        seats = tuple(SeatRef(line=0, seat=seat) for seat in range(carried.lines[0].quantity))
        up = Escalated(to=CITY, demand=carried, seats=seats, cause="time", waited_minutes=waited_minutes)
        found = decide(frozen, now=at, policy=self.policy, cause="interval", inputs=())
        kept = tuple(proposal for proposal in found.proposals if proposal.demand_id != demand_id)
        decided = found.model_copy(update={"proposals": kept, "transfers": Transfers(escalated=(up,))})
        self.publish([decided], at=at)
        told = transfers_of(decided)
        for number, event in enumerate(told):
            self.city.fold(event, topic=event.topic.name, offset=self.city.offsets.get(event.topic.name, 0) + number)
        self._project([*events_of(decided), *told])

    def answer(self, decided: RoundDecided, *, at: datetime, declined: float = 0.06, done: float = 0.3) -> None:
        """Let most providers of a round say yes, some say no, some report that the job is done."""
        answers: list[Fact] = []
        for proposal in decided.proposals:
            told = {"assignment_id": proposal.assignment_id, "shard": DISTRICT, "at": at}
            drawn = self.random.random()
            if drawn < declined:
                answers.append(AssignmentDeclined(**told, reason="时间不便"))
            elif drawn < declined + done:
                answers.append(AssignmentDone(**told))
            elif drawn < 0.8:
                answers.append(AssignmentAccepted(**told))
        self.publish(answers, at=at)

    def why(self, demand_id: str, *, at: datetime, shard: str = DISTRICT) -> DemandWhy:
        """Explain as the host of the district, or of the city, would."""
        frozen = freeze(self.city if shard == CITY else self.state, also=demand_id)
        return why_demand(frozen, now=at, policy=self.policy, demand_id=demand_id)

    def round(self, *, at: datetime) -> Solved:
        """Solve what would be decided at a moment."""
        return solved(freeze(self.state), now=at, policy=self.policy)

    def publish(self, facts: Sequence[Fact], *, at: datetime) -> None:
        """Fold facts into the shard and project them."""
        events = [
            new_event(fact, id=f"seed-{next(self._ids)}", source="/seed", key=DISTRICT, time=at) for fact in facts
        ]
        self.take(events)

    def take(self, events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        """Fold events into the shard and project them; return where each lies."""
        for event in events:
            topic = event.topic.name
            self.state.fold(event, topic=topic, offset=self.state.offsets.get(topic, 0))
        return self._project(events)

    def _project(self, events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        placed = []
        for event in events:
            topic = event.topic.name
            offset = self._offsets.get(topic, 0)
            placed.append(((topic, 0, offset), event))
            self._offsets[topic] = offset + 1
        self.model.apply(placed, {(topic, 0): offset for topic, offset in self._offsets.items()})
        return [place for place, _ in placed]

    def _unit(self, number: int, at: datetime) -> UnitEnrolled:
        body = f"91310105MA{number:07d}"
        street = self.random.choice(self.communities)
        return UnitEnrolled(
            uscc=body + check_character(body),
            name=self.regions.name(street[:9]).removesuffix("街道") + _UNITS[number % len(_UNITS)],
            community=street,
            enrolled_at=at,
        )

    def _member(self, number: int, at: datetime) -> MemberEnrolled:
        return MemberEnrolled(
            member_ref=f"m-{number * 7919 % 65536:04x}",
            member_class=MemberClass.IN_SERVICE,
            kind=EnrolmentKind.UNIT_LINK,
            community=self.random.choice(self.communities),
            enrolled_at=at,
        )

    def _resource(
        self, at: datetime, *, item: str | None = None, home: str | None = None, capacity: int | None = None
    ) -> ResourceOffered:
        item = item or self._some_item()
        by_unit = self.random.random() < 0.45
        provider = self.random.choice(self._units if by_unit else self._members)
        gate = self.catalogue.category_of(item).required(risky=True)
        return ResourceOffered(
            resource=Resource(
                resource_id=f"r-{next(self._ids):05d}",
                provider=provider,
                title=f"{self.catalogue.items[item].zh}",
                item=item,
                capacity=capacity or (self.random.choice((1, 2, 4)) if by_unit else 1),
                scope=(DISTRICT,),
                home=home or self.random.choice(self.communities),
                qualifications=(gate,) if gate and (home or self.random.random() < 0.8) else (),
                auto_accept=self.random.random() < 0.3,
                offered_at=at,
            )
        )

    def _demand(self, at: datetime, *, item: str | None, community: str | None) -> DemandPosted:
        item = item or self._some_item()
        posted = at - timedelta(seconds=self.random.expovariate(1 / 150))
        urgency = self.random.choices(list(Urgency), weights=(80, 14, 5, 1))[0]
        start = at + timedelta(hours=self.random.randint(2, 72))
        return DemandPosted(
            demand=Demand(
                demand_id=f"d-{next(self._ids):05d}",
                requester=f"community:{community or self.communities[0]}",
                title=f"{self.random.choice(_WISHES)}{self.catalogue.items[item].zh}",
                lines=(DemandLine(item=item, quantity=self.random.choice((1, 1, 1, 2, 3))),),
                community=community or self.random.choice(self.communities),
                window=Window(start=start, end=start + timedelta(hours=8)),
                duration_minutes=90,
                urgency=urgency,
                posted_at=posted,
            )
        )

    def _some_item(self) -> str:
        """A few categories are asked for most, as everywhere."""
        return self.items[min(int(self.random.expovariate(1 / 60)), len(self.items) - 1)]


def history(town: Town, *, until: datetime, minutes: int = 45) -> None:
    """Let the town live for a while, up to ``until``."""
    begin = until - timedelta(minutes=minutes)
    town.settle(units=40, members=260, resources=420, at=begin)
    for minute in range(minutes):
        at = begin + timedelta(minutes=minute)
        town.ask(town.random.randint(4, 16), at=at)
        decided = town.decide(at=at + timedelta(seconds=2))
        town.answer(decided, at=at + timedelta(seconds=40))
    for back in range(40, 0, -2):
        town.decide(at=until - timedelta(seconds=back))
