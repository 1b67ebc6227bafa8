"""A shard to talk to: tell it facts, let it decide rounds, ask it why. Everything travels as records do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matcher.reasons.explain import why_demand
from matcher.round.decide import decide
from matcher.state import snapshot
from matcher.state.fold import Fold
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.envelope import Event, decode, encode
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import InputOffset, Proposal, RoundDecided
from schemas.topics import TOPIC_OF_MODEL
from schemas.why import DemandWhy, LineWhy
from tests.builders import NOON, SHARD, SMALL_CATALOGUE, event

Answer = Literal["accepted", "declined", "done", "no_show"]
_ANSWERS = {
    "accepted": AssignmentAccepted,
    "declined": AssignmentDeclined,
    "done": AssignmentDone,
    "no_show": AssignmentNoShow,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the journal."""

    topic: str
    offset: int
    event: Event[Fact]


def over_the_wire(sent: Event[Fact]) -> Event[Fact]:
    """Return the event as a reader gets it: encoded and decoded."""
    key, headers, value = encode(sent)
    return decode(topic=sent.topic.name, key=key, headers=headers, value=value)


class Town:
    """One shard's state with the journal of everything that it was told."""

    def __init__(self, *facts: Fact, policy: Policy | None = None, catalogue: Catalogue = SMALL_CATALOGUE) -> None:
        self.policy = policy or Policy()
        self.catalogue = catalogue
        self.state = ShardState(SHARD, catalogue)
        self.journal: list[Entry] = []
        self.tell(*facts)

    def tell(self, *facts: Fact) -> Fold | None:
        """Fold facts, each at the next offset of its topic; return what became of the last."""
        done = None
        for fact in facts:
            done = self.fold(event(fact, event_id=name_of(fact)))
        return done

    def fold(self, told: Event[Fact]) -> Fold:
        """Fold one event at the next offset of its topic."""
        topic = TOPIC_OF_MODEL[type(told.data)].name
        entry = Entry(topic, self.state.offsets.get(topic, 0), told)
        self.journal.append(entry)
        return self.state.fold(told, topic=topic, offset=entry.offset)

    def answer(self, assignment: Proposal | str, word: Answer) -> Fold:
        """Fold an answer to an assignment."""
        name = assignment if isinstance(assignment, str) else assignment.assignment_id
        return self.fold(event(_ANSWERS[word](assignment_id=name, shard=SHARD, at=NOON), event_id=f"{name}-{word}"))

    def decide(self, now: datetime = NOON, *, policy: Policy | None = None) -> RoundDecided:
        """Return what a round at ``now`` would decide; nothing changes."""
        inputs = [InputOffset(topic=t, partition=0, offset=o) for t, o in sorted(self.state.offsets.items())]
        return decide(freeze(self.state), now=now, policy=policy or self.policy, cause="interval", inputs=inputs)

    def round(self, now: datetime = NOON, *, policy: Policy | None = None) -> RoundDecided:
        """Decide a round, send it over the wire and fold it."""
        decided = self.decide(now, policy=policy)
        read = over_the_wire(event(decided, event_id=name_of(decided), time=now))
        assert read.data == decided
        assert self.fold(read) is Fold.APPLIED
        return decided

    def why(self, demand_id: str = "d1", *, now: datetime = NOON) -> DemandWhy:
        """Ask why a demand stands where it stands."""
        return why_demand(freeze(self.state, also=demand_id), now=now, policy=self.policy, demand_id=demand_id)

    def why_line(self, demand_id: str = "d1", *, now: datetime = NOON) -> LineWhy:
        """Ask about the first line of a demand."""
        return self.why(demand_id, now=now).lines[0]

    def restored(self) -> "Town":
        """Return a town that goes on from a snapshot of this one."""
        other = Town(policy=self.policy, catalogue=self.catalogue)
        other.state = snapshot.load(snapshot.dump(self.state), self.catalogue)
        other.journal = list(self.journal)
        return other

    def retold(self, entries: Sequence[Entry]) -> ShardState:
        """Return a fresh state that was told ``entries`` in their order."""
        state = ShardState(SHARD, self.catalogue)
        for entry in entries:
            tell_again(state, entry)
        return state


def tell_again(state: ShardState, entry: Entry) -> Fold | str:
    """Fold a record of a journal; return what became of it, or the code by which it was refused."""
    try:
        return state.fold(entry.event, topic=entry.topic, offset=entry.offset)
    except Refused as refused:
        return refused.code


def name_of(fact: Fact) -> str:
    """Return an event id that depends on the fact alone."""
    entity = getattr(fact, "resource", None) or getattr(fact, "demand", None) or fact
    fields = (type(fact).__name__, "resource_id", "demand_id", "claim_id", "round_no", "version")
    return "-".join([fields[0], *(str(getattr(entity, field)) for field in fields[1:] if hasattr(entity, field))])


def pairs_of(decided: RoundDecided) -> list[tuple[str, str]]:
    """Return (demand, resource) of each proposal, sorted."""
    return sorted((proposal.demand_id, proposal.resource_id) for proposal in decided.proposals)


def ended(decided: RoundDecided) -> dict[str, tuple[str, str]]:
    """Return what became of assignments: id -> (to, reason)."""
    return {moved.assignment_id: (moved.to, moved.reason) for moved in decided.transitions}
