"""What every table of a life cycle must be, whichever kind it is of; and the rules of taking a step, on a small one."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from schemas.lifecycle import BACK, Lifecycle, Move, State, Step, days_after, take
from schemas.lives import LIFECYCLES
from schemas.lives.task import TASK, Task, TaskChecked, TaskOpened, TaskReported, TaskStarted
from schemas.refusals import REFUSALS, Refused
from schemas.stories import STORIES
from schemas.stories.teller import CENTRE, HALL, STREET, Teller, day
from schemas.topics import PROJECTS, TOPICS

every_table = pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda lifecycle: lifecycle.kind)


@every_table
def test_every_step_occurs_in_its_story_and_the_table_allows_it(lifecycle: Lifecycle[Any]) -> None:
    story = STORIES[lifecycle.kind]
    for _, steps in groupby(sorted(story, key=lambda step: (step.id, step.step)), key=lambda step: step.id):
        life = None
        for step in steps:
            life = take(lifecycle, life, step)
            assert life.state in lifecycle.states
    assert {type(step) for step in story} == {move.fact for move in lifecycle.moves}


@every_table
def test_every_state_can_be_reached_and_left_for_an_end(lifecycle: Lifecycle[Any]) -> None:
    assert any(not state.is_open for state in lifecycle.states.values()), "a life ends some day"
    born = {move.target for move in lifecycle.moves if move.is_birth}
    assert _closure(lifecycle, born) == set(lifecycle.states), "every state can be reached"
    for name, state in lifecycle.states.items():
        if state.is_open:
            ends = {reached for reached in _closure(lifecycle, {name}) if not lifecycle.states[reached].is_open}
            assert ends, f"{name} never ends"


def _closure(lifecycle: Lifecycle[Any], begin: set[str | None]) -> set[str]:
    """Return all states that can be reached; who leads back may lead to any state that leads into its source."""
    reached = {state for state in begin if state is not None}
    while True:
        moves = [move for move in lifecycle.moves if reached.intersection(move.sources)]
        ends = {end for move in moves for end in (move.target, move.last)}
        further = {end for end in ends if end not in (None, BACK)}
        aside = {source for move in moves if move.target == BACK for source in move.sources}
        back = {source for move in lifecycle.moves if move.target in aside for source in move.sources}
        if further | back <= reached:
            return reached
        reached |= {state for state in further | back if state is not None}


@every_table
def test_states_and_steps_have_names_for_people(lifecycle: Lifecycle[Any]) -> None:
    for state in lifecycle.states.values():
        assert state.zh
        assert state.en
    for move in lifecycle.moves:
        assert move.zh
        assert move.fact.__doc__
        camel = "".join(part.capitalize() for part in lifecycle.kind.split("_"))
        assert move.fact.__name__.startswith(camel), "a fact is named after its kind"


def test_every_step_travels_under_a_name_of_its_own() -> None:
    names = [event.name for topic in TOPICS for event in topic.events]
    assert len(names) == len(set(names))
    assert {event.model for event in PROJECTS.events} == {
        move.fact for lifecycle in LIFECYCLES for move in lifecycle.moves
    }


def test_kinds_and_addresses_are_told_apart() -> None:
    assert len({lifecycle.kind for lifecycle in LIFECYCLES}) == len(LIFECYCLES)
    assert len({lifecycle.plural for lifecycle in LIFECYCLES}) == len(LIFECYCLES)


def given(teller: Teller, **said: Any) -> tuple[Teller, Task]:
    return teller, take(TASK, None, teller.tell(TaskOpened, by=STREET, title="清理", assignee=CENTRE, **said))


def code_of(step: Step, life: Task | None) -> str:
    with pytest.raises(Refused) as refused:
        take(TASK, life, step)
    assert refused.value.code in REFUSALS
    return refused.value.code


def test_a_life_is_the_sum_of_its_steps() -> None:
    teller, task = given(Teller("t-1"))
    assert (task.state, task.step, task.opened_by, task.opened_at) == ("open", 1, STREET, day(0))
    task = take(TASK, task, teller.tell(TaskReported, by=CENTRE, outcome="已清理"))
    assert (task.state, task.step, task.outcome, task.since) == ("reported", 2, "已清理", day(1))


def test_what_the_table_does_not_have_is_refused_and_says_what_is_possible() -> None:
    teller, task = given(Teller("t-1"))
    with pytest.raises(Refused, match="start, report, remind") as refused:
        take(TASK, task, teller.tell(TaskChecked, by=STREET))
    assert refused.value.code == "not_possible_now"


def test_of_two_steps_of_one_number_the_second_is_overtaken() -> None:
    teller, task = given(Teller("t-1"))
    first, second = teller.tell(TaskStarted, by=CENTRE), Teller("t-1").tell(TaskReported, by=CENTRE, outcome="x")
    task = take(TASK, task, first)
    assert code_of(second.model_copy(update={"step": 2}), task) == "overtaken"


def test_nothing_follows_a_life_that_never_began_and_none_begins_twice() -> None:
    teller, task = given(Teller("t-1"))
    assert code_of(teller.tell(TaskStarted), None) == "not_found"
    assert code_of(Teller("t-1").tell(TaskOpened, by=STREET, title="再来", assignee=CENTRE), task) == "overtaken"


def test_who_may_take_a_step_is_in_the_table() -> None:
    assert code_of(Teller("t-1").tell(TaskOpened, by=CENTRE, title="清理", assignee=CENTRE), None) == "not_yours"


def test_a_life_stays_where_it_is_at_home() -> None:
    _, task = given(Teller("t-1"))
    elsewhere = Teller("t-1", community="310101002001").tell(TaskStarted, by=CENTRE)
    assert code_of(elsewhere.model_copy(update={"step": 2}), task) == "shard_is_fixed"


def test_it_is_overdue_by_its_own_date_or_by_the_time_of_its_state_whichever_comes_first() -> None:
    _, soon = given(Teller("t-1"), due=day(3))
    _, late = given(Teller("t-2"), due=day(30))
    assert TASK.due_at(soon) == day(3)
    assert TASK.due_at(late) == day(0) + timedelta(days=7)
    teller, task = given(Teller("t-3"))
    done = take(TASK, take(TASK, task, teller.tell(TaskReported, outcome="好")), teller.tell(TaskChecked, by=STREET))
    assert TASK.due_at(done) is None


class NapBegun(Step):
    """A nap began."""


class NapBroken(Step):
    """Something woke whoever slept."""


class NapResumed(Step):
    """All is quiet again."""


class NapEnded(Step):
    """It was enough."""


STATES = {
    "light": State("浅", "light"),
    "deep": State("深", "deep"),
    "awake": State("醒", "awake"),
    "over": State("完", "over", is_open=False),
}
MOVES = (
    Move("begin", NapBegun, "开始", (), "light"),
    Move("break", NapBroken, "打断", ("light", "deep"), "awake"),
    Move("resume", NapResumed, "再睡", ("awake",), BACK),
    Move("end", NapEnded, "醒来", ("light", "deep", "awake"), "over"),
)


def nap(states: dict[str, State] = STATES, moves: tuple[Move, ...] = MOVES) -> Lifecycle[Task]:
    return Lifecycle(kind="nap", plural="naps", zh="午睡", en="nap", record=Task, states=states, moves=moves)


def test_who_resumes_is_where_it_was() -> None:
    teller = Teller("n-1")
    begun = teller.tell(NapBegun)
    asleep = Task(
        id="n-1", step=1, state="deep", community=begun.community, title="午睡", opened_by=HALL,
        opened_at=day(0), since=day(0), assignee=HALL,
    )  # fmt: skip
    broken = take(nap(), asleep, teller.tell(NapBroken))
    assert (broken.state, broken.resumes) == ("awake", "deep")
    again = take(nap(), broken, teller.tell(NapResumed))
    assert (again.state, again.resumes, again.since) == ("deep", None, day(2))


class Asleep(Task):
    """Woken by the third who comes."""

    def is_complete(self, fact: Step) -> bool:
        return self.step >= 3


def test_a_step_that_waits_for_several_leads_on_with_the_last() -> None:
    moves = (
        Move("begin", NapBegun, "开始", (), "light"),
        Move("break", NapBroken, "打断", ("light",), None, last="over"),
    )
    table = Lifecycle(
        kind="nap", plural="naps", zh="午睡", en="nap", record=Asleep, moves=moves,
        states={name: STATES[name] for name in ("light", "over")},
    )  # fmt: skip
    teller = Teller("n-1")
    asleep = Asleep(
        id="n-1", step=1, state="light", community=teller.tell(NapBegun).community, title="午睡", opened_by=HALL,
        opened_at=day(0), since=day(0), assignee=HALL,
    )  # fmt: skip
    states = []
    for _ in range(3):
        asleep = take(table, asleep, teller.tell(NapBroken))
        states.append(asleep.state)
        if asleep.state == "over":
            break
    assert states == ["light", "light", "over"]


def test_a_day_after_the_last_of_the_calendar_is_the_last() -> None:
    end, begin = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    assert days_after(end - timedelta(hours=1), 5) == end
    assert days_after(begin + timedelta(hours=1), -5) == begin
    assert days_after(day(0), 2) == day(2)
    _, late = given(Teller("t-9"))
    assert TASK.due_at(late.model_copy(update={"since": end})) == end, "a date beyond the calendar stops no reader"


def test_a_table_with_a_state_that_is_none_is_none() -> None:
    with pytest.raises(ValueError, match="deep"):
        nap(states={name: state for name, state in STATES.items() if name != "deep"})


@pytest.mark.parametrize("twice", ["action", "fact"])
def test_a_table_with_two_rows_for_one_step_is_none(twice: str) -> None:
    again = (
        Move("end", NapResumed, "再", ("light",), "over")
        if twice == "action"
        else Move("stop", NapEnded, "停", ("light",), "over")
    )
    with pytest.raises(ValueError, match=twice):
        nap(moves=(*MOVES, again))
