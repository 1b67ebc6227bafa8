"""Where a seat sits after its transfers, and what became of each time it went up. Pure rules.

1. A seat begins at home. Where it sits, that shard's next round to let it go says where it sits then: so its way is
   found whatever order it is read in, and whatever the clocks of the shards say.
2. A seat that was asked for by a level is still that level's to serve: it goes back there, unless it is given.
3. A seat is served while an assignment holds it or when the job was done; it is gone when its demand is over, or asks
   for fewer.
4. What was escalated is as far as its seat that needs most: it waits, is held, passed on, returned, served, gone.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from api.readmodel.views import EscalationState, SeatState, TransferKind

OPEN: Final = frozenset({"waiting", "held"})
_NEEDS: Final[tuple[EscalationState, ...]] = ("waiting", "held", "passed_on", "returned", "served", "gone")
_OVER: Final = frozenset({"withdrawn", "lapsed"})


class Move(NamedTuple):
    """One transfer of a seat."""

    shard: str
    round_no: int
    number: int
    to: str
    at: datetime
    kind: TransferKind


class Sits(NamedTuple):
    """Where a seat is: its shard, the level that looks for help, and since when."""

    shard: str
    level: str
    since: datetime


def home_of(community: str, shards: Iterable[str]) -> str:
    """Return the home of a demand among shards that escalated it: of those that hold its place the smallest."""
    return max((shard for shard in shards if shard.isdigit() and community.startswith(shard)), key=len, default="")


def way_of(moves: Iterable[Move], *, home: str) -> list[Move]:
    """Return a seat's moves in the order in which it made them: those that are known to follow one another."""
    leaving: dict[str, deque[Move]] = defaultdict(deque)
    for move in sorted(moves):
        leaving[move.shard].append(move)
    way: list[Move] = []
    shard = home
    while leaving[shard]:
        way.append(leaving[shard].popleft())
        shard = way[-1].to
    return way


def sits(way: Sequence[Move]) -> Sits:
    """Return where a seat is after its way, of at least one move."""
    last = way[-1]
    came = next((move for move in reversed(way) if move.kind in ("escalated", "sent_home")), last)
    return Sits(last.to, last.shard if last.kind == "asked" else last.to, came.at)


def seat_state(sits: Sits, *, demand: str | None, taken: bool, asked: bool) -> SeatState:
    """Return the state of a seat; ``demand`` is its demand's, None where that is not on the list yet."""
    if taken:
        return "served"
    if demand in _OVER or not asked:
        return "gone"
    return "waiting" if sits.shard == sits.level else "held"


def became(way: Sequence[Move], place: int, *, state: SeatState) -> EscalationState:
    """Return what became of the escalation at ``place`` of a seat's way; ``state`` is the seat's own."""
    level, found = way[place].to, "waiting"
    for move in way[place + 1 :]:
        if move.shard == level and move.kind == "sent_home":
            return "returned"
        if move.shard == level:
            found = "held" if move.kind == "asked" else "passed_on"
        elif move.to == level:
            found = "waiting"
    if state not in OPEN:
        return "served" if state == "served" else "gone"
    return "passed_on" if found == "passed_on" else state


def escalation_state(seats: Iterable[EscalationState]) -> EscalationState:
    """Return what became of seats that were escalated together."""
    found = set(seats)
    return next(state for state in _NEEDS if state in found)
