"""The wall clock of a worker: one tick per due shard, sent to the agent that begins the round.

1. It looks whenever something was folded or a moment has come, but not more often than every ``SHORTEST_S``.
2. Ticks go through a channel in memory, so that they stand still while the group rebalances, as the streams do.
3. A tick that was sent and not taken is not sent again, unless it seems lost: a rebalance empties the channel.
"""

import asyncio
from typing import Any, Final, cast

from faust.types import ChannelT

from streams.clock import Clock
from streams.pace import Due
from streams.rounds import Rounds
from streams.worker.holdings import Holdings

SHORTEST_S: Final = 0.003
LONGEST_S: Final = 1.0
RESTORING_S: Final = 0.05
LOST_S: Final = 2.0


class Pacemaker:
    """See the module's rules."""

    def __init__(self, *, rounds: Rounds, holdings: Holdings, clock: Clock, ticks: ChannelT[Due]) -> None:
        self._rounds, self._holdings, self._clock, self._ticks = rounds, holdings, clock, ticks
        self._sent: dict[str, float] = {}
        self._deciding: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send ticks until cancelled."""
        news, loop = self._holdings.news, asyncio.get_running_loop()
        while True:
            news.clear()
            for due in self._rounds.due(self._clock.now(), partitions=self._holdings.opened):
                if self._sent.get(due.shard, 0.0) < loop.time() - LOST_S:
                    self._sent[due.shard] = loop.time()
                    await self._ticks.put(cast(Any, due))
            await asyncio.sleep(SHORTEST_S)
            try:
                async with asyncio.timeout(self._patience_s()):
                    await news.wait()
            except TimeoutError:
                continue

    def begin(self, due: Due) -> None:
        """Begin the round of a tick, where its shard is still ours and has none in flight."""
        self._sent.pop(due.shard, None)
        host = self._rounds.host
        if due.shard not in host.agenda.paces or host.agenda.is_in_flight(due.shard):
            return
        if host.partition(due.shard) not in self._holdings.opened:
            return
        try:
            task = asyncio.create_task(self._rounds.begin(due, now=self._clock.now()))
        except Exception as error:
            self._holdings.fail(error)
            return
        self._deciding.add(task)
        task.add_done_callback(self._decided)

    async def close(self) -> None:
        """Let go of the rounds in flight: what was appended of them counts, whoever reads it back."""
        tasks = list(self._deciding)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _decided(self, task: asyncio.Task[None]) -> None:
        self._deciding.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._holdings.fail(error)

    def _patience_s(self) -> float:
        """How long nothing can become due if nothing is folded."""
        if self._rounds.host.agenda.in_flight >= self._rounds.most_in_flight:
            return LONGEST_S
        now = self._clock.now()
        due = self._rounds.host.next_due(now)
        if due is None:
            return LONGEST_S
        shortest_s = 0.0 if self._holdings.settled.is_set() else RESTORING_S
        return min(LONGEST_S, max(shortest_s, (due - now).total_seconds()))
