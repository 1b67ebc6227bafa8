"""How people would answer in a history that did not happen: each rule alone."""

from datetime import datetime
from math import inf

import hypothesis
import pytest
from hypothesis import strategies as st

from matcher.history.answers import AnswerRecord, Answers, Guess, Saying, Work
from matcher.state.fold import to_ms
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal, RoundDecided
from tests.builders import NOON, at, offered, posted
from tests.town import Town

HOUR = 3_600_000
KINDS = {"accepted": AssignmentAccepted, "declined": AssignmentDeclined, "done": AssignmentDone,
         "no_show": AssignmentNoShow}  # fmt: skip


def a_round(*, auto: bool = False, pairs: int = 1) -> RoundDecided:
    """Return a round that gave r1 to d1, r2 to d2 and so on."""
    town = Town()
    for number in range(1, pairs + 1):
        town.tell(offered(f"r{number}", auto_accept=auto), posted(f"d{number}"))
    return town.round()


def given(demand_id: str = "d1", resource_id: str = "r1", *, auto: bool = False) -> Proposal:
    """Return an assignment that no record holds."""
    (one,) = a_round(auto=auto).proposals
    return one.model_copy(update={"demand_id": demand_id, "resource_id": resource_id, "assignment_id": "f" * 32})


def of(answers: Answers, proposal: Proposal, hours: float = 1000) -> list[Saying]:
    """Return what is said of an assignment made so late that everybody's recorded jobs are over."""
    return answers.of(proposal, at_ms=to_ms(at(hours)))


def said(record: AnswerRecord, proposal: Proposal, word: str, when: datetime) -> None:
    record.answer(KINDS[word](assignment_id=proposal.assignment_id, shard="310105", at=when))


def recorded(*words: tuple[str, float], auto: bool = False) -> tuple[AnswerRecord, Proposal]:
    """Return a record of one assignment with these answers, in hours after it."""
    record, decided = AnswerRecord(), a_round(auto=auto)
    record.propose(decided)
    for word, hours in words:
        said(record, decided.proposals[0], word, at(hours))
    return record, decided.proposals[0]


def test_an_assignment_of_the_record_is_known_as_such() -> None:
    record, proposal = recorded(("accepted", 2))
    answers = Answers(record, Guess())
    assert answers.is_recorded(proposal.assignment_id)
    assert not answers.is_recorded("f" * 32)


def test_a_pair_says_again_what_it_said_after_the_same_time() -> None:
    record, proposal = recorded(("accepted", 2), ("done", 7))
    answers = Answers(record, Guess(unseen="silent"))
    assert answers.knows(given(proposal.demand_id, proposal.resource_id))
    assert of(answers, given(proposal.demand_id, proposal.resource_id)) == [
        Saying(2 * HOUR, "accepted"),
        Saying(7 * HOUR, "done"),
    ]


def test_a_pair_that_said_no_says_no_again() -> None:
    record, proposal = recorded(("declined", 1))
    assert of(Answers(record, Guess()), given(proposal.demand_id, proposal.resource_id)) == [Saying(HOUR, "declined")]


def test_a_pair_that_did_not_answer_is_silent_again() -> None:
    town = Town(offered("r1"), posted("d1"))
    record, first = AnswerRecord(), town.round()
    record.propose(first)
    assert not Answers(record, Guess()).knows(given("d1", "r1"))  # it may answer yet
    record.propose(town.round(at(25)))
    answers = Answers(record, Guess())
    assert answers.knows(given("d1", "r1"))
    assert of(answers, given("d1", "r1")) == []
    assert answers.shares == {"silent": 1}


def test_an_answer_from_before_the_question_counts_as_at_once() -> None:
    record, proposal = recorded(("accepted", -3))
    assert of(Answers(record, Guess()), given(proposal.demand_id, proposal.resource_id)) == [Saying(0, "accepted")]


def test_answers_to_nothing_are_not_noted() -> None:
    record = AnswerRecord()
    record.answer(AssignmentDone(assignment_id="a" * 32, shard="310105", at=NOON))
    record.answer(posted("d1"))
    assert not record.said


def test_a_stranger_says_yes_after_the_median_time_and_is_done_after_the_median_time() -> None:
    record, decided = AnswerRecord(), a_round(pairs=3)
    record.propose(decided)
    for proposal, (yes, done) in zip(decided.proposals, ((1, 5), (2, 6), (9, 30)), strict=True):
        said(record, proposal, "accepted", at(yes))
        said(record, proposal, "done", at(done))
    answers = Answers(record, Guess())
    assert of(answers, given("d9", "r9")) == [Saying(2 * HOUR, "accepted"), Saying(6 * HOUR, "done")]
    mine = decided.proposals[2].resource_id
    assert of(answers, given("d9", mine)) == [Saying(2 * HOUR, "accepted"), Saying(30 * HOUR, "done")]


