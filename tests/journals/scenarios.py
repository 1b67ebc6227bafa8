"""Four made-up days of a district, told hour by hour to a round loop; the same words every time."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.base import Fact, Window
from schemas.demands import Demand, DemandLine, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn, Urgency
from schemas.policy import Escalation, Pace, Policy, Rules, WaitingWeights
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal
from schemas.topics import TOPIC_OF_MODEL
from streams.host import ShardHost
from streams.log import Log
from streams.round_loop import RoundLoop
from tests.builders import NOON
from tests.journals import journal
from tests.loops import record_draft, rounds

SHARD, NEIGHBOUR = "310105", "310106"
MORNING = NOON - timedelta(hours=4)
ITEMS = ("care.hair", "care.meal", "care.visit", "health.pressure", "health.talk", "repair.lamp", "repair.lock")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day: by which policy it is decided, and what people do in it."""

    policy: Policy
    play: Callable[["Day"], Awaitable[None]]


class Day:
    """A log with a round loop, and dice that always fall alike."""

    def __init__(self, log: Log, policy: Policy) -> None:
        host = ShardHost(catalogue=journal.catalogue(), policy=policy, partition_of=log.partition_of)
        self._log, self._loop = log, RoundLoop(log=log, host=host)
        self._told = 0
        self._answered: set[str] = set()
        self.dice = random.Random(20151)
        self.now = MORNING

    async def tell(self, *facts: Fact) -> None:
        """Append facts, each under an id that is its place in the day."""
        for fact in facts:
            self._told += 1
            draft = record_draft(fact, event_id=f"j-{self._told}", time=self.now)
            await self._log.append(TOPIC_OF_MODEL[type(fact)].name, [draft])

    async def hour(self, hours: float = 1) -> None:
        """Let the rounds of this moment be decided, and time pass."""
        await self._loop.step(self.now)
        self.now += timedelta(hours=hours)

    async def fresh(self, *shards: str) -> list[tuple[str, Proposal]]:
        """Return the proposals that nobody asked for yet, with their shards."""
        found = []
        for shard in shards:
            for decided in await rounds(self._log, shard):
                found += [(shard, each) for each in decided.proposals if each.assignment_id not in self._answered]
        self._answered |= {proposal.assignment_id for _, proposal in found}
        return found

    async def close(self) -> None:
        """Let go of the loop."""
        await self._loop.close()

    def resource(self, number: int, **changes: object) -> Resource:
        """Return one helper of a street of the district."""
        street = f"{SHARD}{self.dice.randint(1, 4):03d}"
        fields: dict[str, object] = {
            "resource_id": f"r-{number:03d}",
            "provider": f"member:m-{number:03d}",
            "title": "offer",
            "item": self.dice.choice(ITEMS),
            "qualifications": ("medical_licence", "insurance"),
            "scope": (SHARD,),
            "home": f"{street}{self.dice.randint(1, 5):03d}",
            "offered_at": self.now,
        }
        return Resource.model_validate(fields | changes)

    def demand(self, number: int, *, shard: str = SHARD, **changes: object) -> Demand:
        """Return one wish of a community."""
        community = f"{shard}{self.dice.randint(1, 4):03d}{self.dice.randint(1, 5):03d}"
        fields: dict[str, object] = {
            "demand_id": f"d-{number:03d}",
            "requester": f"community:{community}",
            "title": "wish",
            "lines": (DemandLine(item=self.dice.choice(ITEMS), quantity=self.dice.choice((1, 1, 1, 2))),),
            "community": community,
            "window": Window(start=self.now + timedelta(hours=1), end=self.now + timedelta(hours=60)),
            "posted_at": self.now,
        }
        return Demand.model_validate(fields | changes)


async def ordinary(day: Day) -> None:
    """Offers in the morning, wishes all day; helpers say yes within hours and report the job done."""
    await day.tell(*[ResourceOffered(resource=day.resource(number)) for number in range(1, 31)])
    promised: list[tuple[datetime, Fact]] = []
    for hour in range(14):
        for number in range(5):
            await day.tell(DemandPosted(demand=day.demand(hour * 5 + number)))
        for shard, proposal in await day.fresh(SHARD):
            accepted_at = day.now + timedelta(hours=day.dice.randint(0, 2))
            fields = {"assignment_id": proposal.assignment_id, "shard": shard}
            promised.append((accepted_at, AssignmentAccepted(at=accepted_at, **fields)))
            done_at = accepted_at + timedelta(hours=day.dice.randint(2, 5))
            promised.append((done_at, AssignmentDone(at=done_at, **fields)))
        await day.tell(*[fact for at, fact in promised if at <= day.now])
        promised = [entry for entry in promised if entry[0] > day.now]
        await day.hour()


async def too_few(day: Day) -> None:
    """Six helpers and a flood: urgent ones, whistles, deadlines that pass; a round has room for four seats."""
    for number in range(1, 7):
        await day.tell(ResourceOffered(resource=day.resource(number, item=ITEMS[number % 3], auto_accept=True)))
    urgencies = (Urgency.NORMAL, Urgency.NORMAL, Urgency.NORMAL, Urgency.URGENT)
    wishes: list[Demand] = []
    for hour in range(12):
        for number in range(8):
            item, place = ITEMS[day.dice.randrange(3)], hour * 8 + number
            deadline = day.now + timedelta(hours=day.dice.randint(2, 12))
            lines = (DemandLine(item=item, siblings=bool(place % 2)),)
            urgency = day.dice.choice(urgencies)
            wishes.append(day.demand(place, lines=lines, deadline=deadline, urgency=urgency))
            await day.tell(DemandPosted(demand=wishes[-1]))
        if hour % 3 == 2:
            await day.tell(DemandWhistled(**_named(wishes[-3])))
        for shard, proposal in await day.fresh(SHARD):
            await day.tell(AssignmentDone(assignment_id=proposal.assignment_id, shard=shard, at=day.now))
        await day.hour()


