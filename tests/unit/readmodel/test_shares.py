"""Shares of lives in the read model: never more than there is room for, however the log is cut into batches."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from api.readmodel.model import ReadModel
from api.readmodel.tables import life_shares, lives, void_steps
from schemas.base import Window
from schemas.envelope import new_event
from schemas.lifecycle import Step
from schemas.lives.booking import BookingCancelled, BookingConfirmed, BookingMissed, BookingRequested
from schemas.sharing import peak
from schemas.stories.teller import CENTRE, COMMUNITY, MEMBER, day
from schemas.topics import PROJECTS
from tests.unit.readmodel.world import contents, new_model

ROOM = 3


def step(fact: type[Step], number: int, name: str, **said: Any) -> Step:
    return fact.model_validate(
        {"id": name, "step": number, "community": COMMUNITY, "by": CENTRE, "at": day(0) + timedelta(minutes=number)}
        | said
    )


def asked(name: str, start: int, hours: int, seats: int, *, resource: str = "r1") -> Step:
    slot = {"start": day(3, start), "end": day(3, start) + timedelta(hours=hours)}
    what = {"resource_id": resource, "title": "多功能厅", "provider": CENTRE, "room": ROOM, "seats": seats}
    return step(BookingRequested, 1, name, **what | slot | {"by": MEMBER})


def read(steps: list[Step], cuts: list[int]) -> ReadModel:
    """Return a model that read ``steps`` in batches that end at ``cuts``."""
    model = new_model()
    ends = sorted({0, len(steps), *(cut for cut in cuts if cut < len(steps))})
    for start, end in pairwise(ends):
        batch = [
            (
                (PROJECTS.name, 0, place),
                new_event(steps[place], id=f"e{place}", source="tests", key="310105", time=steps[place].at),
            )
            for place in range(start, end)
        ]
        model.apply(batch, {(PROJECTS.name, 0): end})
    return model


def rows(model: ReadModel, table: Any) -> list[Any]:
    with model.read() as connection:
        return list(connection.execute(select(table)))


def test_what_is_over_leaves_its_place_to_others() -> None:
    model = read(
        [
            asked("b1", 9, 2, 3),
            asked("b2", 10, 1, 1),
            step(BookingCancelled, 2, "b1"),
            asked("b3", 10, 1, 2),
            step(BookingConfirmed, 2, "b3"),
            step(BookingMissed, 3, "b3"),
            asked("b4", 10, 1, 3),
        ],
        cuts=[],
    )
    assert [(row.id, row.code) for row in rows(model, void_steps)] == [("b2", "slot_taken")]
    assert {row.id: row.amount for row in rows(model, life_shares)} == {"b1": 0, "b3": 0, "b4": 3}


def test_what_was_refused_once_stays_refused_when_its_record_comes_again() -> None:
    model = read([asked("b1", 9, 2, 3), asked("b2", 9, 2, 3), step(BookingCancelled, 2, "b1")], cuts=[])
    again = new_event(asked("b2", 9, 2, 3), id="e1", source="tests", key="310105", time=day(0))
    model.apply([((PROJECTS.name, 0, 3), again)], {(PROJECTS.name, 0): 4})
    assert [row.id for row in rows(model, lives)] == ["b1"]


def test_what_is_of_another_name_or_another_hour_is_no_matter() -> None:
    model = read([asked("b1", 9, 2, 3), asked("b2", 9, 2, 3, resource="r2"), asked("b3", 11, 2, 3)], cuts=[1])
    assert rows(model, void_steps) == []


numbers = st.integers(0, 9)
wishes = st.lists(st.tuples(numbers, st.integers(9, 14), st.integers(1, 4), st.integers(1, 2)), max_size=12)


@settings(max_examples=12, deadline=None)
@given(wishes, st.lists(st.integers(1, 20), max_size=4), st.sets(numbers))
def test_never_more_than_there_is_room_for(
    wishes: list[tuple[int, int, int, int]], cuts: list[int], cancelled: set[int]
) -> None:
    steps: list[Step] = []
    for name, start, hours, seats in wishes:
        steps.append(asked(f"b{name}", start, hours, seats))
        if name in cancelled:
            steps.append(step(BookingCancelled, 2, f"b{name}"))
    one, other = read(steps, []), read(steps, cuts)
    assert contents(one) == contents(other)
    open_ones = {row.id for row in rows(one, lives) if row.is_open}
    held = [row for row in rows(one, life_shares) if row.amount]
    assert {row.id for row in held} == open_ones
    taken = [(Window(start=row.starts_at, end=row.ends_at), row.amount) for row in held]
    assert peak(taken, within=Window(start=day(3, 0), end=day(4, 0))) <= ROOM
