"""When a delivery is tried again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ports import Answered
from api.webhooks.schedule import LONGEST, MOST_TRIES, WAITS, next_try, rest, verdict
from tests.apiworld import NOW

FAILED = Answered(500)


def test_ten_attempts_within_four_days_then_none() -> None:
    at, waits = NOW, []
    for tries in range(1, MOST_TRIES):
        again = next_try(tries=tries, now=at, answered=FAILED, chance=0.0)
        assert again is not None
        waits.append(again - at)
        at = again
    assert tuple(waits) == WAITS
    assert timedelta(days=3) < at - NOW < timedelta(days=4)
    assert next_try(tries=MOST_TRIES, now=at, answered=FAILED, chance=0.0) is None


@given(tries=st.integers(1, MOST_TRIES - 1), chance=st.floats(0, 1), asked=st.text(max_size=40))
def test_chance_and_the_receiver_only_put_a_try_off_and_by_a_day_at_most(tries: int, chance: float, asked: str) -> None:
    again = next_try(tries=tries, now=NOW, answered=Answered(503, None, asked), chance=chance)
    assert again is not None
    assert WAITS[tries - 1] <= again - NOW <= max(WAITS[tries - 1] * 1.2, LONGEST)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("60", timedelta(seconds=60)),
        ("1", WAITS[0]),
        ("Sat, 21 Nov 2026 07:00:00 GMT", timedelta(hours=1)),
        ("Sat, 21 Nov 2026 05:00:00 GMT", WAITS[0]),
        ("99999999999", LONGEST),
        ("soon", WAITS[0]),
        ("-5", WAITS[0]),
        ("", WAITS[0]),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(asked: str, wait: timedelta) -> None:
    assert next_try(tries=1, now=NOW, answered=Answered(429, None, asked), chance=0.0) == NOW + wait


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "delivered"), (204, "delivered"), (301, "failed"), (400, "failed"), (410, "gone"), (None, "failed")],
)
def test_what_an_answer_means(status: int | None, said: str) -> None:
    assert verdict(Answered(status)) == said


def test_rests_double_up_to_five_minutes() -> None:
    assert [rest(failures).total_seconds() for failures in (1, 2, 3, 8, 9, 10, 1000)] == [1, 2, 4, 128, 256, 300, 300]
