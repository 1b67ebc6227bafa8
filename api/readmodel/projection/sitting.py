"""Where a seat sits after its transfers, and what that means for what was escalated. Pure rules.

1. A seat sits where it came once more often than it left; it began at home. In which order that is read does not count.
2. A seat that was asked for by a level is still that level's to serve: it goes back there, unless it is given.
3. A seat is served while an assignment holds it or when the job was done; it is gone when its demand is over, or asks
   for fewer.
4. What was escalated is as far as its seat that needs most: it waits, is held, passed on, served, gone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from api.readmodel.views import EscalationState, SeatState, TransferKind

OPEN: Final = frozenset({"waiting", "held"})
_NEEDS: Final[tuple[EscalationState, ...]] = ("waiting", "held", "passed_on", "served", "gone")
_OVER: Final = frozenset({"withdrawn", "lapsed"})


class Move(NamedTuple):
    """One transfer of a seat, in an order in which the moves of one shard sort as they were made."""

    at: datetime
    shard: str
    round_no: int
    number: int
    to: str
    kind: TransferKind


class Sits(NamedTuple):
    """Where a seat is: its shard, the level that looks for help, and when it came to that level first."""

    shard: str
    level: str
    since: datetime


def home_of(community: str, shards: Iterable[str]) -> str:
    """Return the home of a demand among shards that let seats go: of those that hold its place the smallest."""
    return max((shard for shard in shards if shard.isdigit() and community.startswith(shard)), key=len, default="")


def sits(moves: Sequence[Move], *, home: str) -> Sits:
    """Return where a seat is after its moves: at least one, in any order."""
    net = Counter({home: 1})
    for move in moves:
        net[move.to] += 1
        net[move.shard] -= 1
    arrivals = [move for move in moves if net[move.to] > 0] or moves
    last = max(arrivals)
    level = last.shard if last.kind == "asked" else last.to
    return Sits(last.to, level, min(move.at for move in moves if move.to == level or move is last))


def seat_state(sits: Sits, *, demand: str | None, taken: bool, asked: bool) -> SeatState:
    """Return the state of a seat; ``demand`` is its demand's, None where that is not on the list yet."""
    if taken:
        return "served"
    if demand in _OVER or not asked:
        return "gone"
    return "waiting" if sits.shard == sits.level else "held"


def escalation_state(to: str, seats: Iterable[tuple[Sits, SeatState]]) -> EscalationState:
    """Return what became of seats that were escalated to a shard."""
    found = {"passed_on" if state in OPEN and sits.level != to else state for sits, state in seats}
    return next(state for state in _NEEDS if state in found)
