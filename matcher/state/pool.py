"""The pool: what is open in a shard, frozen as columns sorted by id.

Sorted, because with ties a solver's answer depends on the order of its input; sorted inputs make the
answer a function of what is in the pool and of nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.state.abroad import Abroad, abroad_of, known_in_older_versions
from matcher.state.calendars import Calendar
from matcher.state.columns import Ints, Rows, ragged
from matcher.state.fold import OPEN, SUSPENDED
from matcher.state.items import ItemIndex
from matcher.state.responses import Claim
from matcher.state.shard import ShardState
from schemas.claims import seat_of
from schemas.policy import Escalation

NEVER_UP: Final = Escalation()


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim that no round has settled. ``demand`` and ``resource`` are rows, -1 where the entry is closed.

    ``known``: both entries were put on the lists at some time. ``answered``: a seat of it was answered beforehand.
    """

    claim_id: str
    claim: Claim
    demand: int
    resource: int
    known: bool
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Frozen:
    """A copy of what a round needs of a state; safe to use in another thread.

    ``demands`` and ``resources`` are the rows of open entries and of entries with live assignments, sorted by
    id; ``demand_ids`` and ``resource_ids`` go with them. ``lines`` are the lines of these demands, in order,
    ``line_demand`` (lines,) names their demand and ``line_no`` their place in it. ``live`` are the live
    assignments sorted by id, with ``demand`` and ``resource`` renumbered to these rows. ``filled`` holds, per
    line, the bits of seats that are fulfilled or sit in another shard, ``spent`` those of used-up seats per resource.
    ``rests`` (n, 3) lists
    pairs that rest: demand row, resource row, until (ms). ``outbid`` (lines,) tells since when a line has been
    outbid (ms), 0 where it was not; ``served`` (n, 3) what each provider did: provider, day, count.
    ``claims`` are those that are open, in the order in which they were made; ``ordered`` the ids of the assignments
    that orders hold or held of the pairs that open orders name.
    """

    shard: str
    items: ItemIndex
    round_no: int
    round_at_ms: int
    demands: Rows
    demand_ids: list[str]
    requesters: list[str]
    hours: list[Calendar]
    lines: Rows
    line_demand: Ints
    line_no: Ints
    filled: list[int]
    resources: Rows
    resource_ids: list[str]
    providers: list[str]
    spent: dict[int, int]
    scopes: list[tuple[str, ...]]
    calendars: list[Calendar]
    admissions: list[tuple[str, ...]]
    live: Rows
    live_ids: list[str]
    said: list[int]
    rests: Ints
    outbid: Ints
    served: Ints
    claims: list[OpenClaim]
    abroad: Abroad
    ordered: frozenset[str] = frozenset()


def freeze(state: ShardState, *, also: str | None = None) -> Frozen:
    """Return a sorted copy of everything open in ``state``; cost grows with what is open, not with history.

    ``also`` names a demand to be copied even if it is closed, so that it can be explained.
    """
    live = state.rounds.live.rows
    behind = known_in_older_versions(state)
    demand_rows, demand_ids = _chosen(state.demands.ids.pick, _open_demands(state, live["demand"], also, behind))
    resource_rows, resource_ids = _chosen(state.resources.ids.pick, _open_resources(state, live["resource"]))
    demands, resources = state.demands.table.rows[demand_rows], state.resources.table.rows[resource_rows]
    new_demand = _renumbering(state.demands.table.size, demand_rows)
    new_resource = _renumbering(state.resources.table.size, resource_rows)
    order = np.array(sorted(range(len(live)), key=state.rounds.ids.__getitem__), np.int64)
    live = live[order]
    live_ids = [state.rounds.ids[place] for place in order]
    live["demand"], live["resource"] = new_demand[live["demand"]], new_resource[live["resource"]]
    line_count = demands["lines"].astype(np.int64)
    line_demand = np.repeat(np.arange(len(demands)), line_count)
    line_no = ragged(np.zeros(len(demands), np.int64), line_count)
    elsewhere = _elsewhere(state, demands, demand_rows, line_demand, line_no)
    return Frozen(
        shard=state.shard,
        items=state.items,
        round_no=state.round_no,
        round_at_ms=state.round_at_ms,
        demands=demands,
        demand_ids=demand_ids,
        requesters=state.demands.requesters.pick(demands["requester"]),
        hours=list(state.demands.hours),
        lines=state.demands.lines.rows[ragged(demands["first_line"].astype(np.int64), line_count)],
        line_demand=line_demand,
        line_no=line_no,
        filled=_filled(state, demands, demand_rows, line_demand, line_no, elsewhere),
        resources=resources,
        resource_ids=resource_ids,
        providers=state.resources.providers.pick(resources["provider"]),
        spent={int(new_resource[row]): bits for row, bits in state.rounds.spent.items() if new_resource[row] >= 0},
        scopes=list(state.resources.scopes),
        calendars=list(state.resources.calendars),
        admissions=list(state.resources.admissions),
        live=live,
        live_ids=live_ids,
        said=_said(state.responses.said, live_ids),
        rests=_rests(state, new_demand, new_resource),
        outbid=_outbid(state.rounds.outbid, new_demand, line_count),
        served=state.rounds.served_rows(),
        claims=_claims(state, new_demand, new_resource),
        abroad=abroad_of(
            state,
            behind,
            new_demand=new_demand,
            new_resource=new_resource,
            line_count=line_count,
            elsewhere=elsewhere,
        ),
        ordered=_ordered(state),
    )


