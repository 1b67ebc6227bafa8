"""When time alone makes a round of a shard due."""

from typing import Final

import numpy as np

from matcher.state.columns import FOREVER, Bools
from matcher.state.pool import is_known, open_seats
from matcher.state.responses import PATIENCE_MS
from matcher.state.shard import ShardState
from schemas.policy import Escalation

NEVER_UP: Final = Escalation()


def next_alarm_ms(state: ShardState, escalation: Escalation = NEVER_UP) -> int:
    """Return when time alone makes a round due, or FOREVER.

    An answer is overdue, seats lapse, a pair has rested, a claim has waited in vain for its entries, a demand goes
    to the shard above or has visited it for long enough, a resource may be asked for again; at once where the last
    round had to leave lines out.
    """
    if state.rounds.left_out:
        return state.round_at_ms + 1
    is_open = open_seats(state) > 0
    lapsing = state.demands.table.rows["lapses"][is_open]
    waiting = state.rounds.live.rows["answer_by"]
    resting = [
        until
        for rests in (state.rounds.rests, state.transfers.apart)
        for (demand, _), until in rests.items()
        if state.round_at_ms < until < FOREVER and is_open[demand]
    ]
    taken = [until for until in state.transfers.taken.values() if until > state.round_at_ms] if is_open.any() else []
    claiming = [claim.at_ms + PATIENCE_MS for claim in state.responses.open.values() if not is_known(state, claim)]
    return min(
        int(lapsing.min(initial=FOREVER)),
        int(waiting.min(initial=FOREVER)),
        min(resting, default=FOREVER),
        min(claiming, default=FOREVER),
        min(taken, default=FOREVER),
        _moves_at(state, escalation, is_open) if escalation.binds else FOREVER,
    )


def _moves_at(state: ShardState, escalation: Escalation, is_open: Bools) -> int:
    """Return when the next open demand goes up, or a visit of it is over."""
    demands = state.demands.table.rows
    visits = demands["since"][is_open & demands["guest"]] + escalation.visit_minutes * 60_000
    wait, again = escalation.hours_of(state.shard) * 3_600_000, escalation.again_minutes * 60_000
    due = demands["posted"][is_open] + wait if wait else np.zeros(0, np.int64)
    later = np.array([at_ms + again for row, at_ms in state.rounds.went_up.items() if is_open[row]], np.int64)
    return min(int(moments[moments > state.round_at_ms].min(initial=FOREVER)) for moments in (visits, due, later))
