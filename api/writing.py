"""Writing to the log: one writer per entity at a time, and what this process wrote last is remembered.

The lists come some milliseconds behind the log. In between, the ledger answers for what was written here: a
second POST of an id, or a change right after it, meets the first one. Another process is met when the lists
have seen it; what slips through that gap the fold refuses to dead letters, so the state stays right.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from api.commands import Command
from api.gathering import Gathering
from api.ports import EventSink
from api.positions import Position, latest
from api.reading import Reading
from schemas.base import Fact
from schemas.envelope import Event, new_event
from schemas.sharding import shard_of

_MOST = 1_000
"""Events of one append."""


@dataclass(frozen=True, slots=True)
class Written:
    """The last write of an entity: its version and where it lies."""

    version: int
    position: Position


@dataclass(slots=True)
class _Hold:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Writer:
    """Makes events and publishes them; remembers the last ``size`` entities written."""

    def __init__(self, *, sink: EventSink, size: int, source: str, shard_width: int) -> None:
        self._sink = sink
        self._gathering: Gathering[Event[Fact], Position] = Gathering(self.publish_all, most=_MOST)
        self._source = source
        self._shard_width = shard_width
        self._size = size
        self._holds: dict[str, _Hold] = {}
        self._ledger: OrderedDict[str, Written] = OrderedDict()

    def shard(self, region: str) -> str:
        """Return the key of the shard that owns ``region``."""
        return shard_of(region, self._shard_width)

    def event(self, fact: Fact, *, shard: str, command: Command, name: str = "") -> Event[Fact]:
        """Return a fact as the event of a command; ``name`` tells its events apart."""
        return new_event(fact, id=command.event_id(name), source=self._source, key=shard, time=command.at)

    @asynccontextmanager
    async def hold(self, entity: str) -> AsyncIterator[None]:
        """Keep every other writer of ``entity`` waiting."""
        held = self._holds.setdefault(entity, _Hold())
        held.users += 1
        try:
            async with held.lock:
                yield
        finally:
            held.users -= 1
            if not held.users:
                del self._holds[entity]

    @asynccontextmanager
    async def hold_all(self, entities: Collection[str]) -> AsyncIterator[None]:
        """Keep every other writer of any of ``entities`` waiting; in one order, so that no two wait for each other."""
        async with AsyncExitStack() as held:
            for entity in sorted(entities):
                await held.enter_async_context(self.hold(entity))
            yield

    def recall(self, entity: str) -> Written | None:
        """Return the last write of ``entity`` by this process, if it is still remembered."""
        return self._ledger.get(entity)

    async def seen(self, entity: str, *, reading: Reading) -> None:
        """Return once the lists show the last write of ``entity``: this process's, or what was written before it began.

        Raises:
            Refused: read_model_behind.
        """
        written = self.recall(entity)
        if written is None:
            await reading.catch_up()
        else:
            await reading.settle([written.position])

    async def shown(self, entities: Iterable[str], *, reading: Reading) -> None:
        """Return once the lists show the last write of each of ``entities``, as ``seen``."""
        written = [note.position for entity in entities if (note := self._ledger.get(entity)) is not None]
        await reading.catch_up()
        await reading.settle(latest(written))

    async def publish(self, event: Event[Fact], *, entity: str, version: int) -> Position:
        """Append one event and remember it as the last write of ``entity``; a lower version is not remembered."""
        position = await self._gathering.ask(event)
        self.remember(entity, version=version, position=position)
        return position

    async def publish_all(self, events: Sequence[Event[Fact]]) -> list[Position]:
        """Append events; return where each lies. The order holds within a topic, each of which is appended to once."""
        order = sorted(range(len(events)), key=lambda place: events[place].topic.name)
        found = await self._sink.publish([events[place] for place in order])
        return [Position(*where) for _, where in sorted(zip(order, found, strict=True))]

    def remember(self, entity: str, *, version: int, position: Position) -> None:
        """Note a write of ``entity``; of equal versions the later one counts."""
        known = self._ledger.get(entity)
        if known is not None and known.version > version:
            return
        self._ledger[entity] = Written(version, position)
        self._ledger.move_to_end(entity)
        if len(self._ledger) > self._size:
            self._ledger.popitem(last=False)
