"""When a resource can be had: windows within validity, joined where they touch, in order."""

from matcher.pairs.rules import board_of
from matcher.state.columns import FOREVER
from matcher.state.fold import to_ms
from matcher.state.pool import freeze
from matcher.state.resources import opening
from schemas.policy import Policy
from tests.builders import at, changed, offered, posted, resource, window
from tests.town import Town


def hours(**changes: object) -> list[tuple[float, float]]:
    """Return the calendar in hours after noon."""
    noon = to_ms(at())
    return [((start - noon) / 3_600_000, (end - noon) / 3_600_000) for start, end in opening(resource(**changes))]


def test_without_windows_it_is_always_there() -> None:
    assert opening(resource()) == ((-FOREVER, FOREVER),)


def test_windows_are_sorted_and_joined() -> None:
    assert hours(windows=(window(5, 6), window(1, 2), window(2, 3), window(1.5, 2.5))) == [(1, 3), (5, 6)]


def test_a_window_inside_another_adds_nothing() -> None:
    assert hours(windows=(window(1, 8), window(2, 3), window(4, 9))) == [(1, 9)]


def test_validity_cuts_windows_and_drops_what_is_left_empty() -> None:
    assert hours(windows=(window(1, 3), window(4, 6), window(7, 9)), valid_from=at(3), valid_to=at(5)) == [(4, 5)]


def test_resources_open_at_the_same_times_share_one_calendar() -> None:
    first = opening(resource(windows=(window(1, 2), window(2, 3))))
    assert first == opening(resource("r2", windows=(window(1, 3),)))


def test_never_open_is_an_empty_calendar() -> None:
    assert hours(windows=(window(1, 3),), valid_from=at(5)) == []


def test_windows_that_come_again_are_spelt_out_and_joined_with_the_others() -> None:
    weekly = {"first": {"start": at(1), "end": at(2)}, "rule": "FREQ=DAILY;COUNT=3"}
    assert hours(windows=(window(2, 3),), recurring=(weekly,)) == [(1, 3), (25, 26), (49, 50)]
    assert hours(recurring=(weekly,), valid_to=at(25.5)) == [(1, 2), (25, 25.5)]


def test_what_comes_again_is_never_had_at_any_time() -> None:
    over = {"first": {"start": at(1), "end": at(2)}, "rule": "FREQ=DAILY;COUNT=1", "except_on": [at(1).date()]}
    assert hours(recurring=(over,)) == []


def test_a_year_of_hours_is_looked_at_where_demands_are() -> None:
    always = {"first": {"start": at(-24 * 200), "end": at(-24 * 200 + 2)}, "rule": "FREQ=DAILY"}
    town = Town(
        offered("r1", recurring=(always,), scope=("31",), capacity=3),
        posted("d1", window=window(1, 30)),
        posted("d2", window=window(24 * 20, 24 * 22)),
    )
    board = board_of(freeze(town.state), policy=Policy(), now_ms=to_ms(at()))
    assert board.open.starts.shape == (1, 53), "yesterday has ended; 20 days and two, a month beyond, and those between"
    assert [(p.demand_id, p.starts_at) for p in town.round().proposals] == [("d1", at(1)), ("d2", at(24 * 20))]


def test_a_revision_that_moves_its_hours_revokes_what_lies_outside() -> None:
    daily = {"first": {"start": at(2), "end": at(4)}, "rule": "FREQ=DAILY"}
    weekly = {"first": {"start": at(3), "end": at(4)}, "rule": "FREQ=WEEKLY"}
    town = Town(offered("r1", recurring=(daily,)), posted("d1", window=window(1, 9)))
    given = town.round().proposals
    assert [proposal.starts_at for proposal in given] == [at(2)]
    town.tell(changed(resource("r1"), recurring=(weekly,)))
    again = town.round(at(0.1))
    assert [(moved.to, moved.reason) for moved in again.transitions] == [("revoked", "no_longer_allowed")]
    assert [proposal.starts_at for proposal in again.proposals] == [at(3)]
