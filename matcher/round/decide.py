"""A round: from a frozen state and a moment to one ``RoundDecided``.

1. Live assignments end or are confirmed (``endings``).
2. Open seats of demands whose time is over lapse.
3. What is open on both sides then is matched (``matching``); what ended in this round is open again.
4. Each seat given becomes a proposal with its parts of value and its margin.
5. Where the policy has terms of fairness, the record says who was outbid and what fairness cost.

Pure: the same frozen state, moment and policy give the same record, byte for byte.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import numpy as np
import scipy

from matcher.round.escalation import parted, transfers
from matcher.round.losses import cost, outbid
from matcher.round.matched import Matching
from matcher.round.matching import match
from matcher.round.outcomes import outcomes
from matcher.round.proposals import proposals
from matcher.round.ration import put_off
from matcher.round.settling import board_after, settle
from matcher.state.fold import from_ms, to_ms
from matcher.state.pool import Frozen
from schemas.policy import Policy
from schemas.rounds import InputOffset, Lapse, LinePrice, LineRef, ResourcePrice, RoundDecided, RoundSize, TeamPart

SOLVER: Final = f"cobuild 3 / scipy {scipy.__version__} / numpy {np.__version__}"
"""What decided; a round is reproduced exactly under the same."""

MOST_LAPSES: Final = 6_000
"""Lapses of one round, so that its record fits into one message of the log; the next round says the rest."""
MOST_LINES: Final = 6_000
"""Lines that one record names in the parts with teams, for the same reason; those that were given seats come first."""

Cause = Literal["interval", "whistle", "alarm"]


def decide(
    frozen: Frozen, *, now: datetime, policy: Policy, cause: Cause, inputs: Sequence[InputOffset]
) -> RoundDecided:
    """Return the decision of one round.

    Args:
        frozen: the state, as ``pool.freeze`` copied it.
        now: the moment of the round; never before the last round's.
        policy: the weights and rules in force.
        cause: what made the round due.
        inputs: the next offsets of the topics that ``frozen`` had folded.
    """
    now_ms = to_ms(now)
    round_no = frozen.round_no + 1
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    seats, lapsed = settled.seats, np.flatnonzero(settled.lapsed)
    board = board_after(frozen, settled, policy=policy, now_ms=now_ms)
    matching = match(board, seats, rivals=False)
    transitions = settled.endings.transitions
    asked = np.where(matching.left_out, 0, seats.need - matching.given())
    waiting = put_off(matching.board, asked=asked, given=matching.taken(), supply=seats.supply)
    given = proposals(board, matching, settled.tally, round_no)
    proposed, elsewhere = parted(frozen, given)
    passed, staying = transfers(matching, settled, chosen=elsewhere, waiting=waiting)
    return RoundDecided(
        shard=frozen.shard,
        round_no=round_no,
        decided_at=from_ms(now_ms),
        cause=cause,
        policy=policy.ref,
        solver=SOLVER,
        inputs=tuple(inputs),
        transitions=transitions,
        lapsed=tuple(
            Lapse(demand_id=frozen.demand_ids[row], version=int(frozen.demands["version"][row]))
            for row in lapsed[:MOST_LAPSES]
        ),
        proposals=proposed,
        line_prices=_line_prices(frozen, matching),
        resource_prices=_resource_prices(frozen, matching),
        certificate=matching.certificate,
        team_parts=_team_parts(frozen, matching),
        size=RoundSize(
            lines=len(seats.lines),
            line_seats=int(seats.need.sum()),
            resources=len(seats.resources),
            resource_seats=int(seats.supply.sum()),
            pairs=matching.allowed,
            components=matching.solution.components,
            left_out=int(matching.left_out.sum())
            + settled.endings.left_out
            + max(len(lapsed) - MOST_LAPSES, 0)
            + matching.claims.left_out
            + sum(verdict.held > 0 and verdict.opened.answered for verdict in matching.claims.verdicts)
            + len(waiting)
            + staying,
        ),
        claims=outcomes(matching),
        outbid=outbid(board, seats, matching, transitions=transitions, proposals=given),
        fairness=cost(board, seats, matching),
        transfers=passed,
    )


def _team_parts(frozen: Frozen, matching: Matching) -> tuple[TeamPart, ...]:
    """What was found for the parts that hold teams, and whether it is certain to be the best."""
    if matching.staffing is None:
        return ()
    parts = matching.staffing.parts
    rows = matching.staffing.lines()
    named = np.zeros(len(frozen.lines), bool)
    named[rows[np.lexsort((rows, matching.given()[rows] == 0))][:MOST_LINES]] = True
    return tuple(
        TeamPart(
            lines=tuple(
                LineRef(demand_id=frozen.demand_ids[frozen.line_demand[line]], line=int(frozen.line_no[line]))
                for line in part.lines[named[part.lines]]
            ),
            value=part.value,
            bound=part.bound,
            certified=part.value == part.bound,
        )
        for part in parts
    )


def _line_prices(frozen: Frozen, matching: Matching) -> tuple[LinePrice, ...]:
    """Prices of lines that are not zero, where the line had a candidate."""
    there = np.zeros(len(frozen.lines), bool)
    there[matching.pairs.line] = True
    return tuple(
        LinePrice.model_construct(
            demand_id=frozen.demand_ids[frozen.line_demand[line]],
            line=int(frozen.line_no[line]),
            price=int(matching.prices.line[line]),
        )
        for line in np.flatnonzero(there & (matching.prices.line > 0))
    )


def _resource_prices(frozen: Frozen, matching: Matching) -> tuple[ResourcePrice, ...]:
    return tuple(
        ResourcePrice.model_construct(
            resource_id=frozen.resource_ids[resource], price=int(matching.prices.resource[resource])
        )
        for resource in np.flatnonzero(matching.prices.resource > 0)
    )