async def second_thoughts(day: Day) -> None:
    """Two districts in which people say no, do not come, do not answer, change their entries and take them back."""
    offers = {number: day.resource(number, scope=("3101",)) for number in range(1, 19)}
    offers |= {number: day.resource(number, home=f"{NEIGHBOUR}001001") for number in range(19, 25)}
    await day.tell(*[ResourceOffered(resource=resource) for resource in offers.values()])
    wishes: dict[int, Demand] = {}
    for step in range(16):
        for number in range(3):
            place = step * 3 + number
            wishes[place] = day.demand(place, shard=NEIGHBOUR if place % 4 == 3 else SHARD)
            await day.tell(DemandPosted(demand=wishes[place]))
        for shard, proposal in await day.fresh(SHARD, NEIGHBOUR):
            await _react(day, shard, proposal)
        await _regret(day, step, offers, wishes)
        await day.hour(6)


async def levels(day: Day) -> None:
    """Two districts of a city: teams and bundles at home; what finds nobody goes up, and down to the next district."""
    for number in range(1, 15):
        home, wide = f"{NEIGHBOUR}00100{number % 5 + 1}", ("3101",)
        changes = {"home": home, "scope": wide} if number % 2 else {"scope": wide if number % 4 else (SHARD,)}
        await day.tell(ResourceOffered(resource=day.resource(number, **changes)))
    wishes: dict[int, Demand] = {}
    taken_back: set[str] = set()
    for step in range(14):
        for number in range(3):
            place = step * 3 + number
            wishes[place] = day.demand(place, **_together(day, place))
            await day.tell(DemandPosted(demand=wishes[place]))
        if step % 3 == 1:
            await day.tell(DemandWhistled(**_named(wishes[step * 3 + 1])))
        fresh = await day.fresh(SHARD, NEIGHBOUR)
        for shard, proposal in fresh:
            await _react(day, shard, proposal)
        for name in sorted({proposal.demand_id for shard, proposal in fresh if shard == NEIGHBOUR})[step % 2 :: 2]:
            gone = wishes[int(name.removeprefix("d-"))]
            if (day.dice.random() < 0.5) and gone.demand_id not in taken_back:
                taken_back.add(gone.demand_id)
                await day.tell(DemandWithdrawn(**_named(gone) | {"version": 3}))
        await day.hour(2)


def _together(day: Day, place: int) -> dict[str, object]:
    """Return the lines of a wish: now and then a team, or a bundle of two items."""
    first, second = day.dice.sample(ITEMS, 2)
    match place % 6:
        case 0:
            return {"lines": (DemandLine(item=first, quantity=2, together=True),)}
        case 3:
            return {"lines": (DemandLine(item=first), DemandLine(item=second)), "bundle": True}
        case _:
            return {"lines": (DemandLine(item=first, quantity=1 + place % 2),)}


async def _react(day: Day, shard: str, proposal: Proposal) -> None:
    fields = {"assignment_id": proposal.assignment_id, "shard": shard, "at": day.now}
    match day.dice.randrange(6):
        case 0 | 1:
            await day.tell(AssignmentDeclined(**fields))
        case 2:
            await day.tell(AssignmentAccepted(**fields), AssignmentNoShow(**fields))
        case 3 | 4:
            await day.tell(AssignmentAccepted(**fields))
        case _:
            pass  # no answer: it expires


async def _regret(day: Day, step: int, offers: Mapping[int, Resource], wishes: Mapping[int, Demand]) -> None:
    """Take back, let rest or change one entry of each list, of those that were there for a while."""
    offer, wish = offers[step + 1], wishes[step * 2]
    match step % 4:
        case 0:
            fields = {"resource_id": offer.resource_id, "version": 2, "home": offer.home}
            await day.tell(ResourceWithdrawn(**fields), DemandWithdrawn(**_named(wish)))
        case 1:
            await day.tell(ResourceSuspended(resource_id=offer.resource_id, version=2, home=offer.home))
        case 2:
            smaller = {"version": 2, "lines": (wish.lines[0].model_copy(update={"quantity": 1}),)}
            await day.tell(DemandRevised(demand=wish.model_copy(update=smaller)))
        case _:
            narrower = {"version": 2, "scope": (offer.home[:9],), "capacity": 1}
            await day.tell(ResourceRevised(resource=offer.model_copy(update=narrower)), DemandWhistled(**_named(wish)))


def _named(wish: Demand) -> dict[str, str | int]:
    return {"demand_id": wish.demand_id, "version": 2, "community": wish.community}


SCENARIOS = {
    "ordinary-day": Scenario(Policy(), ordinary),
    "too-many-for-too-few": Scenario(
        Policy(name="crowd", waiting=WaitingWeights(per_hour=200), pace=Pace(interval_ms=1_000, most_seats=4)), too_few
    ),
    "levels": Scenario(
        Policy(name="levels", rules=Rules(answer_hours=5), escalation=Escalation(district_hours=6, whistle=True)),
        levels,
    ),
    "second-thoughts": Scenario(
        Policy(name="patient", rules=Rules(answer_hours=5, expiry_pause_hours=12)), second_thoughts
    ),
}
