"""A backtest from beginning to end: the record is read twice, once for what people said, once to decide it anew."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from api.readmodel.queries.suppression import SMALLEST_CELL
from deploy.backtest.comparison import compare
from deploy.backtest.entries import Asked, Entries
from deploy.backtest.figures import load_of, nearness_of, streets_of, value_of, waiting_of
from deploy.backtest.ledger import Held, Ledger
from deploy.backtest.result import Answered, AnswerModel, Backtest, Run
from matcher.history.answers import AnswerRecord, Answers, Guess
from matcher.history.fork import Fork, tell
from matcher.state import snapshot
from matcher.state.shard import ShardState
from schemas.catalogue import Catalogue
from schemas.envelope import new_event
from schemas.policy import Policy, WaitingWeights
from schemas.rounds import PolicyRef, RoundDecided
from schemas.sharding import DISTRICT
from streams.history import ReadableLog, Step, count_rounds, steps
from streams.replay import Policies, Progress

Titles = Callable[[str], str]

HOUR_MS = 3_600_000
RECORD = "recorded"
"""The name of the run under the record's own policies."""


class NothingToTestError(Exception):
    """No round of the log lies in the stretch asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be tested.

    ``policies`` are tried beside the record's own; rounds from ``since`` on and before ``until`` are decided anew, of
    one ``shard`` or of all.
    """

    policies: Sequence[Policy]
    guess: Guess = field(default_factory=Guess)
    since: datetime | None = None
    until: datetime | None = None
    shard: str | None = None
    shard_width: int = DISTRICT

    def covers(self, decided: RoundDecided) -> bool:
        """Return whether a round is before ``until``."""
        return self.until is None or decided.decided_at < self.until

    def is_before(self, decided: RoundDecided) -> bool:
        """Return whether a round is before ``since``: it stands as it was recorded."""
        return self.since is not None and decided.decided_at < self.since


@dataclass(slots=True)
class _Course:
    """One policy over all shards."""

    policy: Policy | None
    ledger: Ledger = field(default_factory=Ledger)
    forks: list[Fork] = field(default_factory=list)
    as_recorded: int = 0


class _Shard:
    """One shard: its recorded state until the fork, its forks from then on, in the order of the courses."""

    def __init__(self, name: str, catalogue: Catalogue) -> None:
        self.state: ShardState | None = ShardState(name, catalogue)
        self.ledger = Ledger()
        self.forks: list[Fork] = []

    def fork(self, courses: Sequence[_Course], answers: Answers, catalogue: Catalogue) -> None:
        """Give each course a state of its own, as it is now, and what stands in it."""
        if self.state is None:
            return
        self.stand(courses)
        dump = snapshot.dump(self.state)
        self.state = None
        for course in courses:
            fork = Fork(snapshot.load(dump, catalogue), answers)
            self.forks.append(fork)
            course.forks.append(fork)

    def stand(self, courses: Sequence[_Course]) -> None:
        """Let each course have what stands; all there is of a shard without a round in the stretch."""
        for course in courses:
            course.ledger.standing |= self.ledger.standing


