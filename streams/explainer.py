"""Answers why a demand stands where it stands, from the live state of its shard."""

import asyncio

from matcher.explain import why_demand
from matcher.fold import from_ms, to_ms
from matcher.pool import freeze
from schemas.refusals import Refused
from schemas.why import DemandWhy
from streams.clock import Clock, SystemClock
from streams.host import ShardHost


class Explainer:
    """Asks the states of one host; the answer is computed in a thread, of a frozen copy."""

    def __init__(self, host: ShardHost, clock: Clock | None = None) -> None:
        self._host = host
        self._clock = clock or SystemClock()

    async def why_demand(self, demand_id: str, shard: str) -> DemandWhy:
        """Return why each line of a demand stands where it does now.

        Raises:
            Refused: not_found, where this host has no such shard or the shard no such demand.
        """
        state = self._host.state(shard)
        if state is None:
            raise Refused("not_found", demand_id)
        now = from_ms(max(to_ms(self._clock.now()), state.round_at_ms))
        frozen = freeze(state, also=demand_id)
        return await asyncio.to_thread(why_demand, frozen, now=now, policy=self._host.policy, demand_id=demand_id)
