"""Why a demand stands where it stands: which rule each resource fails first, or who would have to pay what.

Rivals are never named: only counts, and prices at which anybody would have won.
"""

from datetime import datetime
from typing import Final, Literal, get_args

import numpy as np

from matcher.candidates import Pairs
from matcher.columns import Bools, Ints
from matcher.fold import WITHDRAWN, from_ms, to_ms
from matcher.matching import Matching, Seats, match
from matcher.pool import Frozen
from matcher.prices import UNPAYABLE, outbidding
from matcher.rules import NEVER, Board, board_of
from matcher.settling import Settled, settle
from matcher.values import values
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.why import DemandWhy, LineWhy, Rule

Verdict = Literal["matched", "outbid", "no_candidate", "lapsed", "withdrawn", "next_round"]

ORDER: Final[tuple[Rule, ...]] = get_args(Rule)
"""In which order a resource's first failing rule is told."""


def why_demand(frozen: Frozen, *, now: datetime, policy: Policy, demand_id: str) -> DemandWhy:
    """Return why each line of a demand stands where it does, if a round were decided at ``now``.

    Raises:
        Refused: not_found, where the shard has no such open demand.
    """
    if demand_id not in frozen.demand_ids:
        raise Refused("not_found", demand_id)
    now_ms = to_ms(now)
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    board = board_of(frozen, policy=policy, now_ms=now_ms, resting=settled.endings.resting)
    demand = frozen.demand_ids.index(demand_id)
    lines = np.flatnonzero(frozen.line_demand == demand)
    matching = match(board, settled.seats)
    return DemandWhy(
        demand_id=demand_id,
        shard=frozen.shard,
        round_no=frozen.round_no,
        at=from_ms(now_ms),
        lines=tuple(_line_why(board, settled, matching, int(line)) for line in lines),
    )


def _line_why(board: Board, settled: Settled, matching: Matching, line: int) -> LineWhy:
    frozen, theirs = board.frozen, _of_category(board, line)
    passed, failing = _first_failures(board, settled.seats, line, theirs)
    worth = values(board, Pairs(np.full(len(passed), line), passed, np.zeros(len(passed), np.int64)))
    failing["worth"] = int((worth <= 0).sum())
    passed, worth = passed[worth > 0], worth[worth > 0]
    price = matching.prices.resource[passed]
    short = not matching.left_out[line] and (
        matching.solution.taken[matching.pairs.line == line].sum() < settled.seats.need[line]
    )
    if short:
        price = outbidding(matching.market, matching.solution, line)[passed]
        rivals = price < UNPAYABLE  # the seats of all others go to this line already
        failing["seats"] += int((~rivals).sum())
        passed, worth, price = passed[rivals], worth[rivals], price[rivals]
    verdict = _verdict(board, settled, line, short=bool(short), eligible=len(passed))
    nearest = int(np.argmin(price - worth)) if len(passed) else None
    return LineWhy(
        line=int(frozen.line_no[line]),
        item=frozen.items.ids[int(frozen.lines["item"][line])],
        asked=int(frozen.lines["quantity"][line]),
        filled=settled.tally.line[line].bit_count(),
        verdict=verdict,
        considered=len(theirs),
        failing={rule: count for rule, count in failing.items() if count},
        eligible=len(passed),
        best_value=int(worth.max()) if len(passed) else None,
        price=int(price[nearest]) if nearest is not None else None,
        short_by=int(price[nearest] - worth[nearest]) if nearest is not None and verdict == "outbid" else None,
    )


def _verdict(board: Board, settled: Settled, line: int, *, short: bool, eligible: int) -> Verdict:
    frozen, row = board.frozen, board.frozen.line_demand[line]
    demand = frozen.demands[row]
    if demand["status"] == WITHDRAWN:
        return "withdrawn"
    if settled.tally.line[line].bit_count() >= frozen.lines["quantity"][line]:
        return "matched"
    if settled.lapsed[row] or demand["lapsed_version"] >= demand["version"]:
        return "lapsed"
    if not short:
        return "next_round"
    return "outbid" if eligible else "no_candidate"


def _of_category(board: Board, line: int) -> Ints:
    frozen, category = board.frozen, board.frozen.items.category
    return np.flatnonzero(category[frozen.resources["item"]] == category[frozen.lines["item"][line]])


def _first_failures(board: Board, seats: Seats, line: int, resources: Ints) -> tuple[Ints, dict[Rule, int]]:
    """Return the resources that pass every rule, and how many of the others fail which rule first."""
    row = np.full(len(resources), line)
    tests: dict[Rule, Bools] = {
        "item": board.item(row, resources),
        "scope": board.covered(row, resources),
        "gate": board.qualified(row, resources),
        "beneficiary": board.gates.beneficiary(row, resources),
        "fitness": board.gates.fitness(row, resources),
        "cost": board.gates.cost(row, resources),
        "admission": board.gates.admitted(row, resources),
        "seats": seats.supply[resources] > 0,
        "barred": board.rested(row, resources),
        "window": board.start(row, resources, notice=False) < NEVER,
        "notice": board.start(row, resources) < NEVER,
    }
    passing, failing = np.ones(len(resources), bool), dict.fromkeys(ORDER, 0)
    for rule in ORDER[:-1]:
        failing[rule] = int((passing & ~tests[rule]).sum())
        passing &= tests[rule]
    return resources[passing], failing