def test_in_the_place_of_another_job_a_stranger_is_done_when_that_one_was() -> None:
    record, _ = recorded(("accepted", 0), ("done", 10))
    answers = Answers(record, Guess())
    assert of(answers, given("d9", "r1", auto=True), 3) == [Saying(7 * HOUR, "done")]
    assert of(answers, given("d9", "r1", auto=True), 0) == [Saying(10 * HOUR, "done")]
    assert of(answers, given("d9", "r1", auto=True), 10) == [Saying(10 * HOUR, "done")]  # it is over: the median
    assert of(answers, given("d9", "r1", auto=True), -1) == [Saying(11 * HOUR, "done")]  # it would run into it
    assert of(answers, given("d9", "r1", auto=True), -10) == [Saying(10 * HOUR, "done")]  # it is over in time
    assert of(answers, given("d9", "r2", auto=True), 3) == [Saying(10 * HOUR, "done")]  # another's job is not its own
    assert of(Answers(record, Guess(done_after_ms=HOUR)), given("d9", "r1", auto=True), 3) == [Saying(HOUR, "done")]


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40) | st.just(inf)), min_size=1, max_size=8),
    st.integers(0, 90),
    st.integers(0, 30),
)
def test_a_guessed_job_ends_with_the_one_in_work_else_with_the_one_it_would_run_into(
    jobs: list[tuple[int, float]], moment: int, guess: int
) -> None:
    jobs = [(begun, begun + length) for begun, length in jobs]
    in_work = [job for job in jobs if job[0] <= moment < job[1]]
    run_into = [job for job in jobs if moment < job[0] < moment + guess]
    expected = max(in_work)[1] if in_work else min(run_into)[1] if run_into else moment + guess
    assert Work(jobs).over_after(moment, guess) == (None if expected == inf else expected - moment)


def test_in_the_place_of_a_job_that_goes_on_another_goes_on() -> None:
    record, decided = AnswerRecord(), a_round(pairs=4, auto=True)
    record.propose(decided)
    for proposal, word in zip(decided.proposals, ("done", "no_show", "declined"), strict=False):
        said(record, proposal, word, at(5))
    answers = Answers(record, Guess())
    done = [Saying(5 * HOUR, "done")]
    ours = [of(answers, given("d9", one.resource_id, auto=True), 2) for one in decided.proposals]
    assert ours == [[Saying(3 * HOUR, "done")], done, done, []]


def test_one_that_accepted_beforehand_is_not_asked() -> None:
    record, proposal = recorded(("done", 4), auto=True)
    answers = Answers(record, Guess())
    assert of(answers, given("d9", "r9", auto=True)) == [Saying(4 * HOUR, "done")]
    assert of(answers, given(proposal.demand_id, proposal.resource_id, auto=True)) == [Saying(4 * HOUR, "done")]
    asked_now = given(proposal.demand_id, proposal.resource_id)
    assert of(answers, asked_now) == [Saying(0, "accepted"), Saying(4 * HOUR, "done")]
    assert not answers.shares


def test_where_nobody_ever_was_done_nobody_is() -> None:
    record, _ = recorded(("accepted", 2))
    answers = Answers(record, Guess())
    assert answers.done_after_ms is None
    assert of(answers, given("d9", "r9")) == [Saying(2 * HOUR, "accepted")]
    assert of(answers, given("d9", "r9", auto=True)) == []


def test_an_empty_record_says_yes_at_once() -> None:
    assert of(Answers(AnswerRecord(), Guess()), given("d9", "r9")) == [Saying(0, "accepted")]


def test_the_guess_can_be_set() -> None:
    record, _ = recorded(("accepted", 2), ("done", 7))
    answers = Answers(record, Guess(answer_after_ms=HOUR, done_after_ms=3 * HOUR))
    assert of(answers, given("d9", "r9")) == [Saying(HOUR, "accepted"), Saying(3 * HOUR, "done")]
    assert of(answers, given("d9", "r1")) == [Saying(HOUR, "accepted"), Saying(3 * HOUR, "done")]
    assert of(Answers(record, Guess(unseen="silent")), given("d9", "r9")) == []


def test_a_job_is_not_done_before_it_is_accepted() -> None:
    record, _ = recorded(("accepted", 2))
    answers = Answers(record, Guess(done_after_ms=HOUR))
    assert of(answers, given("d9", "r9")) == [Saying(2 * HOUR, "accepted"), Saying(2 * HOUR, "done")]


@pytest.mark.parametrize(("word", "end"), [("declined", "declined"), ("no_show", "no_show"), ("done", "accepted")])
def test_shares_are_of_how_the_record_ended(word: str, end: str) -> None:
    record, _ = recorded(("accepted", 1), (word, 3))
    assert Answers(record, Guess()).shares == {end: 1}


def test_strangers_in_shares_fall_by_their_names_and_roughly_as_often() -> None:
    record, decided = AnswerRecord(), a_round(pairs=4)
    record.propose(decided)
    for proposal, word in zip(decided.proposals, ("accepted", "accepted", "declined", "no_show"), strict=True):
        said(record, proposal, word, at(1))
    answers = Answers(record, Guess(unseen="shares", done_after_ms=HOUR))
    one, again = given("d9", "r9"), given("d9", "r9")
    assert of(answers, one) == of(answers, again)
    last = [of(answers, given(f"x{number}", f"y{number}"))[-1].word for number in range(60)]
    assert {word: last.count(word) > 5 for word in ("done", "declined", "no_show")} == dict.fromkeys(
        ("done", "declined", "no_show"), True
    )
    assert last.count("done") > last.count("declined")
    assert of(Answers(AnswerRecord(), Guess(unseen="shares")), one) == [Saying(0, "accepted")]
