"""When a resource can be had: windows within validity, joined where they touch, in order."""

from matcher.columns import FOREVER
from matcher.fold import to_ms
from matcher.resources import calendar_of
from tests.builders import at, resource, window


def hours(**changes: object) -> list[tuple[float, float]]:
    """Return the calendar in hours after noon."""
    noon = to_ms(at())
    return [((start - noon) / 3_600_000, (end - noon) / 3_600_000) for start, end in calendar_of(resource(**changes))]


def test_without_windows_it_is_always_there() -> None:
    assert calendar_of(resource()) == ((-FOREVER, FOREVER),)


def test_windows_are_sorted_and_joined() -> None:
    assert hours(windows=(window(5, 6), window(1, 2), window(2, 3), window(1.5, 2.5))) == [(1, 3), (5, 6)]


def test_a_window_inside_another_adds_nothing() -> None:
    assert hours(windows=(window(1, 8), window(2, 3), window(4, 9))) == [(1, 9)]


def test_validity_cuts_windows_and_drops_what_is_left_empty() -> None:
    assert hours(windows=(window(1, 3), window(4, 6), window(7, 9)), valid_from=at(3), valid_to=at(5)) == [(4, 5)]


def test_resources_open_at_the_same_times_share_one_calendar() -> None:
    first = calendar_of(resource(windows=(window(1, 2), window(2, 3))))
    assert first == calendar_of(resource("r2", windows=(window(1, 3),)))


def test_never_open_is_an_empty_calendar() -> None:
    assert hours(windows=(window(1, 3),), valid_from=at(5)) == []