class Backtesting:
    """Goes through a history step by step; ``result`` says what came of it."""

    def __init__(
        self, question: Question, catalogue: Catalogue, policies: Policies, answers: Answers, *, title_of: Titles = str
    ) -> None:
        self._question, self._catalogue, self._policies = question, catalogue, policies
        self._answers, self._title_of = answers, title_of
        self._entries = Entries()
        self._shards: dict[str, _Shard] = {}
        self._courses = [_Course(None), *(_Course(policy) for policy in question.policies)]
        self._moments: list[datetime] = []
        self._known: dict[PolicyRef, tuple[Policy, Policy]] = {}

    def step(self, step: Step) -> None:
        """Decide one round anew under every policy, or let it stand where it lies before the stretch.

        Raises:
            LookupError: the policy of the record is not to be had.
        """
        if not self._question.covers(step.decided):
            return
        shard = self._shards.setdefault(step.shard, _Shard(step.shard, self._catalogue))
        if self._question.is_before(step.decided) and shard.state is not None:
            self._stand(shard.state, shard.ledger, step)
            return
        shard.fork(self._courses, self._answers, self._catalogue)
        self._entries.note(step.inputs)
        measures = self._measures(step.decided.policy)
        for course, fork in zip(self._courses, shard.forks, strict=True):
            policy = _at_its_level(course.policy, measures[0])
            forked = fork.round(step.decided, step.inputs, policy=policy, measures=measures)
            course.ledger.note(forked.decided, forked.worths)
            course.as_recorded += _chose(forked.decided) == _chose(step.decided)
        self._moments.append(step.decided.decided_at)

    def result(self) -> Backtest:
        """Return the figures. Raises NothingToTestError."""
        if not self._moments:
            raise NothingToTestError("no round lies in the stretch asked for")
        for shard in self._shards.values():
            if not shard.forks:
                shard.stand(self._courses)
        demands = self._entries.in_play()
        served = [_of(course.ledger.served(), demands) for course in self._courses]
        runs = [self._run(course, held, demands) for course, held in zip(self._courses, served, strict=True)]
        return Backtest(
            since=self._question.since,
            until=self._question.until,
            first_round_at=min(self._moments),
            last_round_at=max(self._moments),
            shards=tuple(sorted(name for name, shard in self._shards.items() if shard.forks)),
            smallest_cell=SMALLEST_CELL,
            answers=self._model(),
            runs=tuple(runs),
            comparisons=tuple(
                compare(run.name, held, served[0], demands, title_of=self._title_of)
                for run, held in zip(runs[1:], served[1:], strict=True)
            ),
        )

    def _stand(self, state: ShardState, ledger: Ledger, step: Step) -> None:
        decided = step.decided
        tell(state, step.inputs)
        tell(state, [new_event(decided, id="0", source=RECORD, key=step.shard, time=decided.decided_at)])
        self._entries.note_before(step.inputs, decided)
        ledger.note(decided)
        self._entries.done.update(ledger.drop_done(decided))

    def _measures(self, ref: PolicyRef) -> tuple[Policy, Policy]:
        """Return the policy of the record, and the same without its points for waiting."""
        if ref not in self._known:
            policy = self._policies(ref)
            self._known[ref] = policy, policy.model_copy(update={"waiting": WaitingWeights(per_hour=0)})
        return self._known[ref]

    def _run(self, course: _Course, held: Sequence[Held], demands: dict[str, Asked]) -> Run:
        asked = sum(demand.seats for demand in demands.values())
        nearness = nearness_of(held, self._entries)
        near = nearness.community + nearness.street
        return Run(
            name=RECORD if course.policy is None else self._name(course.policy),
            policy=course.policy.ref if course.policy else None,
            rounds=course.ledger.rounds,
            rounds_as_recorded=course.as_recorded,
            seats_asked=asked,
            seats_served=len(held),
            seats_pending=course.ledger.pending(),
            coverage=_share(len(held), asked),
            waiting=waiting_of(held, demands, asked=asked, end=max(self._moments)),
            nearness=nearness,
            near=_share(near, len(held)),
            load=load_of(held, self._entries),
            streets=streets_of(held, demands),
            value=value_of(held),
            answered=Answered(
                recorded=sum(fork.recorded for fork in course.forks),
                known=sum(fork.known for fork in course.forks),
                guessed=sum(fork.guessed for fork in course.forks),
            ),
        )

    def _name(self, policy: Policy) -> str:
        """Return the policy's name, with its version where another is called so, too, or the record is."""
        alike = [other.name for other in self._question.policies].count(policy.name)
        return policy.name if alike == 1 and policy.name != RECORD else f"{policy.name} v{policy.version}"

    def _model(self) -> AnswerModel:
        done_ms = self._answers.done_after_ms
        return AnswerModel(
            unseen=self._answers.guess.unseen,
            answer_after_hours=round(self._answers.answer_after_ms / HOUR_MS, 4),
            done_as_recorded=self._answers.guess.done_after_ms is None,
            done_after_hours=None if done_ms is None else round(done_ms / HOUR_MS, 4),
            recorded_ends=dict(sorted(self._answers.shares.items())),
        )


async def backtest(
    log: ReadableLog,
    catalogue: Catalogue,
    policies: Policies,
    question: Question,
    *,
    title_of: Titles = str,
    progress: Progress = lambda done, total: None,
) -> Backtest:
    """Answer a question of a log, which is read and never written; ``title_of`` says what people call a street.

    Raises:
        LogError: the log could not be read.
        HistoryBrokenError: it does not hang together.
        LookupError: a policy of the record is not to be had.
        NothingToTestError: there is no round to decide anew.
    """
    total = 2 * await count_rounds(log, shard=question.shard)
    done = 0

    async def each(act: Callable[[Step], None]) -> None:
        nonlocal done
        async for step in steps(log, shard=question.shard, shard_width=question.shard_width):
            await asyncio.to_thread(act, step)
            done += 1
            progress(done, total)

    record = AnswerRecord()
    await each(lambda step: _note(record, step))
    testing = Backtesting(question, catalogue, policies, Answers(record, question.guess), title_of=title_of)
    await each(testing.step)
    progress(total, total)
    return testing.result()


def _note(record: AnswerRecord, step: Step) -> None:
    for event in step.inputs:
        record.answer(event.data)
    record.propose(step.decided)


def _chose(decided: RoundDecided) -> tuple[object, ...]:
    return decided.transitions, tuple(given.assignment_id for given in decided.proposals)


def _of(served: Sequence[Held], demands: dict[str, Asked]) -> list[Held]:
    """Return the served seats of demands in play; one that was withdrawn after it was served stays."""
    return [held for held in served if held.demand_id in demands]


def _at_its_level(policy: Policy | None, recorded: Policy) -> Policy:
    """Return the policy to decide by: what other shards do is as recorded, so what goes up to them is, too."""
    return recorded if policy is None else policy.model_copy(update={"escalation": recorded.escalation})


def _share(part: int, whole: int) -> float | None:
    return round(min(part / whole, 1.0), 4) if whole else None
