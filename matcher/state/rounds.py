"""The fold of the decision log: which assignments live, which seats are spent, which pairs rest.

1. Round numbers of a shard grow by one. The first record with a number counts; a later one is void.
2. A record that skips a number cannot be: the state is broken.
3. Only rounds change assignments. An assignment lives from its proposal until a round ends it.
4. A fulfilled seat stays filled; the resource's seat comes back if it is renewable.
5. A declined or missed pair rests for ever, an unanswered one until the round's word.
6. A line's clock of regret starts with the round that says it was outbid, and ends when a seat of it is confirmed
   or fulfilled, or when its demand lapses.
7. Seats that a round lets go sit elsewhere from then on; whom a demand was sent to hears of its changes.
8. What a provider did is counted by day (UTC, of the round that says so) for as long as a policy may look back.
"""

from typing import Final

import numpy as np

from matcher.state.columns import FOREVER, Ints, Table
from matcher.state.demands import DemandFold
from matcher.state.fold import Fold, StateBrokenError, to_ms
from matcher.state.resources import ResourceFold
from matcher.state.seatbook import SeatBook
from schemas.demands import MOST_LINES
from schemas.rounds import Lapse, Proposal, RoundDecided, Transition
from schemas.transfers import Asked, Carried, Escalated, Transfers

PROPOSED, CONFIRMED = 1, 2

LIVE = [
    ("state", "u1"),
    ("demand", "i4"),
    ("line", "i4"),
    ("seat", "i4"),
    ("resource", "i4"),
    ("resource_seat", "i4"),
    ("starts", "i8"),
    ("ends", "i8"),
    ("answer_by", "i8"),
    ("demand_version", "i4"),
    ("resource_version", "i4"),
    ("provider", "i4"),
]
DAY_MS: Final = 24 * 3_600_000
_LOOK_BACK_DAYS: Final = 90
"""The longest span of a policy's ``load``."""
_REST_FOR_EVER: Final = frozenset({"declined", "no_show"})


