"""Escalation 四级联动 in a round: which seats leave the shard, whom they go to, and what is shown above.

1. A seat that was handed down for a hold and is open when the round is over goes back to who asked for it.
2. Any other open seat visits the shard above once its demand is so old as this level may let it get, was outbid by too
   much, or finds nobody though a whistle was blown; and again after a while, since it comes home when nobody above can
   serve it either: there new neighbours may, and it has the longest wait on its side. Teams stay, and what becomes one
   on its way comes home: nobody can promise seats of two shards at once.
3. Where resources are other shards', a pair that was chosen is no assignment: the seat goes down to the resource's home
   with the wish for a hold.
4. What is offered beyond the shard's own bounds is shown to the shards above.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np

from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, team_of
from matcher.round.carrying import carried_demand, carried_resource
from matcher.round.endings import RESTS
from matcher.round.matched import Matching
from matcher.round.settling import Settled
from matcher.state.calendars import NEVER
from matcher.state.columns import FOREVER, Bools, Ints
from matcher.state.demands import WHISTLE
from matcher.state.fold import OPEN, WITHDRAWN, from_ms, to_ms
from matcher.state.pool import Frozen
from schemas.policy import Policy
from schemas.rounds import Proposal
from schemas.sharding import shards_above
from schemas.transfers import Asked, Carried, Cause, Escalated, Returned, SeatRef, Shown, Transfers

MOST: Final = 500
"""Transfers of a kind in one round, so that its record fits into one message of the log; the next says the rest."""
MOST_HOURS: Final = 20_000
"""Stretches of hours in the transfers of a kind, for the same reason: what recurs daily has hundreds, of 60 bytes."""
MOST_BACK: Final = 4_000
"""Seats that one round gives back; a demand may have thousands."""


def parted(frozen: Frozen, given: Sequence[Proposal]) -> tuple[tuple[Proposal, ...], tuple[Proposal, ...]]:
    """Return what was given of the shard's own resources, and of those that others showed."""
    lent = {frozen.resource_ids[row] for row in np.flatnonzero(frozen.resources["lender"]).tolist()}
    own = tuple(each for each in given if each.resource_id not in lent)
    return own, tuple(each for each in given if each.resource_id in lent)


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
    short = _short(matching, settled, waiting)
    causes = _causes(matching, np.flatnonzero(short))
    open_ = _open_seats(frozen, settled, short, causes)
    held = [place for place in open_ if place in frozen.abroad.holds]
    shown = _shown(matching.board) if policy.escalation.binds else []
    up = _escalated(matching.board, causes, [place for place in open_ if place not in frozen.abroad.holds])
    behind, asked = frozen.abroad.behind, list(_asked(frozen, chosen))
    fit_shown = _that_fit([(len(others), _stretches(frozen, row)) for row, others in shown], most=MOST)
    fit_behind = _that_fit([(1, len(frozen.hours[int(frozen.demands["hours"][row])])) for row, _ in behind], most=MOST)
    fit_up = _that_fit([(1, len(each.demand.hours or ()) + len(each.seats) // 2) for each in up], most=MOST)
    fit_asked = _that_fit([(1, len(each.demand.hours or ())) for each in asked], most=len(asked))
    gone = {(seat.demand.demand_id, place) for seat in up[:fit_up] for place in seat.seats}
    over = [each for each in _visited(matching.board, open_) if (each.demand_id, each.seat) not in gone]
    over += _of_teams(frozen, settled)
    every = Transfers(
        shown=tuple(
            Shown(to=to, resource=carried_resource(frozen, row)) for row, others in shown[:fit_shown] for to in others
        ),
        carried=tuple(Carried(to=to, demand=carried_demand(frozen, row)) for row, to in behind[:fit_behind]),
        escalated=tuple(up[:fit_up]),
        asked=tuple(asked[:fit_asked]),
        returned=(*_returned(matching, settled, held[:MOST_BACK]), *over[:MOST_BACK]),
    )
    beyond = len(shown) + len(behind) + len(up) + len(asked) - fit_shown - fit_behind - fit_up - fit_asked
    return (every if every != Transfers() else None), beyond + max(len(held) - MOST_BACK, 0) + max(
        len(over) - MOST_BACK, 0
    )


def _that_fit(entries: Sequence[tuple[int, int]], *, most: int) -> int:
    """Return how many of the first entries, each of so many transfers and stretches of hours, fit into one record."""
    fit = transfers = hours = 0
    for more, stretches in entries:
        transfers, hours = transfers + more, hours + more * stretches
        if fit and (transfers > most or hours > MOST_HOURS):
            break
        fit += 1
    return fit


def _stretches(frozen: Frozen, row: int) -> int:
    return len(frozen.calendars[int(frozen.resources["calendar"][row])])


def _short(matching: Matching, settled: Settled, waiting: Ints) -> Ints:
    """Return how many seats of each line (lines,) are open though the round took it on; none of teams."""
    short = settled.seats.need - matching.given()
    short[matching.left_out] = 0
    short[waiting] = 0
    short[team_of(matching.board.frozen) != ALONE] = 0
    return np.maximum(short, 0)


def _open_seats(frozen: Frozen, settled: Settled, short: Ints, causes: Iterable[int]) -> list[tuple[int, int]]:
    """Return line row and number of the open seats of lines that may go up, or that other shards have to do with.

    No more of a line than it is short of: after a revision seats beyond those asked for may be held.
    """
    moving = {*causes, *(line for line, _ in (*frozen.abroad.holds, *frozen.abroad.visits))}
    return [
        (line, seat)
        for line in sorted(moving)
        for seat in islice(_free(settled.tally.line[line], int(frozen.lines["quantity"][line])), int(short[line]))
    ]


def _free(taken: int, seats: int) -> Iterator[int]:
    return (seat for seat in range(seats) if not taken >> seat & 1)


def _returned(matching: Matching, settled: Settled, places: Sequence[tuple[int, int]]) -> Iterator[Returned]:
    """Yield the seats that go back to who asked for a hold, with up to when not to ask again, and for what."""
    board, frozen = matching.board, matching.board.frozen
    rests = _rests(frozen, settled, board.now_ms) if places else {}
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


def _of_teams(frozen: Frozen, settled: Settled) -> Iterator[Returned]:
    """Yield the seats of guests that a revision made part of a team: only at home can it meet."""
    demands = frozen.demands
    if not demands["guest"].any():
        return
    open_ = demands["guest"] & (demands["status"] == OPEN) & (demands["lapsed_version"] < demands["version"])
    for line in np.flatnonzero(open_[frozen.line_demand] & (team_of(frozen) != ALONE)).tolist():
        for seat in _free(settled.tally.line[line], int(frozen.lines["quantity"][line])):
            hold, place = frozen.abroad.holds.get((line, seat)), SeatRef(line=int(frozen.line_no[line]), seat=seat)
            giver = frozen.abroad.visits[line, seat] if hold is None else hold.giver
            yield Returned(to=giver, demand_id=frozen.demand_ids[int(frozen.line_demand[line])], seat=place)


def _is_taken(board: Board, line: int, resource: int) -> bool:
    """Return whether only others stand between a line and a resource (row, -1 where it is closed)."""
    rows = np.array([line]), np.array([resource])
    return resource < 0 or bool(board.passes(*rows)[0] and board.start(*rows)[0] < NEVER)


def _rests(frozen: Frozen, settled: Settled, now_ms: int) -> dict[tuple[str, str], int]:
    """Return up to when (ms) pairs of demand and resource rest, those that this round parted too.

    Not of what is gone for good: a snapshot forgets these, and whoever goes on from it must decide the same.
    """
    rests = {
        (frozen.demand_ids[demand], frozen.resource_ids[resource]): until
        for demand, resource, until in frozen.rests.tolist()
        if until > now_ms and frozen.resources["status"][resource] != WITHDRAWN
    }
    for ended in settled.endings.transitions:
        if ended.reason in RESTS:
            until = FOREVER if ended.barred_until is None else to_ms(ended.barred_until)
            pair = ended.demand_id, ended.resource_id
            rests[pair] = max(until, rests.get(pair, 0))
    return rests


def _asked(frozen: Frozen, chosen: Sequence[Proposal]) -> Iterator[Asked]:
    if not chosen:
        return
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


def _escalated(board: Board, causes: Mapping[int, Cause], open_: Sequence[tuple[int, int]]) -> list[Escalated]:
    """Return the open seats that go to the shard above, by demand."""
    frozen = board.frozen
    seats: dict[tuple[int, Cause], list[SeatRef]] = defaultdict(list)
    for line, seat in open_:
        cause = causes.get(line)
        if cause is not None:
            place = SeatRef(line=int(frozen.line_no[line]), seat=seat)
            seats[int(frozen.line_demand[line]), cause].append(place)
    found = []
    for (row, cause), places in seats.items():
        to = _above(frozen, row, board.policy)
        if to is not None:
            came = max(int(frozen.demands["since"][row]), int(frozen.demands["posted"][row]))
            waited = max(board.now_ms - came, 0) // 60_000
            carried = carried_demand(frozen, row)
            found.append(Escalated(to=to, demand=carried, seats=tuple(places), cause=cause, waited_minutes=waited))
    return found


def _above(frozen: Frozen, row: int, policy: Policy) -> str | None:
    """Return the shard to which a demand goes from here, None where there is none."""
    place = str(frozen.demands["place"][row])
    return next(shards_above(frozen.shard, place, policy.escalation.alliances), None)


def _causes(matching: Matching, lines: Ints) -> dict[int, Cause]:
    """Return for which of the line rows an open seat is to go up, and why."""
    board, frozen = matching.board, matching.board.frozen
    rules, causes = board.policy.escalation, dict[int, Cause]()
    went_up = frozen.abroad.went_up[frozen.line_demand[lines]]
    lines = lines[(went_up == 0) | (board.now_ms >= went_up + rules.again_minutes * 60_000)]
    demands = frozen.demands[frozen.line_demand[lines]]
    if rules.price_gap:
        causes |= dict.fromkeys(lines[_gap(matching)[lines] >= rules.price_gap].tolist(), "price")
    hours = rules.hours_of(frozen.shard)
    if hours:
        causes |= dict.fromkeys(lines[board.now_ms - demands["posted"] >= hours * 3_600_000].tolist(), "time")
    if rules.whistle:
        causes |= dict.fromkeys(lines[demands["urgency"] >= WHISTLE].tolist(), "whistle")
    return causes


def _gap(matching: Matching) -> Ints:
    """Return by how many points each line (lines,) is outbid: by its best pair; FOREVER where it has none."""
    gap = np.full(len(matching.market.need), FOREVER)
    pairs = matching.pairs
    np.minimum.at(gap, pairs.line, matching.prices.resource[pairs.resource] - matching.market.worth)
    return gap


def _shown(board: Board) -> list[tuple[int, list[str]]]:
    """Return which resource rows to show, each version once, with all the shards above that it is shown to."""
    frozen, rows = board.frozen, board.frozen.resources
    news = (rows["lender"] == 0) & (rows["shown"] != rows["version"])
    chosen = news & ((rows["shown"] > 0) | ((rows["status"] == OPEN) & _reaches(frozen)))
    alliances = board.policy.escalation.alliances
    every = [
        (row, list(shards_above(frozen.shard, str(rows["home"][row]), alliances)))
        for row in np.flatnonzero(chosen).tolist()
    ]
    return [(row, others) for row, others in every if others]


def _reaches(frozen: Frozen) -> Bools:
    """Return which resources (resources,) are offered beyond the shard's own bounds."""
    wide = np.array([any(not area.startswith(frozen.shard) for area in scope) for scope in frozen.scopes], bool)
    return wide[frozen.resources["scope"]] if len(wide) else np.zeros(len(frozen.resources), bool)
