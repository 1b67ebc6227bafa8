"""What shares of one thing take of it together, at the moment at which they take most."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Window
from schemas.sharing import EVER, overlap, peak

_NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)


def hours(start: int, end: int) -> Window:
    return Window(start=_NOON + timedelta(hours=start), end=_NOON + timedelta(hours=end))


def test_what_ends_as_another_begins_does_not_meet_it() -> None:
    assert not overlap(hours(0, 2), hours(2, 4))
    assert peak([(hours(0, 2), 1), (hours(2, 4), 1)], within=hours(0, 4)) == 1


def test_what_lasts_for_ever_is_taken_at_any_time() -> None:
    assert peak([(EVER, 2), (hours(1, 2), 1)], within=hours(3, 4)) == 2


def test_nothing_is_taken_where_nobody_takes_anything() -> None:
    assert peak([], within=hours(0, 1)) == 0


spans = st.tuples(st.integers(0, 11), st.integers(1, 6)).map(lambda pair: hours(pair[0], pair[0] + pair[1]))


@given(st.lists(st.tuples(spans, st.integers(1, 5)), max_size=8), spans)
def test_the_most_is_what_counting_hour_by_hour_finds(taken: list[tuple[Window, int]], within: Window) -> None:
    moments = [_NOON + timedelta(hours=hour) for hour in range(24)]
    counted = [
        sum(amount for span, amount in taken if span.start <= moment < span.end)
        for moment in moments
        if within.start <= moment < within.end
    ]
    assert peak(taken, within=within) == max(counted)
