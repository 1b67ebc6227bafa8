"""Fairness: two terms of a pair's value. Both are off unless a policy gives them points.

1. Load: a provider with many assignments, held or done of late, is worth less to a pair. What was refused, missed or
   expired never counts: a "no" costs nothing.
2. Regret: a line is *outbid* in a round when a seat of it stays open although a resource that may serve it gave a
   seat to another line in that same round. From the first such round a clock runs until a seat of the line is
   confirmed; each full hour of it is worth points, up to a cap.
3. Both look at the state before the round: what a round itself gives and refuses counts from the next one on.
"""

from typing import Final

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.rules import Board
from matcher.state.columns import Ints
from matcher.state.responses import DECLINED, NO_SHOW
from matcher.state.rounds import DAY_MS
from schemas.policy import Policy

HOUR_MS: Final = 3_600_000


def load(board: Board, pairs: Pairs) -> Ints:
    """Less for each assignment that the provider holds or did of late, up to the cap."""
    weights = board.policy.load
    if not weights.per_assignment:
        return np.zeros_like(pairs.resource)
    return -weights.per_assignment * np.minimum(assignments(board), weights.cap)[pairs.resource]


def regret(board: Board) -> Ints:
    """For each full hour since the line was outbid, up to the cap."""
    weights, since = board.policy.regret, board.frozen.outbid
    hours = np.clip((board.now_ms - since) // HOUR_MS, 0, weights.cap_hours)
    return np.where(since > 0, hours * weights.per_hour, np.int64(0))


def assignments(board: Board) -> Ints:
    """Return how many assignments the provider of each resource holds, or did within the policy's span."""
    frozen = board.frozen
    refused = np.array(frozen.said, np.int64) & (DECLINED | NO_SHOW)
    held = frozen.live["provider"][refused == 0]
    done = frozen.served[frozen.served[:, 1] > board.now_ms // DAY_MS - board.policy.load.span_days]
    mine = frozen.resources["provider"]
    counts = np.zeros(1 + max(int(who.max(initial=0)) for who in (held, done[:, 0], mine)), np.int64)
    np.add.at(counts, held, 1)
    np.add.at(counts, done[:, 0], done[:, 2])
    return counts[mine]


def is_weighed(policy: Policy) -> bool:
    """Return whether a policy has a term of fairness at all."""
    return bool(policy.load.per_assignment or policy.regret.per_hour)
