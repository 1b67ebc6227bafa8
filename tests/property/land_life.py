"""The life of a land: districts, a city and an alliance whose letters come late, twice, and in any order.

Letters of one shard to another keep their order. What must hold of the whole land is held after every step.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, get_args

from matcher.state import snapshot
from matcher.state.columns import FOREVER
from matcher.state.fold import Fold, from_ms
from matcher.state.shard import ShardState
from schemas.base import Fact, Window
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn, Urgency
from schemas.envelope import Event
from schemas.policy import Alliance, Escalation, Pace, Policy, Rules
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from schemas.rounds import Proposal, RoundDecided
from schemas.sharding import shard_of
from schemas.topics import TOPIC_OF_MODEL
from schemas.transfers import Asked, Escalated, Passed, Returned
from tests.builders import HAIR, MEAL, NOON, SMALL_CATALOGUE, VISIT, demand, line, resource
from tests.land import Land
from tests.town import Answer, Entry

DISTRICTS = ("310105", "310106", "320102")
"""Two of one city, and one of another that is its ally."""
SHARDS = (*DISTRICTS, "3101", "3201", "delta")
AREAS = (("3101",), ("31", "3201"), ("32",), ("310106", "3201"))
MOST = 4
"""Of each list."""
MOST_SEATS = 6
MOST_TURNS = 24
"""After so many turns without news nothing may be under way any more."""
ALLIANCE = Alliance(name="delta", regions=("31", "3201"))

Seat = tuple[str, int, int]


def levels(chance: Random) -> Policy:
    """Draw when demands go up; time passes by hours here, so levels are short."""
    return Policy(
        escalation=Escalation(
            district_hours=chance.choice([0, 1, 1, 2]),
            city_hours=chance.choice([0, 1, 2]),
            price_gap=chance.choice([0, 0, 1, 1_000_000]),
            whistle=chance.random() < 0.7,
            alliances=chance.choice([(), (ALLIANCE,), (ALLIANCE,)]),
        ),
        rules=Rules(one_place=chance.random() < 0.5),
        pace=Pace(most_seats=chance.choice([4_000, 4_000, 4_000, 2])),
    )


class Told(Land):
    """A land that remembers what each of its shards was told."""

    def __init__(self, *, policy: Policy) -> None:
        self.journals: dict[str, list[Entry]] = defaultdict(list)
        super().__init__(policy=policy)
        for shard in SHARDS:
            self.state(shard)

    def fold(self, told: Event[Fact], shard: str) -> Fold:
        topic = TOPIC_OF_MODEL[type(told.data)].name
        self.journals[shard].append(Entry(topic, self.state(shard).offsets.get(topic, 0), told))
        return super().fold(told, shard)

    def retold(self, shard: str, entries: list[Entry]) -> ShardState:
        """Return a fresh state that was told ``entries`` in their order."""
        state = ShardState(shard, SMALL_CATALOGUE)
        for entry in entries:
            state.fold(entry.event, topic=entry.topic, offset=entry.offset)
        return state


class LandLife:
    """A land, what its people put on the lists, the letters under way, and all that was ever proposed and refused."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.now = chance, NOON
        self.land = Told(policy=levels(chance))
        self.demands: dict[str, Demand] = {}
        self.resources: dict[str, Resource] = {}
        self.versions: dict[str, int] = {}
        self.gone: set[str] = set()
        self.letters: dict[tuple[str, str], deque[Event[Fact]]] = defaultdict(deque)
        self.read: list[Event[Fact]] = []
        self.live: dict[str, tuple[str, Proposal]] = {}
        self.filled: set[Seat] = set()
        self.noes: set[tuple[str, str]] = set()
        self.rests: dict[tuple[str, str], datetime] = {}
        self.spent: dict[str, set[int]] = defaultdict(set)
        self.resting: set[str] = set()
        self.left: dict[tuple[str, str], datetime] = {}
        self.whistled: set[str] = set()
        self.last: dict[str, datetime] = {}

    def step(self) -> None:
        """Let something happen."""
        happenings = {
            self.offer: 3, self.post: 4, self.revise_resource: 2, self.revise_demand: 3, self.suspend: 1,
            self.whistle: 2, self.withdraw_resource: 1, self.withdraw_demand: 1, self.answer: 6, self.deliver: 8,
            self.deliver_again: 1, self.wait: 2, self.wait_for_alarm: 2, self.round_somewhere: 10,
        }  # fmt: skip
        self.chance.choices(list(happenings), list(happenings.values()))[0]()

    # -- news -----------------------------------------------------------------------------------------------

    def offer(self) -> None:
        if len(self._open(self.resources)) < MOST:
            self._offer(ResourceOffered(resource=helper(self.chance, f"r{len(self.resources)}", self.now)))

    def post(self) -> None:
        if len(self._open(self.demands)) < MOST:
            self._post(DemandPosted(demand=wish(self.chance, f"d{len(self.demands)}", self.now)))

    def revise_resource(self) -> None:
        if name := self._one_of(self.resources):
            before, anew = self.resources[name], helper(self.chance, name, self.now)
            same = {"version": self.versions[name] + 1, "home": before.home}
            self._offer(ResourceRevised(resource=Resource(**anew.model_dump() | same)))

    def revise_demand(self) -> None:
        if name := self._one_of(self.demands):
            before, anew = self.demands[name], wish(self.chance, name, self.now)
            same = {"version": self.versions[name] + 1, "community": before.community}
            self._post(DemandRevised(demand=Demand(**anew.model_dump() | same)))

    def suspend(self) -> None:
        if name := self._one_of(self.resources):
            self.resting.add(name)
            self._next(name, lambda version, home: ResourceSuspended(resource_id=name, version=version, home=home))

    def withdraw_resource(self) -> None:
        if name := self._one_of(self.resources):
            self.gone.add(name)
            self._next(name, lambda version, home: ResourceWithdrawn(resource_id=name, version=version, home=home))

    def whistle(self) -> None:
        if name := self._one_of(self.demands):
            self.whistled.add(name)
            self._next(name, lambda version, home: DemandWhistled(demand_id=name, version=version, community=home))

    def withdraw_demand(self) -> None:
        if name := self._one_of(self.demands):
            self.gone.add(name)
            self._next(name, lambda version, home: DemandWithdrawn(demand_id=name, version=version, community=home))

    def answer(self) -> None:
        if self.live:
            shard, proposal = self.live[self.chance.choice(sorted(self.live))]
            self.land.answer(proposal, self.chance.choice(get_args(Answer)), shard=shard)

    def _offer(self, fact: ResourceOffered | ResourceRevised) -> None:
        self.resources[fact.resource.resource_id] = fact.resource
        self.resting.discard(fact.resource.resource_id)
        self.versions[fact.resource.resource_id] = fact.resource.version
        assert self.land.tell(fact) is Fold.APPLIED

    def _post(self, fact: DemandPosted | DemandRevised) -> None:
        self.demands[fact.demand.demand_id] = fact.demand
        self.whistled.discard(fact.demand.demand_id)
        self.versions[fact.demand.demand_id] = fact.demand.version
        assert self.land.tell(fact) is Fold.APPLIED

    def _next(self, name: str, fact: Callable[[int, str], Fact]) -> None:
        self.versions[name] += 1
        home = self.demands[name].community if name in self.demands else self.resources[name].home
        assert self.land.tell(fact(self.versions[name], home)) is Fold.APPLIED

    # -- letters --------------------------------------------------------------------------------------------

    def deliver(self) -> None:
        """Let one shard read some of what another wrote to it."""
        if ways := sorted(way for way, letters in self.letters.items() if letters):
            way = self.chance.choice(ways)
            for _ in range(self.chance.randint(1, len(self.letters[way]))):
                self._read(way)

    def deliver_again(self) -> None:
        """A letter comes once more: whoever published it was not sure."""
        if self.read:
            letter = self.chance.choice(self.read)
            assert self.land.fold(letter, letter.key) is Fold.SEEN

    def deliver_all(self) -> int:
        """Let every shard read its letters; return how many there were."""
        count = 0
        for way in sorted(self.letters):
            while self.letters[way]:
                self._read(way)
                count += 1
        return count

    def _read(self, way: tuple[str, str]) -> None:
        letter = self.letters[way].popleft()
        assert self.land.fold(letter, letter.key) is Fold.APPLIED
        self.read.append(letter)

    # -- time and rounds ------------------------------------------------------------------------------------

    def wait(self) -> None:
        self.now += timedelta(minutes=self.chance.choice([1, 30, 60, 60, 180]))

    def wait_for_alarm(self) -> None:
        """Go on to the moment at which time alone makes a round of a shard due, and decide it."""
        shard = self.chance.choice(SHARDS)
        alarm = self.land.alarm_ms(shard)
        if alarm < FOREVER:
            self.now = max(self.now, from_ms(alarm))
            self.round(shard)

    def round_somewhere(self) -> None:
        self.round(self.chance.choice(SHARDS))

    def round(self, shard: str) -> RoundDecided:
        """Decide a round of a shard, hold it against all that must hold, and put what it lets go under way."""
        decided = self.land.decide(shard, self.moment(shard))
        self.restart(shard)
        assert self.land.decide(shard, self.moment(shard)) == decided
        assert self.land.round(shard, self.moment(shard)) == decided
        self.last[shard] = decided.decided_at
        for letter in self.land.mail:
            self.letters[shard, letter.key].append(letter)
        self.land.mail.clear()
        self._judge(shard, decided)
        alarm = self.land.alarm_ms(shard)
        assert alarm == FOREVER or from_ms(alarm) > decided.decided_at
        return decided

    def restart(self, shard: str) -> None:
        """Go on from a snapshot."""
        before = snapshot.dump(self.land.states[shard])
        self.land.states[shard] = snapshot.load(before, SMALL_CATALOGUE)
        assert snapshot.dump(self.land.states[shard]) == before

    def settle(self) -> None:
        """Let all decide and read, in turns, until nothing is under way any more."""
        for _ in range(MOST_TURNS):
            left_out = sum(self.round(shard).size.left_out for shard in SHARDS)
            if not self.deliver_all() + left_out:
                return
        raise AssertionError(f"still moving: {[way for way, letters in self.letters.items() if letters]}")

    def moment(self, shard: str) -> datetime:
        """Within a shard moments grow."""
        return max(self.now, self.last.get(shard, self.now - timedelta(1)) + timedelta(milliseconds=1))

    def _judge(self, shard: str, decided: RoundDecided) -> None:
        for moved_ in decided.transitions:
            if moved_.to != "confirmed":
                _, was = self.live.pop(moved_.assignment_id)
                if moved_.to == "fulfilled":
                    self.filled.add((was.demand_id, was.line, was.seat))
                if moved_.used_up:
                    self.spent[was.resource_id].add(was.resource_seat)
                if moved_.barred_until is not None:
                    self.rests[was.demand_id, was.resource_id] = moved_.barred_until
                if moved_.reason in ("declined", "no_show"):
                    self.noes.add((was.demand_id, was.resource_id))
                    self.rests[was.demand_id, was.resource_id] = datetime.max.replace(tzinfo=UTC)
        for gone_up in decided.transfers.escalated if decided.transfers else ():
            self.left[gone_up.demand.demand_id, shard] = decided.decided_at
        for new in decided.proposals:
            assert (new.demand_id, new.line, new.seat) not in self.filled
            assert (new.demand_id, new.resource_id) not in self.noes
            assert new.resource_id not in self.gone, "what left the list of this very shard"
            assert shard_of(self.resources[new.resource_id].home) == shard
            assert shard in self.whereabouts(new.demand_id, new.line, new.seat)
            self.live[new.assignment_id] = shard, new
        self._hold_promises(shard)

    # -- what must hold -------------------------------------------------------------------------------------

    def _hold_promises(self, shard: str) -> None:
        """Nobody is promised a seat that somebody else has, in whichever shard; resources are their home's."""
        lives = [proposal for _, proposal in self.live.values()]
        seats = Counter((each.demand_id, each.line, each.seat) for each in lives)
        assert not seats or max(seats.values()) == 1
        assert not seats.keys() & self.filled
        given = Counter(
            (each.resource_id, each.resource_seat)
            for at, each in self.live.values()
            if at == shard and not self.resources[each.resource_id].per_occasion
        )
        assert not given or max(given.values()) == 1

    def hold_seats(self) -> None:
        """Every seat sits in one shard, or in one letter."""
        under_way: Counter[Seat] = Counter()
        for letters in self.letters.values():
            for letter in letters:
                under_way.update(seats_in(letter.data.passed))  # type: ignore[attr-defined]
        for name, asked in self.demands.items():
            for number in range(len(asked.lines)):
                for seat in range(MOST_SEATS):
                    found = self.whereabouts(name, number, seat)
                    assert len(found) + under_way[name, number, seat] == 1, (name, number, seat, found)

    def hold_quiet(self) -> None:
        """Once nothing is under way: nothing that is gone is promised, and nobody has more than was asked for."""
        lines: Counter[tuple[str, int]] = Counter()
        for _, proposal in self.live.values():
            assert proposal.demand_id not in self.gone
            assert proposal.resource_id not in self.gone
            lines[proposal.demand_id, proposal.line] += 1
        for (name, number), count in lines.items():
            asked = self.demands[name].lines
            assert number < len(asked)
            assert count <= asked[number].quantity

    def hold_retold(self) -> None:
        """However the topics interleave, each shard knows the same in the end."""
        for shard in SHARDS:
            journal, wanted = self.land.journals[shard], snapshot.dump(self.land.states[shard])
            topics = sorted({entry.topic for entry in journal})
            for order in (topics, topics[::-1], topics[1:] + topics[:1]):
                apart = [entry for topic in order for entry in journal if entry.topic == topic]
                assert snapshot.dump(self.land.retold(shard, apart)) == wanted

    def whereabouts(self, demand_id: str, line: int, seat: int) -> list[str]:
        return self.land.whereabouts(demand_id, line, seat)

    def urgency(self, demand_id: str) -> Urgency:
        """Return how urgent a demand is since it was whistled for, if it was."""
        said = self.demands[demand_id].urgency
        return Urgency.WHISTLE if demand_id in self.whistled and said is not Urgency.EMERGENCY else said

    def _open(self, entries: dict[str, Any]) -> list[str]:
        return sorted(entries.keys() - self.gone)

    def _one_of(self, entries: dict[str, Any]) -> str | None:
        names = self._open(entries)
        return self.chance.choice(names) if names else None


