"""What would come of a demand that is not posted: its odds if a round were decided now, and what would better them."""

from dataclasses import replace
from typing import Literal

import numpy as np

from matcher.pairs.teams import ALONE, team_of
from matcher.reasons.failing import first_failures, of_category
from matcher.reasons.insertion import Ground, Outcome, Wishes, insert, wishes
from matcher.reasons.newcomers import demand_rows, with_demands
from matcher.reasons.remedies import Case, remedies
from matcher.reasons.scarcity import scarce_class
from matcher.reasons.shortage import at_best
from matcher.reasons.solved import Solved
from matcher.reasons.team_remedies import team_remedies
from matcher.round.matched import Matching, Seats
from matcher.round.matching import match
from matcher.solving.prices import UNPAYABLE
from matcher.state.columns import Ints
from matcher.state.demands import asking
from matcher.state.fold import from_ms
from schemas.demands import Demand
from schemas.preview import DemandPreview, LineOdds


def preview_demand(solved: Solved, demand: Demand) -> DemandPreview:
    """Return what a round at the moment of ``solved`` would give a demand, had it been posted.

    Raises:
        Refused: unknown_item.
    """
    frozen, now_ms = solved.frozen, solved.board.now_ms
    row, lines = demand_rows(frozen, demand)
    hours, over = asking(demand), bool(row["lapses"][0] <= now_ms)
    board = with_demands(solved, row, lines, hours=hours, requester=demand.requester)
    need = np.where(over, 0, lines["quantity"].astype(np.int64))
    asked = wishes(board, solved=solved, lines=len(frozen.lines) + np.arange(len(lines)), need=need)
    case = Case(
        row=row,
        lines=lines,
        need=need,
        seats=np.zeros_like(need),
        hours=hours,
        requester=demand.requester,
        like=None,
    )
    if (team_of(board.frozen)[asked.lines] != ALONE).any():
        return _with_team(solved, asked, case, over=over)
    ground = Ground(solved)
    outcome = insert(ground, asked)
    case = replace(case, seats=outcome.seats)
    short = [] if over else np.flatnonzero(outcome.seats < need).tolist()
    found = [remedy for line in short for remedy in remedies(ground, case, line)]
    return DemandPreview(
        shard=frozen.shard,
        round_no=frozen.round_no,
        at=from_ms(now_ms),
        lines=tuple(_odds(solved, asked, outcome, place, over=over) for place in range(len(lines))),
        adds=outcome.adds,
        remedies=tuple(found),
        exact=solved.is_whole,
    )


def _with_team(solved: Solved, asked: Wishes, case: Case, *, over: bool) -> DemandPreview:
    """Return the same of a demand with a team: all or nothing is no path but a round of its own."""
    board, open_seats = asked.board, solved.settled.seats
    need = np.concatenate([open_seats.need, asked.need])
    seats = Seats(np.flatnonzero(need), open_seats.resources, need, open_seats.supply)
    matching = match(board, seats)
    found = team_remedies(solved, replace(case, seats=matching.given()[asked.lines]))
    return DemandPreview(
        shard=solved.frozen.shard,
        round_no=solved.frozen.round_no,
        at=from_ms(board.now_ms),
        lines=tuple(_team_odds(asked, matching, seats, place, over=over) for place in range(len(asked.lines))),
        adds=matching.value() - solved.matching.value(),
        remedies=found or (),
        untried=found is None,
        exact=solved.matching.is_certain() and matching.is_certain(),
    )


def _team_odds(asked: Wishes, matching: Matching, seats: Seats, place: int, *, over: bool) -> LineOdds:
    board, line = asked.board, int(asked.lines[place])
    told, own = _told(asked, seats, place)
    served, pairs = int(matching.given()[line]), matching.pairs_of_all()
    start = pairs[0].start[(pairs[0].line == line) & (pairs[2] > 0)] if served else asked.pairs.start[own]
    told = told.model_copy(
        update={
            "served": served,
            "verdict": "lapsed" if over else "served",
            "starts_at": from_ms(int(start.min())) if len(start) else None,
        }
    )
    if over or served == told.asked:
        return told
    best = at_best(board, seats, line)
    if len(own) and best is not None and not best.whole:
        return told.model_copy(update={"verdict": "incomplete", "at_best": best.seats})
    return told.model_copy(update={"verdict": _short(served, rival=len(own) > 0), "at_best": best and best.seats})


def _told(asked: Wishes, seats: Seats, place: int) -> tuple[LineOdds, Ints]:
    """Return what a line may have at all, as if it were served, and its pairs among those wished."""
    board, line = asked.board, int(asked.lines[place])
    theirs = of_category(board, line)
    _, failing = first_failures(board, seats, line, theirs)
    own = np.flatnonzero(asked.pairs.line == line)
    failing["worth"] = len(theirs) - sum(failing.values()) - len(own)
    quantity = int(board.frozen.lines["quantity"][line])
    told = LineOdds(
        line=place,
        item=board.frozen.items.ids[int(board.frozen.lines["item"][line])],
        asked=quantity,
        served=quantity,
        verdict="served",
        considered=len(theirs),
        failing={rule: count for rule, count in failing.items() if count},
        eligible=len(own),
        starts_at=None,
        best_value=int(asked.worth[own].max()) if len(own) else None,
    )
    return told, own


def _odds(solved: Solved, asked: Wishes, outcome: Outcome, place: int, *, over: bool) -> LineOdds:
    board, line = asked.board, int(asked.lines[place])
    told, own = _told(asked, solved.settled.seats, place)
    resources, worth, start = asked.pairs.resource[own], asked.worth[own], asked.pairs.start[own]
    served, given = int(outcome.seats[place]), start[outcome.taken[own] > 0]
    told = told.model_copy(
        update={
            "served": served,
            "verdict": "lapsed" if over else "served",
            "starts_at": from_ms(int((given if len(given) else start).min())) if len(own) else None,
            "price": int(outcome.prices[place]) if served else None,
        }
    )
    if over or served == told.asked:
        return told
    cost = outcome.seatings[asked.category(line)].costs(but=line).cost[board.person[resources]]
    rivals = np.flatnonzero(cost < UNPAYABLE)  # the other seats go to this line already
    if not len(rivals):
        held = solved.matching.held()[resources].any()  # by teams, whose seats have no price
        return told.model_copy(update={"verdict": _short(served, rival=bool(held))})
    nearest = int(rivals[np.argmin((cost - worth)[rivals])])
    return told.model_copy(
        update={
            "verdict": _short(served, rival=True),
            "short_by": int(cost[nearest] - worth[nearest]),
            "scarce": scarce_class(board, int(resources[nearest]), int(start[nearest]), among=of_category(board, line)),
        }
    )


def _short(served: int, *, rival: bool) -> Literal["partly", "outbid", "no_candidate"]:
    if served:
        return "partly"
    return "outbid" if rival else "no_candidate"
