"""Why a demand stands where it stands: which rule each resource fails first, or who would have to pay what.

Rivals are never named: only counts, and prices at which anybody would have won.
"""

from datetime import datetime
from typing import Final, Literal

import numpy as np

from matcher.candidates import Pairs
from matcher.columns import Bools, Ints
from matcher.fold import WITHDRAWN, from_ms, to_ms
from matcher.matching import Matching, Seats, match
from matcher.pool import Frozen
from matcher.rules import NEVER, Board, board_of
from matcher.settling import settle
from matcher.values import values
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.why import DemandWhy, LineWhy, Rule

Verdict = Literal["matched", "outbid", "no_candidate", "lapsed", "withdrawn", "next_round"]

ORDER: Final[tuple[Rule, ...]] = ("item", "scope", "gate", "seats", "barred", "window", "notice", "worth")
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
        lines=tuple(_line_why(board, settled.seats, matching, int(line)) for line in lines),
    )


def _line_why(board: Board, seats: Seats, matching: Matching, line: int) -> LineWhy:
    frozen = board.frozen
    asked = int(frozen.lines["quantity"][line])
    theirs = _of_category(board, line)
    passed, failing = _first_failures(board, seats, line, theirs)
    demand = frozen.demands[frozen.line_demand[line]]
    open_now = int(seats.need[line])
    given = int(matching.solution.taken[matching.pairs.line == line].sum())
    lapsed = bool(demand["lapsed_version"] >= demand["version"] or demand["lapses"] <= board.now_ms)
    pairs = Pairs(np.full(len(passed), line), passed, np.zeros(len(passed), np.int64))
    worth = values(board, pairs)
    allowed = worth > 0
    failing["worth"] = int((~allowed).sum())
    worth, passed = worth[allowed], passed[allowed]
    price = matching.prices.resource[passed]
    verdict = _verdict(gone=demand["status"] == WITHDRAWN, lapsed=lapsed, open_now=open_now, given=given,
                       eligible=len(passed))  # fmt: skip
    nearest = int(np.argmin(price - worth)) if len(passed) else None
    return LineWhy(
        line=int(frozen.line_no[line]),
        item=frozen.items.ids[int(frozen.lines["item"][line])],
        asked=asked,
        filled=asked - open_now if not lapsed else int(_held(frozen, line)),
        verdict=verdict,
        considered=len(theirs),
        failing={rule: count for rule, count in failing.items() if count},
        eligible=len(passed),
        best_value=int(worth.max()) if len(passed) else None,
        price=int(price[nearest]) if nearest is not None else None,
        short_by=max(int(price[nearest] - worth[nearest]), 0) if nearest is not None and verdict == "outbid" else None,
    )


def _held(frozen: Frozen, line: int) -> int:
    mine = (frozen.live["demand"] == frozen.line_demand[line]) & (frozen.live["line"] == frozen.line_no[line])
    return int(mine.sum()) + frozen.filled[line].bit_count()


def _verdict(*, gone: bool, lapsed: bool, open_now: int, given: int, eligible: int) -> Verdict:
    if gone:
        return "withdrawn"
    if lapsed:
        return "lapsed"
    if open_now == 0:
        return "matched"
    if given >= open_now:
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
