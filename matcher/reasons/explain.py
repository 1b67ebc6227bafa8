"""Why a demand stands where it stands: which rule each resource fails first, or who would have to pay what.

Rivals are never named: only counts, and prices at which anybody would have won.
"""

from datetime import datetime

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, team_of
from matcher.pairs.values import values
from matcher.reasons.failing import first_failures, of_category
from matcher.reasons.insertion import Ground
from matcher.reasons.remedies import Case, remedies
from matcher.reasons.scarcity import scarce_class
from matcher.reasons.shortage import at_best
from matcher.reasons.solved import Solved, solved
from matcher.reasons.team_remedies import team_remedies
from matcher.round.settling import Settled
from matcher.solving.prices import UNPAYABLE, outbidding
from matcher.state.fold import WITHDRAWN, from_ms
from matcher.state.pool import Frozen
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.why import DemandWhy, LineWhy, Remedy, Verdict


def why_demand(frozen: Frozen, *, now: datetime, policy: Policy, demand_id: str) -> DemandWhy:
    """Return why each line of a demand stands where it does, if a round were decided at ``now``.

    Raises:
        Refused: not_found, where the shard has no such open demand.
    """
    if demand_id not in frozen.demand_ids:
        raise Refused("not_found", demand_id)
    return why_in(solved(frozen, now=now, policy=policy), demand_id=demand_id)


def why_in(round_: Solved, *, demand_id: str) -> DemandWhy:
    """Return the same of a round that is solved already.

    Raises:
        Refused: not_found, where the round's pool has no such demand.
    """
    frozen = round_.frozen
    if demand_id not in frozen.demand_ids:
        raise Refused("not_found", demand_id)
    demand = frozen.demand_ids.index(demand_id)
    lines = np.flatnonzero(frozen.line_demand == demand)
    case = Case(
        row=frozen.demands[demand : demand + 1],
        lines=frozen.lines[lines],
        need=round_.settled.seats.need[lines],
        seats=round_.matching.given()[lines],
        hours=frozen.hours[frozen.demands["hours"][demand]],
        requester=frozen.requesters[demand],
        like=demand,
    )
    ground = Ground(round_, without=tuple(lines.tolist()))
    asks_wholly = bool(round_.asks_wholly[lines].any())
    wholly = team_remedies(round_, case) if asks_wholly else ()
    return DemandWhy(
        demand_id=demand_id,
        shard=frozen.shard,
        round_no=frozen.round_no,
        at=from_ms(round_.board.now_ms),
        lines=tuple(
            _line_why(round_, None if asks_wholly else ground, case, int(line), wholly=wholly) for line in lines
        ),
    )


def _line_why(
    round_: Solved, ground: Ground | None, case: Case, line: int, *, wholly: tuple[Remedy, ...] | None
) -> LineWhy:
    """Return why of a line; into ``ground`` its changes are put, unless ``wholly`` says what wins for its demand."""
    board, settled, matching = round_.board, round_.settled, round_.matching
    frozen, theirs, place = board.frozen, of_category(board, line), int(board.frozen.line_no[line])
    passed, failing = first_failures(board, settled.seats, line, theirs)
    pairs = Pairs(np.full(len(passed), line), passed, np.zeros(len(passed), np.int64))
    worth = values(board, pairs)
    failing["worth"] = int((worth <= 0).sum())
    passed, worth = passed[worth > 0], worth[worth > 0]
    price = matching.prices.resource[passed]
    short = bool(not matching.left_out[line] and case.seats[place] < case.need[place])
    best = at_best(board, settled.seats, line) if short else None
    if short and best is None:
        price = outbidding(matching.market, matching.solution, line)[board.person[passed]]
        # Of the other resources all seats go to this line already.
        rivals = (price < UNPAYABLE) | (matching.held()[passed] > 0)
        failing["seats"] += int((~rivals).sum())
        passed, worth, price = passed[rivals], worth[rivals], price[rivals]
    verdict = _verdict(board, settled, line, short=short, eligible=len(passed))
    found = tuple(remedy for remedy in wholly or () if remedy.line == place)
    if ground is not None and verdict in ("outbid", "no_candidate"):
        found = remedies(ground, case, place)
    if verdict == "outbid" and best is not None and not best.whole:
        verdict = "incomplete"
    told = LineWhy(
        line=place,
        item=frozen.items.ids[int(frozen.lines["item"][line])],
        asked=int(frozen.lines["quantity"][line]),
        filled=_here(frozen, settled, line).bit_count(),
        verdict=verdict,
        considered=len(theirs),
        failing={rule: count for rule, count in failing.items() if count},
        eligible=len(passed),
        remedies=found,
        untried=short and wholly is None,
        at_best=best.seats if best is not None else None,
    )
    if not len(passed):
        return told
    nearest = int(np.argmin(price - worth))
    if best is not None or price[nearest] >= UNPAYABLE:  # a team's seats have no price, nor have those that it holds
        return told.model_copy(update={"best_value": int(worth.max())})
    had = {"best_value": int(worth.max()), "price": int(price[nearest])}
    if verdict != "outbid":
        return told.model_copy(update=had)
    resource = passed[nearest : nearest + 1]
    scarce = scarce_class(board, int(resource[0]), int(board.start(np.array([line]), resource)[0]), among=theirs)
    return told.model_copy(update=had | {"short_by": int(price[nearest] - worth[nearest]), "scarce": scarce})


def _here(frozen: Frozen, settled: Settled, line: int) -> int:
    """Return the bits of the line's seats that are taken in this shard; those that sit elsewhere are not."""
    return settled.tally.line[line] & ~frozen.abroad.elsewhere.get(line, 0)


def _has_begun(frozen: Frozen, settled: Settled, line: int) -> bool:
    """Whether some seat of the line's team is taken: then the others are not filled any more."""
    team = team_of(frozen)
    return team[line] != ALONE and any(settled.tally.line[row] for row in np.flatnonzero(team == team[line]))


def _verdict(board: Board, settled: Settled, line: int, *, short: bool, eligible: int) -> Verdict:
    frozen, row = board.frozen, board.frozen.line_demand[line]
    demand = frozen.demands[row]
    if demand["status"] == WITHDRAWN:
        return "withdrawn"
    if settled.tally.line[line].bit_count() >= frozen.lines["quantity"][line]:
        return "matched" if _here(frozen, settled, line) == settled.tally.line[line] else "elsewhere"
    if _has_begun(frozen, settled, line):
        return "met"
    if settled.lapsed[row] or demand["lapsed_version"] >= demand["version"]:
        return "lapsed"
    if not short:
        return "next_round"
    return "outbid" if eligible else "no_candidate"