class RoundFold:
    """Live assignments as rows beside their ids; ``row_of`` finds them."""

    def __init__(self, *, demands: DemandFold, resources: ResourceFold, seats: SeatBook) -> None:
        self._demands = demands
        self._resources = resources
        self._seats = seats
        self.round_no = 0
        self.round_at_ms = 0
        self.left_out = 0
        """What the last round had no room for."""
        self.live = Table(LIVE)
        self.ids: list[str] = []
        self.row_of: dict[str, int] = {}
        self.filled: dict[tuple[int, int], int] = {}
        """(demand, line) -> bit set of its fulfilled seats."""
        self.spent: dict[int, int] = {}
        """resource -> bit set of its used-up seats."""
        self.rests: dict[tuple[int, int], int] = {}
        """(demand, resource) -> until when the pair is not proposed (ms)."""
        self._rest_rows: Ints | None = None
        self.outbid: dict[tuple[int, int], int] = {}
        """(demand, line) -> since when it has been outbid (ms)."""
        self.served: dict[tuple[int, int], int] = {}
        """(provider, day since 1970) -> assignments fulfilled; providers are numbered by the fold of resources."""
        self._served_rows: Ints | None = None
        self.sent: dict[tuple[int, str], int] = {}
        """(demand, shard) -> the version that the shard knows."""
        self.went_up: dict[int, int] = {}
        """demand -> when (ms) seats of it left for the shard above last."""

    def fold(self, decided: RoundDecided) -> Fold:
        """Apply one round; raise StateBrokenError where the record cannot follow the state."""
        if decided.round_no <= self.round_no:
            return Fold.VOID
        if decided.round_no != self.round_no + 1:
            raise StateBrokenError(f"round {decided.round_no} of {decided.shard} came after round {self.round_no}")
        self._forget_days_before(to_ms(decided.decided_at) // DAY_MS)
        self.round_at_ms = to_ms(decided.decided_at)
        for transition in decided.transitions:
            self._move(transition)
        for lapse in decided.lapsed:
            self._lapse(lapse)
        for proposal in decided.proposals:
            self.propose(proposal)
        for line in decided.outbid:
            self.outbid.setdefault((self._demands.number(line.demand_id), line.line), self.round_at_ms)
        if decided.transfers is not None:
            self._let_go(decided.transfers)
        self.round_no = decided.round_no
        self.left_out = decided.size.left_out
        return Fold.APPLIED

    def rest_rows(self) -> Ints:
        """Return ``rests`` as rows (n, 3): demand, resource, until. Belongs to the state: do not change it."""
        if self._rest_rows is None:
            rows = [(*pair, until) for pair, until in self.rests.items()]
            self._rest_rows = np.array(rows, np.int64).reshape(-1, 3)
        return self._rest_rows

    def served_rows(self) -> Ints:
        """Return ``served`` as rows (n, 3): provider, day, count. Belongs to the state: do not change it."""
        if self._served_rows is None:
            rows = [(*key, count) for key, count in self.served.items()]
            self._served_rows = np.array(rows, np.int64).reshape(-1, 3)
        return self._served_rows

    def propose(self, proposal: Proposal) -> None:
        """Add a live assignment."""
        demand = self._demands.number(proposal.demand_id)
        resource = self._resources.number(proposal.resource_id)
        self.row_of[proposal.assignment_id] = self.live.append(
            (
                CONFIRMED if proposal.auto_accepted else PROPOSED,
                demand,
                proposal.line,
                proposal.seat,
                resource,
                proposal.resource_seat,
                to_ms(proposal.starts_at),
                to_ms(proposal.ends_at),
                to_ms(proposal.answer_by) if proposal.answer_by else FOREVER,
                proposal.demand_version,
                proposal.resource_version,
                self._resources.providers.number(proposal.provider),
            )
        )
        self.ids.append(proposal.assignment_id)
        self._demands.table.rows[demand]["live"] += 1
        if proposal.auto_accepted:
            self.outbid.pop((demand, proposal.line), None)

    def _move(self, transition: Transition) -> None:
        row = self.row_of.get(transition.assignment_id)
        if row is None:
            raise StateBrokenError(f"a round moves the assignment {transition.assignment_id}, which does not live")
        if transition.to == "confirmed":
            held = self.live.rows[row]
            held["state"], held["answer_by"] = CONFIRMED, FOREVER
            self.outbid.pop((int(held["demand"]), int(held["line"])), None)
            return
        self._end(row, transition)

    def _end(self, row: int, transition: Transition) -> None:
        held = self.live.rows[row]
        demand, resource = int(held["demand"]), int(held["resource"])
        self._demands.table.rows[demand]["live"] -= 1
        if transition.to == "fulfilled":
            self._demands.table.rows[demand]["fulfilled"] += 1
            place = (demand, int(held["line"]))
            self.filled[place] = self.filled.get(place, 0) | 1 << int(held["seat"])
            self.outbid.pop(place, None)
            self._count(int(held["provider"]))
            if transition.used_up:
                self.spent[resource] = self.spent.get(resource, 0) | 1 << int(held["resource_seat"])
        elif transition.reason in _REST_FOR_EVER:
            self._rest(demand, resource, FOREVER)
        elif transition.barred_until is not None:
            self._rest(demand, resource, max(to_ms(transition.barred_until), self.rests.get((demand, resource), 0)))
        self._drop(row)

    def _lapse(self, lapse: Lapse) -> None:
        row = self._demands.number(lapse.demand_id)
        self._demands.table.rows[row]["lapsed_version"] = lapse.version
        for line in range(MOST_LINES if self.outbid else 0):
            self.outbid.pop((row, line), None)

    def _let_go(self, transfers: Transfers) -> None:
        for up in transfers.escalated:
            self.went_up[self._demands.number(up.demand.demand_id)] = self.round_at_ms
        for shown in transfers.shown:
            row = self._resources.number(shown.resource.resource_id)
            self._resources.table.rows[row]["shown"] = shown.resource.version
        sending: list[Carried | Escalated | Asked] = [*transfers.carried, *transfers.escalated, *transfers.asked]
        for sent in sending:
            row = self._demands.number(sent.demand.demand_id)
            self.sent[row, sent.to] = max(sent.demand.version, self.sent.get((row, sent.to), 0))
        leaving = [(each.demand.demand_id, seat) for each in transfers.escalated for seat in each.seats]
        leaving += [(each.demand.demand_id, each.seat) for each in transfers.asked]
        leaving += [(each.demand_id, each.seat) for each in transfers.returned]
        for demand_id, seat in leaving:
            self._seats.move(self._demands.number(demand_id), (seat.line, seat.seat), -1)

    def _count(self, provider: int) -> None:
        key = (provider, self.round_at_ms // DAY_MS)
        self.served[key] = self.served.get(key, 0) + 1
        self._served_rows = None

    def _forget_days_before(self, today: int) -> None:
        """Drop, on the first round of a day, what no policy looks at any more."""
        if today > self.round_at_ms // DAY_MS:
            kept = {key: count for key, count in self.served.items() if key[1] > today - _LOOK_BACK_DAYS}
            self.served, self._served_rows = kept, None

    def _rest(self, demand: int, resource: int, until_ms: int) -> None:
        self.rests[demand, resource] = until_ms
        self._rest_rows = None

    def _drop(self, row: int) -> None:
        """Take the row out; the last one moves into its place."""
        last = self.live.size - 1
        del self.row_of[self.ids[row]]
        if row != last:
            self.live.rows[row] = self.live.rows[last]
            self.ids[row] = self.ids[last]
            self.row_of[self.ids[row]] = row
        self.ids.pop()
        self.live.size = last
