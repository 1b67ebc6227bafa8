"""The fold of what other shards let go: seats that come, guests that change, offers that are shown.

1. Each shard's transfers come in the order of its rounds; one at or before the last that was heard was heard before.
2. A seat that visits belongs to the shard that let it go: what nobody here can serve goes back there.
3. A seat that a hold is asked for belongs to the shard that asked, whatever list it is from; no round passes it on, but
   returns it.
4. What an asking shard was refused for a time it leaves alone for that time: the pair, or the resource.
"""

from typing import NamedTuple

from matcher.state.columns import FOREVER
from matcher.state.demands import DemandFold
from matcher.state.fold import Fold, to_ms
from matcher.state.resources import ResourceFold
from matcher.state.seatbook import SeatBook
from schemas.base import Fact
from schemas.envelope import Event
from schemas.transfers import (
    Asked,
    DemandCarried,
    DemandEscalated,
    HoldAsked,
    ResourceShown,
    Returned,
    SeatRef,
    SeatReturned,
    Transfer,
)


class Hold(NamedTuple):
    """Who asked for a hold, and on which resource (row)."""

    giver: str
    resource: int


class TransferFold:
    """What other shards let go.

    ``heard`` maps a shard to its last transfer that was heard: round and place. ``holds`` maps (demand, line, seat) to
    the last hold that was asked for the seat, ``visits`` to the shard that it was escalated from. ``apart`` maps
    (demand, resource) and ``taken`` a resource to the moment (ms) up to which it is not asked for again.
    """

    def __init__(self, shard: str, *, demands: DemandFold, resources: ResourceFold, seats: SeatBook) -> None:
        self._shard = shard
        self._demands = demands
        self._resources = resources
        self._seats = seats
        self.heard: dict[str, tuple[int, int]] = {}
        self.holds: dict[tuple[int, int, int], Hold] = {}
        self.visits: dict[tuple[int, int, int], str] = {}
        self.apart: dict[tuple[int, int], int] = {}
        self.taken: dict[int, int] = {}

    def fold(self, event: Event[Fact]) -> Fold:
        """Apply one event of the transfers topic; raise Refused where it cannot be."""
        data = event.data
        if not isinstance(data, Transfer):
            return Fold.ASIDE
        place = data.round_no, data.number
        if place <= self.heard.get(data.shard, (0, 0)):
            return Fold.SEEN
        match data:
            case ResourceShown(passed=shown):
                self._resources.put_shown(shown.resource, lender=data.shard)
            case DemandCarried(passed=carried):
                if self._demands.is_guest(carried.demand.demand_id):
                    self._demands.put_guest(carried.demand)
            case DemandEscalated(passed=escalated):
                row = self._demands.put_guest(escalated.demand)
                self._demands.table.rows[row]["since"] = to_ms(data.at)
                for seat in escalated.seats:
                    self.visits[row, *_place(seat)] = data.shard
                    self._take_in(row, seat)
            case HoldAsked(passed=asked):
                self._hold(asked, giver=data.shard)
            case SeatReturned(passed=returned):
                self._take_back(returned)
        self.heard[data.shard] = place
        return Fold.APPLIED

    def _hold(self, asked: Asked, *, giver: str) -> None:
        if asked.demand.community.startswith(self._shard):  # on our own list: what that says counts
            row = self._demands.number(asked.demand.demand_id)
        else:
            row = self._demands.put_guest(asked.demand)
        resource = self._resources.number(asked.resource_id)
        self.holds[row, *_place(asked.seat)] = Hold(giver, resource)
        self._take_in(row, asked.seat)

    def _take_back(self, returned: Returned) -> None:
        row = self._demands.number(returned.demand_id)
        if returned.resource_id is not None:
            resource = self._resources.number(returned.resource_id)
            until = FOREVER if returned.until is None else to_ms(returned.until)
            if returned.taken:
                self.taken[resource] = max(until, self.taken.get(resource, 0))
            else:
                self.apart[row, resource] = max(until, self.apart.get((row, resource), 0))
        # It came for no hold; else it would go back to who once asked for one.
        self.holds.pop((row, *_place(returned.seat)), None)
        self._take_in(row, returned.seat)

    def _take_in(self, row: int, seat: SeatRef) -> None:
        """Count a seat that came. A guest may be known in a newer version, which does not ask for it any more."""
        self._seats.move(row, _place(seat), 1)
        guest = self._demands.table.rows[row]
        if guest["guest"] and seat.seat >= self._demands.seats(row, seat.line):
            guest["shrunk"] = True


def _place(seat: SeatRef) -> tuple[int, int]:
    return seat.line, seat.seat
