"""Answers questions about shards in a process that hosts none: it follows those asked for.

1. A shard comes back alone, from the newest snapshots of its partition, and is read on to where the log ends when
   the question is asked. So the answer is that of the shard's owner, as of the last round that counts.
2. A few shards stay warm: the next question costs only what was written since. The one not asked for longest goes.
3. Questions for one shard share the reading. A state is touched by one thread at a time.
4. A question waits for so long and no longer; the reading goes on, for whoever asks next.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import structlog

from matcher.reasons.solved import Solved
from matcher.state.fold import StateBrokenError
from matcher.state.pool import Frozen, freeze
from matcher.state.shard import ShardState
from schemas.catalogue import Catalogue
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.sharding import DISTRICT, is_above
from streams.clock import Clock, SystemClock
from streams.host import TOPICS
from streams.log import Log, LogError, Reader, Record, TopicPartition
from streams.questions import Questions, SolvedRounds, Version, moment_of, version_of
from streams.reading import check_partition, read_event
from streams.restore import RECORD_WAIT_S, restore_shard
from streams.snapshots import SnapshotStore

log = structlog.get_logger(__name__)

WARM: Final = 4
"""So many shards are kept, each with its state in memory."""
PATIENCE_S: Final = 20.0
FAR: Final = 50_000
"""A shard so many records behind looks for newer snapshots first."""
POLL_RECORDS: Final = 2_000


class FollowingExplainer(Questions):
    """See the module's rules. Belongs to one event loop."""

    def __init__(
        self,
        *,
        log: Log,
        snapshots: SnapshotStore | None,
        catalogue: Catalogue,
        policy: Policy,
        shard_width: int = DISTRICT,
        clock: Clock | None = None,
        warm: int = WARM,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Prepare; nothing is read before the first question.

        Args:
            log: where the shards' events lie.
            snapshots: where their owners save them; None: they are read from the log's beginning.
            catalogue: the catalogue in force.
            policy: the policy in force: the same as that of the owners.
            shard_width: digits of a region that make a shard.
            clock: the present time; by default the machine's.
            warm: how many shards are kept, and how many are asked about at the same time.
            patience_s: how long a question waits.
        """
        self._log, self._snapshots = log, snapshots
        self._catalogue, self._policy, self._width = catalogue, policy, shard_width
        self._clock = clock or SystemClock()
        self._patience_s = patience_s
        self._rounds = SolvedRounds(policy=policy)
        self._warm_most = warm
        self._warm: dict[str, _Followed] = {}
        """The one asked for last comes last."""
        self._permits = asyncio.Semaphore(warm)
        """One is held by every shard that somebody waits for."""

    async def _round(self, shard: str) -> Solved:
        async with self._reached(shard) as followed:
            version, at = followed.standing(self._clock.now())
            return await self._rounds.get(shard, version=version, at=at, frozen=followed.frozen)

    async def _copy(self, shard: str, demand_id: str) -> tuple[Frozen, datetime, Policy]:
        async with self._reached(shard) as followed:
            _, at = followed.standing(self._clock.now())
            return await followed.frozen(also=demand_id), at, self._policy

    @asynccontextmanager
    async def _reached(self, shard: str) -> "AsyncIterator[_Followed]":
        """Give the shard, read on to where the log ends now.

        Raises:
            Refused: not_found, where it is no shard; unavailable, where its state cannot be had in time.
        """
        if len(shard) != self._width and not is_above(shard, self._width):
            raise Refused("not_found", shard)
        try:
            async with asyncio.timeout(self._patience_s), self._followed(shard) as followed:
                await followed.reach(await self._log.end_offsets(TOPICS))
                yield followed
        except TimeoutError:
            raise Refused("unavailable", f"shard {shard} is still being read") from None
        except (LogError, OSError, StateBrokenError) as error:
            raise Refused("unavailable", f"shard {shard} cannot be read") from error

    async def close(self) -> None:
        """Let go of every shard; the log stays open."""
        while self._warm:
            _, followed = self._warm.popitem()
            await followed.close()

    @asynccontextmanager
    async def _followed(self, shard: str) -> "AsyncIterator[_Followed]":
        followed = await self._enter(shard)
        try:
            yield followed
        finally:
            followed.users -= 1
            if not followed.users:
                self._permits.release()
            if followed.failed and self._warm.get(shard) is followed:
                del self._warm[shard]
                await followed.close()

    async def _enter(self, shard: str) -> "_Followed":
        """Return the shard with one user more; the first one waits for a permit."""
        if not self._asked(shard):
            await self._permits.acquire()
            if self._asked(shard):  # by another question meanwhile
                self._permits.release()
        followed = self._warm.pop(shard, None)
        gone = self._longest_unasked() if followed is None and len(self._warm) >= self._warm_most else None
        if followed is None:
            followed = _Followed(
                shard, log=self._log, snapshots=self._snapshots, catalogue=self._catalogue, width=self._width
            )
        self._warm[shard] = followed
        followed.users += 1
        if gone is not None:
            await gone.close()
        return followed

    def _asked(self, shard: str) -> bool:
        return shard in self._warm and self._warm[shard].users > 0

    def _longest_unasked(self) -> "_Followed | None":
        name = next((name for name, followed in self._warm.items() if not followed.users), None)
        return None if name is None else self._warm.pop(name)


class _Followed:
    """One shard: its state, and how far the topics of its partition are read."""

    def __init__(
        self, shard: str, *, log: Log, snapshots: SnapshotStore | None, catalogue: Catalogue, width: int
    ) -> None:
        self.users = 0
        self.failed = False
        self._shard, self._key, self._width = shard, shard.encode(), width
        self._log, self._snapshots, self._catalogue = log, snapshots, catalogue
        self._places = [TopicPartition(topic, log.partition_of(self._key)) for topic in TOPICS]
        self._positions: dict[TopicPartition, int] = dict.fromkeys(self._places, 0)
        self._state: ShardState | None = None
        self._turn = asyncio.Lock()
        self._reader: Reader | None = None
        self._reading: asyncio.Task[None] | None = None

    async def reach(self, ends: Mapping[TopicPartition, int]) -> None:
        """Return when everything before ``ends`` is folded; raise what went wrong on the way."""
        while self._state is None or self._behind(ends):
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_on(ends))
                self._reading.add_done_callback(self._done)
            await asyncio.shield(self._reading)

    def standing(self, now: datetime) -> tuple[Version, datetime]:
        """Return how far the state has got, and the moment of a round of it decided now."""
        return version_of(self._known), moment_of(self._known, now)

    async def frozen(self, *, also: str | None = None) -> Frozen:
        """Copy the state, in a thread."""
        async with self._turn:
            return await asyncio.to_thread(freeze, self._known, also=also)

    async def close(self) -> None:
        """Stop reading and let go."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        if self._reader is not None:
            await self._reader.close()

    async def _read_on(self, ends: Mapping[TopicPartition, int]) -> None:
        reader = await self._reader_for(ends)
        while self._behind(ends):
            records = await reader.poll(max_records=POLL_RECORDS, timeout_s=RECORD_WAIT_S)
            if not records:
                raise LogError(f"the records of {self._places[0].partition} before {dict(ends)} do not come")
            mine = [record for record in records if record.key == self._key]
            async with self._turn:
                if mine:
                    await asyncio.to_thread(self._fold, mine)
                self._positions = reader.positions()

    async def _reader_for(self, ends: Mapping[TopicPartition, int]) -> Reader:
        """Return the reader; where there is none, or it is far behind, one that starts where the snapshots end."""
        if self._reader is None or self._behind(ends) > FAR:
            state, positions = await restore_shard(
                self._shard, log=self._log, store=self._snapshots, catalogue=self._catalogue
            )
            if self._reader is not None and sum(positions.values()) <= sum(self._positions.values()):
                return self._reader
            before = self._reader
            self._state, self._positions = state, {place: positions.get(place.topic, 0) for place in self._places}
            self._reader = self._log.reader(self._positions)
            if before is not None:
                await before.close()
        return self._reader

    def _behind(self, ends: Mapping[TopicPartition, int]) -> int:
        return sum(max(0, ends[place] - self._positions[place]) for place in self._places)

    def _fold(self, records: Sequence[Record]) -> None:
        for record in records:
            try:
                event = read_event(record, width=self._width)
                check_partition(record, self._log.partition_of)
                self._known.fold(event, topic=record.topic, offset=record.offset)
            except Refused:
                continue  # a dead letter, written by the shard's owner

    @property
    def _known(self) -> ShardState:
        if self._state is None:
            raise TypeError(f"{self._shard} was not restored")
        return self._state

    def _done(self, reading: asyncio.Task[None]) -> None:
        """Tell what went wrong even where nobody waits any more; the next question starts anew."""
        if not reading.cancelled() and reading.exception() is not None:
            self.failed = True
            log.error("a shard cannot be followed", shard=self._shard, exc_info=reading.exception())
