"""A history that might have been: the record's own policy gives the record, another one gives another."""

from collections.abc import Iterable
from dataclasses import replace

from matcher.history.answers import AnswerRecord, Answers, Guess
from matcher.history.fork import Fork, Forked
from matcher.history.measure import worth
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.envelope import Event
from schemas.policy import LoadWeights, NearnessWeights, Policy, RegretWeights, WaitingWeights
from schemas.rounds import RoundDecided
from schemas.topics import ROUNDS
from tests.builders import (
    HERE,
    MEAL,
    SAME_DISTRICT,
    SHARD,
    SMALL_CATALOGUE,
    at,
    claimed,
    demand_gone,
    line,
    offered,
    posted,
)
from tests.town import Town, pairs_of

NEAR = Policy(name="near", nearness=NearnessWeights(community=50_000))
WAIT = Policy(name="wait", waiting=WaitingWeights(per_hour=5_000))


def story(policy: Policy) -> Town:
    """Two days of a town: offers, demands that come one by one, yes and no and done, a withdrawal."""
    town = Town(offered("r1"), offered("r2", item=MEAL, capacity=2), posted("d1", community=SAME_DISTRICT),
                posted("d2", line(MEAL, 3)), policy=policy)  # fmt: skip
    first = town.round(at(0)).proposals
    town.answer(first[0], "accepted")
    town.answer(first[1], "declined")
    town.tell(posted("d3", posted_at=at(2), window=_late()))
    town.round(at(2))
    town.answer(first[0], "done")
    town.tell(demand_gone("d2"))
    town.round(at(4))
    town.round(at(30))
    return town


def _late() -> object:
    return {"start": at(3), "end": at(60)}


def steps(town: Town) -> Iterable[tuple[tuple[Event[Fact], ...], RoundDecided]]:
    """Yield the rounds of a town with what each had newly seen."""
    waiting: list[Event[Fact]] = []
    for entry in town.journal:
        if isinstance(entry.event.data, RoundDecided):
            yield tuple(waiting), entry.event.data
            waiting = []
        else:
            waiting.append(entry.event)


def record_of(town: Town) -> AnswerRecord:
    record = AnswerRecord()
    for inputs, decided in steps(town):
        for event in inputs:
            record.answer(event.data)
        record.propose(decided)
    return record


def forked(town: Town, policy: Policy, *measures: Policy, guess: Guess | None = None) -> tuple[Fork, list[Forked]]:
    fork = Fork(ShardState(SHARD, SMALL_CATALOGUE), Answers(record_of(town), guess or Guess()))
    return fork, [fork.round(decided, inputs, policy=policy, measures=measures) for inputs, decided in steps(town)]


def test_under_its_own_policy_the_fork_is_the_record() -> None:
    town = story(Policy())
    fork, found = forked(town, Policy())
    assert [each.decided for each in found] == [decided for _, decided in steps(town)]
    assert (fork.known, fork.guessed) == (0, 0)
    assert fork.recorded == sum(len(each.decided.proposals) for each in found)


def test_the_order_in_which_the_record_was_read_does_not_matter_for_others() -> None:
    town = story(WAIT)
    fork, found = forked(town, NEAR)
    again, same = forked(town, NEAR)
    assert [each.decided for each in found] == [each.decided for each in same]
    assert (fork.recorded, fork.known, fork.guessed) == (again.recorded, again.known, again.guessed)


def test_another_policy_decides_otherwise_and_its_pairs_are_answered_by_guess() -> None:
    town = Town(offered("r1", auto_accept=True), policy=WAIT)
    town.tell(posted("far", community=SAME_DISTRICT), posted("near", community=HERE, posted_at=at(2), window=_late()))
    decided = town.round(at(3))
    assert pairs_of(decided) == [("far", "r1")]
    fork, (found,) = forked(town, NEAR)
    assert pairs_of(found.decided) == [("near", "r1")]
    assert (fork.recorded, fork.known, fork.guessed) == (0, 0, 1)


def test_a_guessed_report_gives_the_seat_back() -> None:
    town = Town(offered("r1", auto_accept=True), policy=WAIT)
    town.tell(
        posted("far", community=SAME_DISTRICT),
        *[posted(name, posted_at=at(2), window=_late()) for name in ("near", "third")],
    )
    town.round(at(3))
    town.round(at(5))
    _, found = forked(town, NEAR, guess=Guess(done_after_ms=3_600_000))
    assert [len(each.decided.proposals) for each in found] == [1, 1]
    assert [moved.reason for moved in found[1].decided.transitions] == ["done"]
    _, never = forked(town, NEAR)
    assert [len(each.decided.proposals) for each in never] == [1, 0]