def open_seats(state: ShardState) -> Ints:
    """Return how many seats of each demand (demands,) nobody holds or has filled; none where it is closed."""
    demands = state.demands.table.rows
    left = np.where(demands["guest"], 0, demands["asked"].astype(np.int64)) + demands["net"]
    left -= demands["live"] + demands["fulfilled"]
    closed = (demands["status"] != OPEN) | (demands["lapsed_version"] >= demands["version"])
    # Seats held or filled before a revision may be more than their line asks for now, and a team that has met
    # asks for nothing more: count these line by line.
    begun = (demands["fulfilled"] > 0) | (~demands["guest"] & (demands["net"] < 0))
    intricate = np.flatnonzero(~closed & (demands["shrunk"] | (demands["teams"] & begun)))
    if len(intricate):
        left[intricate] = _open_by_line(state, intricate)
    left[closed] = 0
    return np.maximum(left, 0)


def _open_by_line(state: ShardState, rows: Ints) -> list[int]:
    taken: dict[tuple[int, int], int] = {}
    for held in state.rounds.live.rows[np.isin(state.rounds.live.rows["demand"], rows)]:
        place = int(held["demand"]), int(held["line"])
        taken[place] = taken.get(place, 0) | 1 << int(held["seat"])
    left = []
    for row in rows.tolist():
        held = state.demands.table.rows[row]
        lines = state.demands.lines.rows[held["first_line"] : held["first_line"] + held["lines"]]
        filled = [state.rounds.filled.get((row, line), 0) for line in range(len(lines))]
        seats = [
            taken.get((row, line), 0) | bits | state.seats.elsewhere(row, line, seats=int(lines["quantity"][line]))
            for line, bits in enumerate(filled)
        ]
        left.append(
            sum(
                max(int(line["quantity"]) - bits.bit_count(), 0)
                for line, bits, met in zip(
                    lines, seats, _met(held, lines, filled if held["guest"] else seats), strict=True
                )
                if not met
            )
        )
    return left


def _met(demand: Rows, lines: Rows, filled: list[int]) -> list[bool]:
    """Return for which lines of a demand the team's job has taken place; ``teams.met`` for a whole pool."""
    if demand["bundle"]:
        return [int(lines["quantity"].sum()) > 1 and any(filled)] * len(lines)
    together = (lines["together"] & (lines["quantity"] > 1)).tolist()
    return [team and bits > 0 for team, bits in zip(together, filled, strict=True)]


def _open_demands(state: ShardState, live: Rows, also: str | None, behind: list[tuple[int, str]]) -> Ints:
    chosen = open_seats(state) > 0
    chosen[live] = True
    chosen[[row for row, _ in behind]] = True
    chosen[_claimed_though_away(state)] = True
    if also is not None and (row := state.demands.ids.find(also)) is not None:
        chosen[row] = state.demands.table.rows["lines"][row] > 0
    return np.flatnonzero(chosen)


def _claimed_though_away(state: ShardState) -> list[int]:
    """Return the demands with open claims of which seats are elsewhere: a round that knows them can say so."""
    rows = state.demands.table.rows
    found = {state.demands.ids.find(claim.demand_id) for claim in state.responses.open.values()}
    return sorted(row for row in found if row is not None and rows["status"][row] == OPEN and rows["net"][row] < 0)


def _open_resources(state: ShardState, live: Rows) -> Ints:
    rows = state.resources.table.rows
    chosen = (rows["status"] == OPEN) | (rows["status"] == SUSPENDED)
    chosen |= (rows["shown"] > 0) & (rows["shown"] < rows["version"])
    chosen[live] = True
    return np.flatnonzero(chosen)


