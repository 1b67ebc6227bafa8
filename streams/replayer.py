"""One round recomputed on demand, for people who doubt it.

1. It costs a reading of the shard's history up to the round: one at a time, and for so long only.
2. Nothing is kept: every answer comes out of the log.
"""

import asyncio
import json
from typing import Final

from matcher.round.decide import SOLVER
from schemas.catalogue import Catalogue
from schemas.refusals import Refused
from schemas.replay import RoundReplay
from schemas.rounds import RoundDecided
from schemas.sharding import DISTRICT
from streams.log import Log, LogError
from streams.replay import Policies, replay
from streams.replay_report import ReplayReport

PATIENCE_S: Final = 60.0


class Replayer:
    """See the module's rules. Belongs to one event loop."""

    def __init__(
        self,
        *,
        log: Log,
        catalogue: Catalogue,
        policies: Policies,
        shard_width: int = DISTRICT,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._log, self._catalogue, self._policies = log, catalogue, policies
        self._width, self._patience_s = shard_width, patience_s
        self._busy = asyncio.Lock()

    async def replay(self, recorded: RoundDecided) -> RoundReplay:
        """Decide a round anew from the log, up to what it had seen.

        Raises:
            Refused: ``unavailable`` where another one is being recomputed, it takes too long, or the log is away;
                ``not_found`` where the log has no such round.
        """
        if self._busy.locked():
            raise Refused("unavailable", "another round is being recomputed")
        async with self._busy:
            try:
                async with asyncio.timeout(self._patience_s):
                    report = await replay(
                        self._log,
                        self._catalogue,
                        self._policies,
                        shard=recorded.shard,
                        round_no=recorded.round_no,
                        shard_width=self._width,
                    )
            except TimeoutError as error:
                raise Refused("unavailable", "the history is long: use `cobuild replay`") from error
            except LogError as error:
                raise Refused("unavailable", str(error)) from error
        return _told(recorded, report)


def _told(recorded: RoundDecided, report: ReplayReport) -> RoundReplay:
    told = RoundReplay(
        shard=recorded.shard,
        round_no=recorded.round_no,
        outcome="tied" if report.tied else "equal" if report.equal else "unchecked",
        policy=recorded.policy,
        solver=recorded.solver,
        other_solver=recorded.solver != SOLVER,
    )
    mine = [each for each in report.differences if each.round_no == recorded.round_no]
    if mine:
        return told.model_copy(
            update={
                "outcome": "policy_unknown" if mine[0].where == "policy" else "different",
                "where": mine[0].where,
                "recorded": json.dumps(mine[0].recorded, ensure_ascii=False),
                "recomputed": json.dumps(mine[0].recomputed, ensure_ascii=False),
            }
        )
    if not report.checked and not report.unchecked:
        raise Refused("not_found", f"{recorded.shard}/{recorded.round_no}")
    return told
