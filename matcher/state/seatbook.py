"""Which seats of demands sit here, and which are with another shard.

A seat that came counts one more, one that was let go one less; how the two are told in turns does not matter. A seat of
the shard's own list sits here unless it was let go once more often than it came back; a guest's, once it came.
"""

from collections.abc import Iterable, Iterator

from matcher.state.demands import DemandFold

Seat = tuple[int, int]
"""Line and seat, within a demand."""


class SeatBook:
    """Seats that ever moved, by demand row; the sum of each row stands in the column ``net`` of the demands."""

    def __init__(self, demands: DemandFold) -> None:
        self._demands = demands
        self._net: dict[int, dict[Seat, int]] = {}

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield demand row, line, seat and how much more often it came than it left, where that is not 0."""
        for row, seats in self._net.items():
            for (line, seat), net in seats.items():
                yield row, line, seat, net

    def restore(self, moved: Iterable[tuple[int, int, int, int]]) -> None:
        """Take over what was yielded; the demands have their sums already."""
        for row, line, seat, net in moved:
            self._net.setdefault(row, {})[line, seat] = net

    def move(self, row: int, seat: Seat, by: int) -> None:
        """Count a seat that came (1) or was let go (-1)."""
        seats = self._net.setdefault(row, {})
        seats[seat] = seats.get(seat, 0) + by
        self._demands.table.rows[row]["net"] += by
        if not seats[seat]:
            del seats[seat]
            if not seats:
                del self._net[row]

    def is_here(self, row: int, seat: Seat) -> bool:
        """Return whether the seat sits in this shard."""
        guest = bool(self._demands.table.rows["guest"][row])
        return self._net.get(row, {}).get(seat, 0) + (not guest) > 0

    def elsewhere(self, row: int, line: int, *, seats: int) -> int:
        """Return the bits of those of the first ``seats`` of a line that do not sit here."""
        guest = bool(self._demands.table.rows["guest"][row])
        moved = sum(1 << seat for (of, seat) in self._net.get(row, {}) if of == line)
        every = (1 << seats) - 1
        return every & ~moved if guest else every & moved