def _chosen(pick: Callable[[list[int]], list[str]], rows: Ints) -> tuple[Ints, list[str]]:
    ids = pick(rows.tolist())
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return rows[np.array(order, np.int64)], [ids[place] for place in order]


def _renumbering(size: int, chosen: Ints) -> Ints:
    """Return an array (size,) from old row to place in ``chosen``, -1 where it is not chosen."""
    new = np.full(size, -1, np.int64)
    new[chosen] = np.arange(len(chosen))
    return new


def _filled(
    state: ShardState, demands: Rows, rows: Ints, line_demand: Ints, line_no: Ints, elsewhere: dict[int, int]
) -> list[int]:
    filled = [0] * len(line_demand)
    for line in np.flatnonzero(demands["fulfilled"][line_demand] > 0).tolist():
        filled[line] = state.rounds.filled.get((int(rows[line_demand[line]]), int(line_no[line])), 0)
    for line, bits in elsewhere.items():
        filled[line] |= bits
    return filled


def _elsewhere(state: ShardState, demands: Rows, rows: Ints, line_demand: Ints, line_no: Ints) -> dict[int, int]:
    """Return the bits of seats that do not sit here, by line row; only lines of demands that ever passed."""
    found = {}
    for line in np.flatnonzero((demands["guest"] | (demands["net"] != 0))[line_demand]).tolist():
        row, number = int(rows[line_demand[line]]), int(line_no[line])
        asked = int(state.demands.lines.rows["quantity"][demands["first_line"][line_demand[line]] + number])
        found[line] = state.seats.elsewhere(row, number, seats=asked)
    return found


def _said(said: dict[str, int], live_ids: list[str]) -> list[int]:
    return [said.get(assignment_id, 0) for assignment_id in live_ids] if said else [0] * len(live_ids)


def _rests(state: ShardState, new_demand: Ints, new_resource: Ints) -> Ints:
    every = state.rounds.rest_rows()
    if state.transfers.apart:
        apart = [(*pair, until) for pair, until in state.transfers.apart.items()]
        every = np.concatenate([every, np.array(apart, np.int64)])
    found = np.stack([new_demand[every[:, 0]], new_resource[every[:, 1]], every[:, 2]], axis=1)
    return found[(found[:, 0] >= 0) & (found[:, 1] >= 0)]


def _outbid(outbid: dict[tuple[int, int], int], new_demand: Ints, line_count: Ints) -> Ints:
    since = np.zeros(int(line_count.sum()), np.int64)
    if not outbid:
        return since
    rows = np.array([(*place, moment) for place, moment in outbid.items()], np.int64)
    rows[:, 0] = new_demand[rows[:, 0]]
    demand, line, moment = rows[rows[:, 0] >= 0].T
    there = line < line_count[demand]
    first = np.cumsum(line_count) - line_count
    since[first[demand[there]] + line[there]] = moment[there]
    return since


def _claims(state: ShardState, new_demand: Ints, new_resource: Ints) -> list[OpenClaim]:
    return [
        _open_claim(state, claim_id, claim, new_demand, new_resource)
        for claim_id, claim in state.responses.open.items()
    ]


def _ordered(state: ShardState) -> frozenset[str]:
    pairs = {claim.pair for claim in state.responses.open.values() if claim.quantity}
    if not pairs:
        return frozenset()
    return frozenset(
        seat_of(shard=state.shard, claim_id=claim_id, number=number)
        for claim_id, claim in state.responses.claims.items()
        if claim.pair in pairs
        for number in range(claim.quantity or 0)
    )


def _open_claim(state: ShardState, claim_id: str, claim: Claim, new_demand: Ints, new_resource: Ints) -> OpenClaim:
    demand, resource = state.demands.ids.find(claim.demand_id), state.resources.ids.find(claim.resource_id)
    return OpenClaim(
        claim_id=claim_id,
        claim=claim,
        demand=-1 if demand is None else int(new_demand[demand]),
        resource=-1 if resource is None else int(new_resource[resource]),
        known=is_known(state, claim),
        answered=any(
            seat_of(shard=state.shard, claim_id=claim_id, number=number) in state.responses.said
            for number in range(claim.quantity or 0)
        ),
    )


def is_known(state: ShardState, claim: Claim) -> bool:
    """Return whether both entries that a claim names were put on the lists at some time."""
    return state.demands.is_known(claim.demand_id) and state.resources.is_known(claim.resource_id)
