"""Escalation 四级联动 in a round: which seats leave the shard, whom they go to, and what is shown above.

1. A seat that was handed down for a hold and is open when the round is over goes back to who asked for it.
2. Any other open seat visits the shard above once its demand is so old as this level may let it get, was outbid by too
   much, or finds nobody though a whistle was blown; and again after a while, since it comes home when nobody above can
   serve it either: there new neighbours may, and it has the longest wait on its side. Teams stay: nobody can promise
   seats of two shards at once.
3. Where resources are other shards', a pair that was chosen is no assignment: the seat goes down to the resource's home
   with the wish for a hold.
4. What is offered beyond the shard's own bounds is shown to the shards above.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from matcher.calendars import NEVER
from matcher.carrying import carried_demand, carried_resource
from matcher.columns import FOREVER, Bools, Ints
from matcher.demands import WHISTLE
from matcher.endings import RESTS
from matcher.fold import OPEN, from_ms, to_ms
from matcher.matching import Matching
from matcher.pool import Frozen
from matcher.rules import Board
from matcher.settling import Settled
from matcher.teams import ALONE, team_of
from schemas.policy import Policy
from schemas.rounds import Proposal
from schemas.sharding import shards_above
from schemas.transfers import Asked, Carried, Cause, Escalated, Returned, SeatRef, Shown, Transfers

MOST: Final = 500
"""Transfers of a kind in one round, so that its record fits into one message of the log; the next says the rest."""


def parted(frozen: Frozen, given: Sequence[Proposal]) -> tuple[tuple[Proposal, ...], tuple[Proposal, ...]]:
    """Return what was given of the shard's own resources, and of those that others showed."""
    lender = dict(zip(frozen.resource_ids, frozen.resources["lender"].tolist(), strict=True))
    own = tuple(each for each in given if not lender[each.resource_id])
    return own, tuple(each for each in given if lender[each.resource_id])


def transfers(
    matching: Matching, settled: Settled, *, chosen: Sequence[Proposal], waiting: Ints
) -> tuple[Transfers | None, int]:
    """Return what the round lets go, None where that is nothing, and how much had no room.

    Args:
        matching: the round's.
        settled: the past; its tally holds the seats that the round gave, too.
        chosen: pairs with resources of other shards.
        waiting: line rows that the next round is to serve.
    """
    frozen, policy = matching.board.frozen, matching.board.policy
    open_ = _open_seats(matching, settled, waiting)
    held = [place for place in open_ if place in frozen.abroad.holds]
    shown = _shown(matching.board) if policy.escalation.binds else []
    up = _escalated(matching, [place for place in open_ if place not in frozen.abroad.holds])
    gone = {(seat.demand.demand_id, place) for seat in up[:MOST] for place in seat.seats}
    over = [each for each in _visited(matching.board, open_) if (each.demand_id, each.seat) not in gone]
    every = Transfers(
        shown=tuple(Shown(to=to, resource=carried_resource(frozen, row)) for row, to in shown[:MOST]),
        carried=tuple(Carried(to=to, demand=carried_demand(frozen, row)) for row, to in frozen.abroad.behind[:MOST]),
        escalated=tuple(up[:MOST]),
        asked=tuple(_asked(frozen, chosen)),
        returned=(*_returned(matching, settled, held), *over[:MOST]),
    )
    beyond = sum(max(len(all_) - MOST, 0) for all_ in (shown, frozen.abroad.behind, up, over))
    return (every if every != Transfers() else None), beyond


def _open_seats(matching: Matching, settled: Settled, waiting: Ints) -> list[tuple[int, int]]:
    """Return line row and number of the seats that are open though the round took their line on; none of teams."""
    frozen = matching.board.frozen
    short = settled.seats.need - matching.given()
    short[matching.left_out] = 0
    short[waiting] = 0
    short[team_of(frozen) != ALONE] = 0
    return [
        (line, seat)
        for line in np.flatnonzero(short > 0).tolist()
        for seat in _free(settled.tally.line[line], int(frozen.lines["quantity"][line]))
    ]


def _free(taken: int, seats: int) -> Iterator[int]:
    return (seat for seat in range(seats) if not taken >> seat & 1)


def _returned(matching: Matching, settled: Settled, places: Sequence[tuple[int, int]]) -> Iterator[Returned]:
    """Yield the seats that go back to who asked for a hold, with up to when not to ask again, and for what."""
    board, frozen = matching.board, matching.board.frozen
    rests = _rests(frozen, settled) if places else {}
    for line, seat in places:
        hold, demand = frozen.abroad.holds[line, seat], int(frozen.line_demand[line])
        until = board.now_ms + board.policy.escalation.ask_again_minutes * 60_000
        rest = rests.get((frozen.demand_ids[demand], hold.resource_id), 0)
        until = max(until, rest)
        yield Returned(
            to=hold.giver,
            demand_id=frozen.demand_ids[demand],
            seat=SeatRef(line=int(frozen.line_no[line]), seat=seat),
            resource_id=hold.resource_id,
            taken=not rest and _is_taken(board, line, hold.resource),
            until=None if until >= FOREVER else from_ms(until),
        )


def _visited(board: Board, open_: Sequence[tuple[int, int]]) -> list[Returned]:
    """Return the open seats whose visit is over."""
    frozen, stay = board.frozen, board.policy.escalation.visit_minutes * 60_000
    found = []
    for line, seat in open_:
        giver, demand = frozen.abroad.visits.get((line, seat)), int(frozen.line_demand[line])
        if giver is not None and frozen.demands["since"][demand] + stay <= board.now_ms:
            place = SeatRef(line=int(frozen.line_no[line]), seat=seat)
            found.append(Returned(to=giver, demand_id=frozen.demand_ids[demand], seat=place))
    return found