def test_a_silent_guess_expires() -> None:
    town = Town(offered("r1"), policy=WAIT)
    town.tell(posted("far", community=SAME_DISTRICT, window=_late()), posted("near", posted_at=at(2), window=_late()))
    town.round(at(3))
    town.round(at(28))
    _, found = forked(town, NEAR, guess=Guess(unseen="silent"))
    assert [moved.reason for moved in found[1].decided.transitions] == ["no_answer"]


def test_what_a_round_gave_is_weighed_by_other_measures() -> None:
    town = story(Policy())
    _, found = forked(town, Policy(), Policy(), Policy(waiting=WaitingWeights(per_hour=0)))
    for each in found:
        own, without = each.worths
        assert own == [given.value for given in each.decided.proposals]
        waited = [given.terms.get("waiting", 0) for given in each.decided.proposals]
        assert without == [value - points for value, points in zip(own, waited, strict=True)]
    assert any(given.terms.get("waiting") for each in found for given in each.decided.proposals)


def test_nothing_given_is_worth_nothing() -> None:
    town = Town()
    assert worth(freeze(town.state), (), now=at(0), policy=Policy()) == []


def test_a_fork_starts_from_any_state() -> None:
    town = story(Policy())
    half = Town(policy=Policy())
    told = list(steps(town))
    for inputs, decided in told[:2]:
        for event in inputs:
            half.fold(event)
        half.state.fold(town.journal[[e.event.data for e in town.journal].index(decided)].event,
                        topic=ROUNDS.name, offset=decided.round_no - 1)  # fmt: skip
    fork = Fork(half.state, Answers(record_of(town), Guess()))
    found = [fork.round(decided, inputs, policy=Policy(), measures=()) for inputs, decided in told[2:]]
    assert [each.decided for each in found] == [decided for _, decided in told[2:]]


def test_an_input_that_was_refused_is_no_part_of_the_fork() -> None:
    town = Town(offered("r1"), posted("d1"))
    town.round(at(0))
    (inputs, decided), *_ = steps(town)
    fork = Fork(ShardState(SHARD, SMALL_CATALOGUE), Answers(record_of(town), Guess()))
    twice = replace(inputs[1], id="another")
    found = fork.round(decided, (*inputs, twice), policy=Policy(), measures=())
    assert found.decided == decided


def test_terms_that_look_back_on_earlier_rounds_are_weighed_as_the_round_did() -> None:
    even = Policy(name="even", load=LoadWeights(per_assignment=150), regret=RegretWeights(per_hour=40))
    town = Town(offered("r1", capacity=2, auto_accept=True), policy=even)
    town.tell(*[posted(f"d{number}", posted_at=at(number), window=_late()) for number in range(5)])
    for hours in (4, 7, 9):
        town.answer(town.round(at(hours)).proposals[0], "done")
    town.round(at(11))
    _, found = forked(town, even, even)
    given = [each for one in found for each in one.decided.proposals]
    assert {"load", "regret"} <= {name for each in given for name, points in each.terms.items() if points}
    assert [worth for one in found for worth in one.worths[0]] == [each.value for each in given]


def test_claims_are_inputs_of_the_fork_and_weighed_as_the_round_did() -> None:
    town = Town(offered("r1"), posted("d1"), posted("d2", community=SAME_DISTRICT), claimed("d2", "r1"))
    town.tell(claimed("d1", "r1", by="requester"))
    town.round(at(0))
    _, (found,) = forked(town, Policy(), Policy(), NEAR)
    assert [claim.outcome for claim in found.decided.claims] == ["honoured", "claimed_before"]
    assert found.worths[0] == [given.value for given in found.decided.proposals]
    _, (other,) = forked(town, NEAR, NEAR)
    assert [claim.outcome for claim in other.decided.claims] == ["outbid", "honoured"]
    assert other.worths[0] == [given.value for given in other.decided.proposals]


def test_teams_are_given_and_weighed_as_the_round_did() -> None:
    town = Town(offered("r1"), offered("r2"), offered("r3"), posted("d1", line(quantity=2, together=True)))
    town.tell(posted("d2", community=SAME_DISTRICT))
    for given in town.round(at(0)).proposals[:2]:
        town.answer(given, "accepted")
    town.round(at(1))
    _, found = forked(town, Policy(), Policy())
    assert [each.decided for each in found] == [decided for _, decided in steps(town)]
    assert len(found[0].decided.proposals) == 3
    assert found[0].worths == ([given.value for given in found[0].decided.proposals],)
    _, near = forked(town, NEAR)
    counts = [sum(given.demand_id == "d1" for given in each.decided.proposals) for each in near]
    assert counts[0] in (0, 2)
