"""Questions about a shard's round as it would be decided now; who hosts the shard and who follows it answer alike.

1. The solved round is kept for as long as nothing was folded, ten seconds at most: then typing in a form costs an
   insertion, not a solve. Waiting and notice move with the time, so an answer is never older than that.
2. Questions that come together share one solve. A few shards are kept; the one not asked for longest goes.
3. Solving and answering run in threads, on a frozen copy: nothing that is asked changes anything.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from matcher.reasons.declining import preview_decline
from matcher.reasons.explain import why_demand, why_in
from matcher.reasons.odds import preview_demand
from matcher.reasons.offers import demands_for, preview_offer
from matcher.reasons.scarcity import price_board
from matcher.reasons.solved import Solved, solved
from matcher.state.fold import from_ms, to_ms
from matcher.state.pool import Frozen
from matcher.state.shard import ShardState
from schemas.demands import Demand
from schemas.policy import Policy
from schemas.preview import DeclinePreview, DemandPreview, OfferPreview, PriceBoard
from schemas.resources import Resource
from schemas.why import DemandWhy

Answer = TypeVar("Answer")
Version = tuple[tuple[str, int], ...]
"""How far a state has folded each topic."""

KEPT: Final = 4
"""Solved rounds that are kept, one a shard."""
FRESH_S: Final = 10.0


def version_of(state: ShardState) -> Version:
    """Return what changes whenever the state does."""
    return tuple(sorted(state.offsets.items()))


def moment_of(state: ShardState, now: datetime) -> datetime:
    """Return the moment of a round decided now: never before the last one's."""
    return from_ms(max(to_ms(now), state.round_at_ms))


@dataclass(frozen=True, slots=True)
class _Kept:
    version: Version
    at: datetime
    solve: "asyncio.Task[Solved]"


class SolvedRounds:
    """Solved rounds by shard. Belongs to one event loop."""

    def __init__(self, *, policy: Policy, most: int = KEPT, fresh_s: float = FRESH_S) -> None:
        self._policy, self._most, self._fresh_s = policy, most, fresh_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def get(
        self, shard: str, *, version: Version, at: datetime, frozen: Callable[[], Awaitable[Frozen]]
    ) -> Solved:
        """Return the round of a shard at ``at``, or the one kept of its ``version``; ``frozen`` copies the state."""
        kept = self._kept.get(shard)
        if kept is None or not self._serves(kept, version=version, at=at):
            kept = _Kept(version, at, asyncio.create_task(self._solve(frozen, at)))
            kept.solve.add_done_callback(_heard)
            self._kept[shard] = kept
        self._kept.move_to_end(shard)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return await asyncio.shield(kept.solve)

    def _serves(self, kept: _Kept, *, version: Version, at: datetime) -> bool:
        failed = kept.solve.done() and (kept.solve.cancelled() or kept.solve.exception() is not None)
        return kept.version == version and 0 <= (at - kept.at).total_seconds() < self._fresh_s and not failed

    async def _solve(self, frozen: Callable[[], Awaitable[Frozen]], at: datetime) -> Solved:
        return await asyncio.to_thread(solved, await frozen(), now=at, policy=self._policy)


class Questions(ABC):
    """What can be asked of a shard; where its state comes from is the heir's to say."""

    @abstractmethod
    async def _round(self, shard: str) -> Solved:
        """Return the solved round of a shard; of an empty pool where nobody has heard of it."""

    @abstractmethod
    async def _copy(self, shard: str, demand_id: str) -> tuple[Frozen, datetime, Policy]:
        """Return the pool with a demand in it that may be closed, and the moment to explain it at."""

    async def why_demand(self, demand_id: str, shard: str) -> DemandWhy:
        """Return why each line of a demand stands where it does now.

        Raises:
            Refused: not_found, where the shard has no such demand; unavailable, where its state cannot be had in time.
        """
        round_ = await self._round(shard)
        if demand_id in round_.frozen.demand_ids:
            return await asyncio.to_thread(why_in, round_, demand_id=demand_id)
        frozen, now, policy = await self._copy(shard, demand_id)
        return await asyncio.to_thread(why_demand, frozen, now=now, policy=policy, demand_id=demand_id)

    async def preview_demand(self, demand: Demand, shard: str) -> DemandPreview:
        """Return what a round now would give a demand that is not posted.

        Raises:
            Refused: unknown_item; unavailable, where the shard's state cannot be had in time.
        """
        return await self._ask(shard, partial(preview_demand, demand=demand))

    async def preview_offer(self, resource: Resource, shard: str) -> OfferPreview:
        """Return what a round now would make of an offer that is not on the list.

        Raises:
            Refused: unknown_item; unavailable.
        """
        return await self._ask(shard, partial(preview_offer, resource=resource))

    async def demands_for(self, resource_id: str, shard: str) -> OfferPreview:
        """Return which open demands an offer on the list would serve.

        Raises:
            Refused: not_found, where the shard has no such open offer; unavailable.
        """
        return await self._ask(shard, partial(demands_for, resource_id=resource_id))

    async def preview_decline(self, assignment_id: str, shard: str) -> DeclinePreview:
        """Return what the decline of an assignment would move elsewhere.

        Raises:
            Refused: not_found, where no such assignment lives; unavailable.
        """
        return await self._ask(shard, partial(preview_decline, assignment_id=assignment_id))

    async def prices(self, shard: str) -> PriceBoard:
        """Return what one more seat would add, by class.

        Raises:
            Refused: unavailable.
        """
        return await self._ask(shard, price_board)

    async def _ask(self, shard: str, question: Callable[[Solved], Answer]) -> Answer:
        return await asyncio.to_thread(question, await self._round(shard))


def _heard(solve: "asyncio.Task[Solved]") -> None:
    """Take note of a failure that nobody waits for; whoever asks next starts anew."""
    if not solve.cancelled():
        solve.exception()
