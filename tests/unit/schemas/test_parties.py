"""Who may speak for whom; and that no step of any story could have been taken by somebody whose matter it is not."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from schemas.lifecycle import Life, Lifecycle, Move, Step, take
from schemas.lives import LIFECYCLES
from schemas.lives.grid import GRID
from schemas.lives.task import TASK, TaskOpened, TaskStarted
from schemas.lives.whistle import WHISTLE
from schemas.parties import must_be_theirs, speaks_for, told
from schemas.refusals import Refused
from schemas.stories import STORIES
from schemas.stories.teller import CENTRE, HALL, STREET, Teller

STRANGERS = {
    "community": "community:330106001001",
    "office": "office:330106002000",
    "unit": "unit:913101050000000000",
    "member": "member:m-stranger",
    "team": "team:strangers",
    "system": "system:strange",
}
every_table = pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda lifecycle: lifecycle.kind)


@pytest.mark.parametrize(
    ("by", "party"),
    [
        ("member:m-1", "member:m-1"),
        ("office:310105001000", "community:310105001001"),
        ("office:310105000000", "office:310105001000"),
        ("office:310000000000", "community:310105001001"),
        ("office:310105001001", "community:310105001001"),
        ("unit:52310105MJ47000120", "unit:52310105MJ47000120/2"),
    ],
)
def test_everybody_speaks_for_himself_and_offices_for_what_lies_under_them(by: str, party: str) -> None:
    assert speaks_for(by, party)
    assert by == party or not speaks_for(party, by) or by.endswith("001001"), "nobody speaks for who stands above"


@pytest.mark.parametrize(
    ("by", "party"),
    [
        ("member:m-1", "member:m-2"),
        ("member:310105001001", "community:310105001001"),
        ("community:310105001001", "community:310105001002"),
        ("community:310105001000", "community:310105001001"),
        ("office:310105002000", "community:310105001001"),
        ("office:310104000000", "office:310105001000"),
        ("office:310105001000", "unit:52310105MJ47000120"),
        ("unit:52310105MJ47000120/2", "unit:52310105MJ47000120"),
        ("unit:52310105MJ47000120", "unit:91310105MA1FW0008T/1"),
    ],
)
def test_nobody_speaks_for_others(by: str, party: str) -> None:
    assert not speaks_for(by, party)


def told_story(lifecycle: Lifecycle[Any]) -> Iterator[tuple[Life | None, Step]]:
    """Yield each step of a kind's story with the life as it was before."""
    ordered = sorted(STORIES[lifecycle.kind], key=lambda step: (step.id, step.step))
    for _, steps in groupby(ordered, key=lambda step: step.id):
        life = None
        for step in steps:
            yield life, step
            life = take(lifecycle, life, step)


def refusal(lifecycle: Lifecycle[Any], life: Life | None, step: Step) -> str | None:
    try:
        after = take(lifecycle, life, step)
        must_be_theirs(lifecycle, life, after, step)
    except Refused as refused:
        return refused.code
    return None


@every_table
def test_stories_are_told_by_those_whose_matter_they_are(lifecycle: Lifecycle[Any]) -> None:
    assert [refusal(lifecycle, *told) for told in told_story(lifecycle)] == [None] * len(STORIES[lifecycle.kind])


@every_table
def test_of_no_step_it_is_enough_to_be_of_a_kind_unless_it_is_anybodys(lifecycle: Lifecycle[Any]) -> None:
    for life, step in told_story(lifecycle):
        move = lifecycle.by_fact[type(step)]
        whose = lifecycle.whose_is(move)
        if not whose or not move.by_hand:
            continue
        for kind, stranger in STRANGERS.items():
            if kind not in whose:  # the house's, by the clock
                code = refusal(lifecycle, life, step.model_copy(update={"by": stranger}))
                assert code in ("not_yours", "not_a_party"), f"{stranger} took {lifecycle.kind}:{move.action}"


@every_table
def test_nobody_may_begin_something_for_the_reason_that_he_begins_it(lifecycle: Lifecycle[Any]) -> None:
    births = [move for move in lifecycle.moves if move.is_birth and move.by_hand]
    assert not any({"opened_by", "parties"} & set(lifecycle.whose_is(move)) for move in births)


def test_the_level_above_acts_for_a_place_and_the_one_beside_it_does_not() -> None:
    task = take(TASK, None, Teller("t-1").tell(TaskOpened, by=STREET, title="清理", assignee=CENTRE))
    step = Teller("t-1").tell(TaskStarted, by=CENTRE).model_copy(update={"step": 2})
    for by in (CENTRE, HALL, STREET, "office:310105000000", "office:310100000000", "office:310000000000"):
        assert refusal(TASK, task, step.model_copy(update={"by": by})) is None
    for by in ("community:310105001002", "office:310105002000", "office:310104000000", "office:320000000000"):
        assert refusal(TASK, task, step.model_copy(update={"by": by})) == "not_yours"


def test_a_refusal_tells_a_wrong_kind_from_a_wrong_party() -> None:
    opened = Teller("t-1").tell(TaskOpened, by=STREET, title="清理", assignee=CENTRE)
    with pytest.raises(Refused, match="no unit is one of them"):
        take(TASK, None, opened.model_copy(update={"by": CENTRE}))
    elsewhere = opened.model_copy(update={"by": "office:310104000000"})
    with pytest.raises(Refused, match="open is for its community and the offices above, not for office:310104000000"):
        must_be_theirs(TASK, None, take(TASK, None, elsewhere), elsewhere)


def test_people_are_told_whose_matter_a_step_is() -> None:
    assert told(WHISTLE, WHISTLE.move("score")) == "whoever began it"
    assert told(GRID, GRID.move("join")) == "party, lead, its community and the offices above"
    assert told(TASK, TASK.move("start")) == "assignee, its community and the offices above"


def test_a_table_cannot_name_a_field_that_nothing_has() -> None:
    wrong = Move("start", TaskStarted, "着手", ("open",), "under_way", whose=("asignee",))
    moves = tuple(wrong if move.action == "start" else move for move in TASK.moves)
    with pytest.raises(ValueError, match="start is for asignee"):
        Lifecycle(
            kind="task", plural="tasks", zh="任务", en="task", record=TASK.record, states=TASK.states, moves=moves
        )
