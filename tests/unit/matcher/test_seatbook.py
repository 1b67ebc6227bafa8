"""Which seats sit here: our own unless they left, a guest's once they came."""

from matcher.round.carrying import carried_demand
from matcher.state.demands import DemandFold
from matcher.state.pool import freeze
from matcher.state.seatbook import SeatBook
from matcher.state.shard import ShardState
from tests.builders import SMALL_CATALOGUE, line, posted
from tests.town import Town


def own() -> tuple[SeatBook, DemandFold]:
    state = Town(posted("d1", line(quantity=3), line(quantity=1))).state
    return state.seats, state.demands


def guest() -> tuple[SeatBook, DemandFold]:
    state = ShardState("3101", SMALL_CATALOGUE)
    state.demands.put_guest(carried_demand(freeze(Town(posted("d1", line(quantity=3), line(quantity=1))).state), 0))
    return state.seats, state.demands


def here(book: SeatBook) -> list[tuple[int, int]]:
    return [(row, seat) for row, seats in enumerate((3, 1)) for seat in range(seats) if book.is_here(0, (row, seat))]


def test_our_own_seats_are_here_until_they_leave_and_again_when_they_are_back() -> None:
    book, demands = own()
    assert here(book) == [(0, 0), (0, 1), (0, 2), (1, 0)]
    book.move(0, (0, 1), -1)
    book.move(0, (1, 0), -1)
    assert here(book) == [(0, 0), (0, 2)]
    assert [book.elsewhere(0, number, seats=seats) for number, seats in enumerate((3, 1))] == [0b010, 0b1]
    assert demands.table.rows["net"].tolist() == [-2]
    book.move(0, (0, 1), 1)
    assert here(book) == [(0, 0), (0, 1), (0, 2)]
    book.move(0, (1, 0), 1)
    assert (list(book), demands.table.rows["net"].tolist()) == ([], [0])


def test_a_guests_seats_are_here_once_they_came() -> None:
    book, demands = guest()
    assert here(book) == []
    assert [book.elsewhere(0, number, seats=seats) for number, seats in enumerate((3, 1))] == [0b111, 0b1]
    book.move(0, (0, 2), 1)
    assert here(book) == [(0, 2)]
    assert book.elsewhere(0, 0, seats=3) == 0b011
    assert book.elsewhere(0, 0, seats=2) == 0b11, "a seat beyond those asked for now fills none of them"
    assert demands.table.rows["net"].tolist() == [1]


def test_in_which_turn_coming_and_leaving_are_told_does_not_matter() -> None:
    """The rounds of a shard and what it hears are two topics: either may be read first."""
    (one, _), (other, _) = guest(), guest()
    for book, moves in ((one, (1, -1, 1)), (other, (-1, 1, 1))):
        for by in moves:
            book.move(0, (0, 0), by)
    assert list(one) == list(other) == [(0, 0, 0, 1)]


def test_what_was_written_down_is_taken_over() -> None:
    book, demands = own()
    book.move(0, (0, 1), -1)
    anew = SeatBook(demands)
    anew.restore(list(book))
    assert here(anew) == here(book)
    assert list(anew) == list(book)
