"""A history that might have been: a shard's recorded inputs, decided by another policy.

1. Inputs come in their recorded order, rounds at their recorded moments. A round sees what the recorded one saw, and
   the answers to assignments of its own (``answers``).
2. An assignment that the record holds, too, has the same id, so the record's own answers reach it by themselves.
3. Under the policy of the record the fork is the record, round for round.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import Final

from matcher.history.answers import Answers, Word
from matcher.history.measure import worth
from matcher.round.decide import decide
from matcher.state.fold import from_ms, to_ms
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.envelope import Event, new_event
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal, RoundDecided

SOURCE: Final = "cobuild/fork"
_FACTS: Final[dict[Word, type[AssignmentAccepted | AssignmentDeclined | AssignmentDone | AssignmentNoShow]]] = {
    "accepted": AssignmentAccepted,
    "declined": AssignmentDeclined,
    "done": AssignmentDone,
    "no_show": AssignmentNoShow,
}


@dataclass(frozen=True, slots=True)
class Forked:
    """A round of the fork; ``worths`` holds, per measure, what each of its proposals is worth by it."""

    decided: RoundDecided
    worths: tuple[list[int], ...]


def tell(state: ShardState, events: Iterable[Event[Fact]]) -> None:
    """Fold events, each at the next offset of its topic; what was refused then is refused now, and no part of it."""
    for event in events:
        topic = event.topic.name
        try:
            state.fold(event, topic=topic, offset=state.offsets.get(topic, 0))
        except Refused:
            continue


class Fork:
    """One shard under one policy, from the state that it is given; the state is its own from then on."""

    def __init__(self, state: ShardState, answers: Answers) -> None:
        self._state, self._answers = state, answers
        self._coming: list[tuple[int, str, Word]] = []
        self.recorded = self.known = self.guessed = 0
        """How many assignments were answered by the record, as their pair was in the record, and by guess."""

    def round(
        self, recorded: RoundDecided, inputs: Iterable[Event[Fact]], *, policy: Policy, measures: Sequence[Policy]
    ) -> Forked:
        """Decide in place of a recorded round.

        Args:
            recorded: gives the moment and the cause.
            inputs: what came since the last round, up to what the recorded round had seen.
            policy: decides.
            measures: policies by which the proposals are weighed, too.
        """
        tell(self._state, inputs)
        tell(self._state, self._said(recorded.decided_at))
        frozen = freeze(self._state)
        now = recorded.decided_at
        decided = decide(frozen, now=now, policy=policy, cause=recorded.cause, inputs=recorded.inputs)
        worths = tuple(worth(frozen, decided.proposals, now=now, policy=measure) for measure in measures)
        event = new_event(decided, id=f"{decided.round_no}", source=SOURCE, key=decided.shard, time=now)
        tell(self._state, [event])
        for given in decided.proposals:
            self._ask(given, now)
        return Forked(decided, worths)

    def _ask(self, given: Proposal, now: datetime) -> None:
        if self._answers.is_recorded(given.assignment_id):
            self.recorded += 1
            return
        if self._answers.knows(given):
            self.known += 1
        else:
            self.guessed += 1
        for saying in self._answers.of(given, at_ms=to_ms(now)):
            heappush(self._coming, (to_ms(now) + saying.after_ms, given.assignment_id, saying.word))

    def _said(self, now: datetime) -> Iterable[Event[Fact]]:
        """Yield the answers that are due by ``now``."""
        while self._coming and self._coming[0][0] <= to_ms(now):
            at_ms, assignment_id, word = heappop(self._coming)
            fact = _FACTS[word](assignment_id=assignment_id, shard=self._state.shard, at=from_ms(at_ms))
            name = f"{assignment_id}-{word}"
            yield new_event(fact, id=name, source=SOURCE, key=self._state.shard, time=from_ms(at_ms))
