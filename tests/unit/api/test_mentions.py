"""Which entries and parties the words of a request can mean."""

from datetime import UTC, datetime

import pytest

from api.mentions import entities_in
from schemas.lives.enrolment import EnrolmentTransferred
from schemas.lives.grid import GridJoined


@pytest.mark.parametrize(
    ("word", "entity"),
    [
        ("r-1", "resource:r-1"),
        ("d-1", "demand:d-1"),
        ("n-1", "life:demand:n-1"),
        ("unit:12310105MJ47000137", "unit:12310105MJ47000137"),
        ("member:m-1", "member:m-1:residence"),
        ("r1.m-1", "member:m-1:residence"),
        ("u2.m-1", "member:m-1:unit_link"),
        ("n1.12310105MJ47000137.2", "unit:12310105MJ47000137/2"),
    ],
)
def test_a_word_is_known_by_the_name_that_writers_use(word: str, entity: str) -> None:
    assert entity in set(entities_in(word))
    assert entity in set(entities_in({"lines": [{"deep": (word,)}]})), "however deep it lies"


def test_a_step_mentions_its_life_and_whoever_it_names() -> None:
    said = {
        "id": "x-1",
        "step": 2,
        "community": "310105001001",
        "by": "member:m-1",
        "at": datetime(2026, 11, 1, tzinfo=UTC),
    }
    assert {"life:enrolment:x-1", "member:m-1:unit_link"} <= set(
        entities_in(EnrolmentTransferred(to="310104003001", **said))
    )
    assert "life:grid:x-1" in set(entities_in(GridJoined(party="unit:12310105MJ47000137", **said)))


@pytest.mark.parametrize("said", [None, 3, 2.5, datetime(2026, 11, 1, tzinfo=UTC), {}, [], {"a": None}])
def test_what_has_no_words_mentions_nothing(said: object) -> None:
    assert list(entities_in(said)) == []
