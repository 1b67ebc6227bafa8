"""Several shards under one policy, with what passes between them: tell it facts, let it decide, look at the seats."""

from collections import deque
from datetime import datetime

from matcher.round.decide import decide
from matcher.round.publication import transfers_of
from matcher.state.alarms import next_alarm_ms
from matcher.state.fold import Fold
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.envelope import Event
from schemas.policy import Alliance, Escalation, Policy
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import InputOffset, Proposal, RoundDecided
from schemas.sharding import region_of, shard_of
from schemas.topics import TOPIC_OF_MODEL
from schemas.transfers import Passed
from tests.builders import NOON, SMALL_CATALOGUE, event
from tests.town import Answer, name_of, over_the_wire

LEVELS = Policy(
    escalation=Escalation(
        district_hours=24, city_hours=48, whistle=True, alliances=(Alliance(name="delta", regions=("31", "3201")),)
    )
)
"""A day in the district, two in the city, then the alliance."""
_ANSWERS = {
    "accepted": AssignmentAccepted,
    "declined": AssignmentDeclined,
    "done": AssignmentDone,
    "no_show": AssignmentNoShow,
}


class Land:
    """States by shard, made when first heard of. What passes between them waits in ``mail`` until it is delivered."""

    def __init__(self, *facts: Fact, policy: Policy = LEVELS) -> None:
        self.policy = policy
        self.states: dict[str, ShardState] = {}
        self.mail: deque[Event[Fact]] = deque()
        self.decided: list[RoundDecided] = []
        self.tell(*facts)

    def state(self, shard: str) -> ShardState:
        """Return the state of a shard."""
        if shard not in self.states:
            self.states[shard] = ShardState(shard, SMALL_CATALOGUE)
        return self.states[shard]

    def tell(self, *facts: Fact) -> Fold | None:
        """Fold facts in the shards of their regions; return what became of the last."""
        done = None
        for fact in facts:
            region = region_of(fact)
            done = self.fold(event(fact, event_id=name_of(fact)), shard_of(region) if region else "")
        return done

    def fold(self, told: Event[Fact], shard: str) -> Fold:
        """Fold one event at the next offset of its topic."""
        state, topic = self.state(shard), TOPIC_OF_MODEL[type(told.data)].name
        return state.fold(told, topic=topic, offset=state.offsets.get(topic, 0))

    def answer(self, proposal: Proposal, word: Answer, *, shard: str) -> Fold:
        """Fold an answer to an assignment."""
        told = _ANSWERS[word](assignment_id=proposal.assignment_id, shard=shard, at=NOON)
        return self.fold(event(told, event_id=f"{proposal.assignment_id}-{word}"), shard)

    def decide(self, shard: str, now: datetime = NOON) -> RoundDecided:
        """Return what a round would decide; nothing changes."""
        state = self.state(shard)
        inputs = [InputOffset(topic=t, partition=0, offset=o) for t, o in sorted(state.offsets.items())]
        return decide(freeze(state), now=now, policy=self.policy, cause="interval", inputs=inputs)

    def round(self, shard: str, now: datetime = NOON) -> RoundDecided:
        """Decide a round of one shard and fold it; what it lets go is in the mail then."""
        decided = self.decide(shard, now)
        read = over_the_wire(event(decided, event_id=name_of(decided), time=now))
        assert self.fold(read, shard) is Fold.APPLIED
        self.mail += [over_the_wire(sent) for sent in transfers_of(decided)]
        self.decided.append(decided)
        return decided

    def deliver(self) -> list[Passed]:
        """Let all shards read their mail; return what it was."""
        passed: list[Passed] = []
        while self.mail:
            letter = self.mail.popleft()
            self.fold(letter, letter.key)
            passed.append(letter.data.passed)  # type: ignore[attr-defined]
        return passed

    def settle(self, now: datetime = NOON, *, turns: int = 8) -> list[Passed]:
        """Let every shard decide and read its mail in turns until nothing passes any more; return all that passed."""
        passed: list[Passed] = []
        for _ in range(turns):
            for shard in sorted(self.states):
                self.round(shard, now)
            moved = self.deliver()
            if not moved:
                return passed
            passed += moved
        raise AssertionError(f"still moving after {turns} turns: {passed}")

    def alarm_ms(self, shard: str) -> int:
        """Return when time alone makes a round of the shard due."""
        return next_alarm_ms(self.state(shard), self.policy.escalation)

    def whereabouts(self, demand_id: str, line: int = 0, seat: int = 0) -> list[str]:
        """Return the shards in which a seat sits: one, unless it is in the mail."""
        found = []
        for name, state in sorted(self.states.items()):
            row = state.demands.ids.find(demand_id)
            if row is not None and state.demands.is_known(demand_id) and state.seats.is_here(row, (line, seat)):
                found.append(name)
        return found
