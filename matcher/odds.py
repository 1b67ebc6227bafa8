"""What would come of a demand that is not posted: its odds if a round were decided now, and what would better them."""

from typing import Literal

import numpy as np

from matcher.demands import asking
from matcher.failing import first_failures, of_category
from matcher.fold import from_ms
from matcher.insertion import Ground, Outcome, Wishes, insert, wishes
from matcher.newcomers import demand_rows, with_demands
from matcher.prices import UNPAYABLE
from matcher.remedies import Case, remedies
from matcher.scarcity import scarce_class
from matcher.solved import Solved
from schemas.demands import Demand
from schemas.preview import DemandPreview, LineOdds


def preview_demand(solved: Solved, demand: Demand) -> DemandPreview:
    """Return what a round at the moment of ``solved`` would give a demand, had it been posted.

    Raises:
        Refused: unknown_item.
    """
    frozen, now_ms = solved.frozen, solved.board.now_ms
    row, lines = demand_rows(frozen, demand)
    board, over = (
        with_demands(solved, row, lines, hours=asking(demand), requester=demand.requester),
        bool(row["lapses"][0] <= now_ms),
    )
    need = np.where(over, 0, lines["quantity"].astype(np.int64))
    asked = wishes(board, solved=solved, lines=len(frozen.lines) + np.arange(len(lines)), need=need)
    ground = Ground(solved)
    outcome = insert(ground, asked)
    case = Case(
        row=row,
        lines=lines,
        need=need,
        seats=outcome.seats,
        hours=asking(demand),
        requester=demand.requester,
        like=None,
    )
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


def _odds(solved: Solved, asked: Wishes, outcome: Outcome, place: int, *, over: bool) -> LineOdds:
    board, line = asked.board, int(asked.lines[place])
    theirs = of_category(board, line)
    _, failing = first_failures(board, solved.settled.seats, line, theirs)
    own = np.flatnonzero(asked.pairs.line == line)
    resources, worth, start = asked.pairs.resource[own], asked.worth[own], asked.pairs.start[own]
    failing["worth"] = len(theirs) - sum(failing.values()) - len(own)
    served, given = int(outcome.seats[place]), start[outcome.taken[own] > 0]
    told = LineOdds(
        line=place,
        item=board.frozen.items.ids[int(board.frozen.lines["item"][line])],
        asked=int(board.frozen.lines["quantity"][line]),
        served=served,
        verdict="lapsed" if over else "served",
        considered=len(theirs),
        failing={rule: count for rule, count in failing.items() if count},
        eligible=len(own),
        starts_at=from_ms(int((given if len(given) else start).min())) if len(own) else None,
        best_value=int(worth.max()) if len(own) else None,
        price=int(outcome.prices[place]) if served else None,
    )
    if over or served == told.asked:
        return told
    cost = outcome.seatings[asked.category(line)].costs(but=line).cost[resources]
    rivals = np.flatnonzero(cost < UNPAYABLE)  # the other seats go to this line already
    if not len(rivals):
        return told.model_copy(update={"verdict": _short(served, rival=False)})
    nearest = int(rivals[np.argmin((cost - worth)[rivals])])
    return told.model_copy(
        update={
            "verdict": _short(served, rival=True),
            "short_by": int(cost[nearest] - worth[nearest]),
            "scarce": scarce_class(board, int(resources[nearest]), int(start[nearest]), among=theirs),
        }
    )


def _short(served: int, *, rival: bool) -> Literal["partly", "outbid", "no_candidate"]:
    if served:
        return "partly"
    return "outbid" if rival else "no_candidate"
