"""Answers questions about a shard from its live state, in the process that hosts it."""

from datetime import datetime

from matcher.reasons.solved import Solved
from matcher.state.pool import Frozen, freeze
from matcher.state.shard import ShardState
from schemas.policy import Policy
from schemas.refusals import Refused
from streams.clock import Clock, SystemClock
from streams.host import ShardHost
from streams.questions import Questions, SolvedRounds, moment_of, version_of


class Explainer(Questions):
    """Asks the states of one host; answers are computed in a thread, of a frozen copy."""

    def __init__(self, host: ShardHost, clock: Clock | None = None) -> None:
        self._host = host
        self._clock = clock or SystemClock()
        self._rounds = SolvedRounds(policy=host.policy)

    async def _round(self, shard: str) -> Solved:
        state = self._host.state(shard) or ShardState(shard, self._host.catalogue)

        async def frozen() -> Frozen:
            return freeze(state)

        at = moment_of(state, self._clock.now())
        return await self._rounds.get(shard, version=version_of(state), at=at, frozen=frozen)

    async def _copy(self, shard: str, demand_id: str) -> tuple[Frozen, datetime, Policy]:
        state = self._host.state(shard)
        if state is None:
            raise Refused("not_found", demand_id)
        return freeze(state, also=demand_id), moment_of(state, self._clock.now()), self._host.policy