def seats_in(passed: Passed) -> list[Seat]:
    """Return the seats that a letter carries."""
    match passed:
        case Escalated(demand=carried, seats=seats):
            return [(carried.demand_id, each.line, each.seat) for each in seats]
        case Asked(demand=carried, seat=seat):
            return [(carried.demand_id, seat.line, seat.seat)]
        case Returned(demand_id=name, seat=seat):
            return [(name, seat.line, seat.seat)]
        case _:
            return []


def helper(chance: Random, name: str, now: datetime) -> Resource:
    """Draw a resource of some district, mostly one that serves farther."""
    district, per_occasion = chance.choice(DISTRICTS), chance.random() < 0.2
    start, alone = now + timedelta(hours=chance.randint(0, 3)), chance.random() < 0.3
    windows = (Window(start=start, end=start + timedelta(hours=chance.randint(2, 20))),)
    return resource(
        name,
        provider=f"member:m{chance.randint(1, 2)}" if alone else f"team:{chance.randint(1, 5)}",
        item=chance.choice((HAIR, HAIR, HAIR, MEAL, VISIT)),
        capacity=1 if alone else chance.choice((1, 1, 2, 3)),
        renewable=per_occasion or chance.random() < 0.5,
        per_occasion=per_occasion,
        scope=chance.choice(((district,), *AREAS, *AREAS)),
        home=district + chance.choice(("001001", "001002", "002001")),
        notice_minutes=chance.choice((0, 0, 0, 45)),
        auto_accept=chance.random() < 0.4,
        windows=chance.choice(((), (), windows)),
        offered_at=now,
    )


def wish(chance: Random, name: str, now: datetime) -> Demand:
    """Draw a demand of some district, mostly of several seats, each of which is filled on its own."""
    place = chance.choice(DISTRICTS) + chance.choice(("001001", "001002", "002001"))
    lines = [
        line(
            chance.choice((HAIR, HAIR, MEAL)),
            chance.randint(1, 3),
            siblings=chance.random() < 0.7,
            together=chance.random() < 0.1,
        )
        for _ in range(chance.choice((1, 1, 2)))
    ]
    until = now + timedelta(hours=chance.choice((3, 8, 30)))
    return demand(
        name,
        *lines,
        requester=f"community:{place}",
        community=place,
        urgency=chance.choice((Urgency.NORMAL, Urgency.NORMAL, Urgency.URGENT, Urgency.WHISTLE)),
        window=Window(start=now, end=until),
        bundle=len(lines) > 1 and chance.random() < 0.1,
        posted_at=now,
    )