def _is_taken(board: Board, line: int, resource: int) -> bool:
    """Return whether only others stand between a line and a resource (row, -1 where it is closed)."""
    rows = np.array([line]), np.array([resource])
    return resource < 0 or bool(board.passes(*rows)[0] and board.start(*rows)[0] < NEVER)


def _rests(frozen: Frozen, settled: Settled) -> dict[tuple[str, str], int]:
    """Return up to when (ms) pairs of demand and resource rest, those that this round parted too."""
    rests = {
        (frozen.demand_ids[demand], frozen.resource_ids[resource]): until
        for demand, resource, until in frozen.rests.tolist()
    }
    for ended in settled.endings.transitions:
        if ended.reason in RESTS:
            until = FOREVER if ended.barred_until is None else to_ms(ended.barred_until)
            pair = ended.demand_id, ended.resource_id
            rests[pair] = max(until, rests.get(pair, 0))
    return rests


def _asked(frozen: Frozen, chosen: Sequence[Proposal]) -> Iterator[Asked]:
    row_of = {name: row for row, name in enumerate(frozen.resource_ids)}
    demand_of = {name: row for row, name in enumerate(frozen.demand_ids)}
    for each in chosen:
        yield Asked(
            to=str(frozen.resources["lender"][row_of[each.resource_id]]),
            demand=carried_demand(frozen, demand_of[each.demand_id]),
            seat=SeatRef(line=each.line, seat=each.seat),
            resource_id=each.resource_id,
            resource_version=each.resource_version,
            starts_at=each.starts_at,
            value=each.value,
        )


def _escalated(matching: Matching, open_: Sequence[tuple[int, int]]) -> list[Escalated]:
    """Return the open seats that go to the shard above, by demand."""
    board, frozen = matching.board, matching.board.frozen
    due = _causes(matching)
    seats: dict[tuple[int, Cause], list[SeatRef]] = defaultdict(list)
    for line, seat in open_:
        cause = due.get(line)
        if cause is not None:
            place = SeatRef(line=int(frozen.line_no[line]), seat=seat)
            seats[int(frozen.line_demand[line]), cause].append(place)
    found = []
    for (row, cause), places in seats.items():
        to = above(frozen, row, board.policy)
        if to is not None:
            came = max(int(frozen.demands["since"][row]), int(frozen.demands["posted"][row]))
            waited = max(board.now_ms - came, 0) // 60_000
            carried = carried_demand(frozen, row)
            found.append(Escalated(to=to, demand=carried, seats=tuple(places), cause=cause, waited_minutes=waited))
    return found


def above(frozen: Frozen, row: int, policy: Policy) -> str | None:
    """Return the shard to which a demand goes from here, None where there is none."""
    place = str(frozen.demands["place"][row])
    return next(shards_above(frozen.shard, place, policy.escalation.alliances), None)


def _causes(matching: Matching) -> dict[int, Cause]:
    """Return for which line rows an open seat is to go up, and why."""
    board, frozen = matching.board, matching.board.frozen
    rules, demands = board.policy.escalation, board.frozen.demands
    of_line = frozen.line_demand
    causes: dict[int, Cause] = {}
    if rules.price_gap:
        causes |= dict.fromkeys(np.flatnonzero(_gap(matching) >= rules.price_gap).tolist(), "price")
    hours = rules.hours_of(frozen.shard)
    if hours:
        late = (board.now_ms - demands["posted"] >= hours * 3_600_000)[of_line]
        causes |= dict.fromkeys(np.flatnonzero(late).tolist(), "time")
    if rules.whistle:
        called = (demands["urgency"] >= WHISTLE)[of_line]
        causes |= dict.fromkeys(np.flatnonzero(called).tolist(), "whistle")
    went_up = frozen.abroad.went_up[of_line]
    rests = (went_up > 0) & (board.now_ms < went_up + rules.again_minutes * 60_000)
    return {line: cause for line, cause in causes.items() if not rests[line]}


def _gap(matching: Matching) -> Ints:
    """Return by how many points each line (lines,) is outbid: by its best pair; FOREVER where it has none."""
    gap = np.full(len(matching.market.need), FOREVER)
    pairs = matching.pairs
    np.minimum.at(gap, pairs.line, matching.prices.resource[pairs.resource] - matching.market.worth)
    return gap


def _shown(board: Board) -> list[tuple[int, str]]:
    """Return which resource rows to show to which shards above; each version once."""
    frozen, rows = board.frozen, board.frozen.resources
    news = (rows["lender"] == 0) & (rows["shown"] != rows["version"])
    chosen = news & ((rows["shown"] > 0) | ((rows["status"] == OPEN) & _reaches(frozen)))
    alliances = board.policy.escalation.alliances
    return [
        (row, to)
        for row in np.flatnonzero(chosen).tolist()
        for to in shards_above(frozen.shard, str(rows["home"][row]), alliances)
    ]


def _reaches(frozen: Frozen) -> Bools:
    """Return which resources (resources,) are offered beyond the shard's own bounds."""
    wide = np.array([any(not area.startswith(frozen.shard) for area in scope) for scope in frozen.scopes], bool)
    return wide[frozen.resources["scope"]] if len(wide) else np.zeros(len(frozen.resources), bool)
