"""A crowd that keeps asking in every district, and what is to be read of the decision log afterwards."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count

from schemas.base import Window
from schemas.envelope import decode
from schemas.rounds import RoundDecided
from schemas.topics import ASSIGNMENTS, DEMANDS, RESOURCES, ROUNDS
from streams.log import Log, Record
from tests.builders import line, offered, posted
from tests.loops import record_draft, records

ITEM = "relief.micro_wish_service"
"""Needs neither licence nor insurance."""
DISTRICTS = ("310101", "310104", "310105", "310106", "310107", "310109", "310110", "310112")
_ids = count()


class Crowd:
    """Asks and offers now, in every district in turn; ``posted`` names the demands that were acknowledged."""

    def __init__(self, log: Log, *, item: str = ITEM) -> None:
        self._log, self._item = log, item
        self.posted: list[str] = []

    async def ask(self, district: str) -> str:
        """Put a demand and what serves it on the lists of a district; return the demand's id."""
        now, number = datetime.now(UTC), next(_ids)
        home, name = f"{district}001001", f"d{number}"
        resource = offered(f"r{number}", item=self._item, home=home, scope=(district,), offered_at=now)
        window = Window(start=now + timedelta(hours=1), end=now + timedelta(hours=9))
        demand = posted(name, line(self._item), community=home, window=window, posted_at=now)
        await self._log.append(RESOURCES.name, [record_draft(resource, time=now)])
        await self._log.append(DEMANDS.name, [record_draft(demand, time=now)])
        self.posted.append(name)
        return name

    async def ask_everywhere(self, times: int = 1) -> None:
        """Ask in every district."""
        for _ in range(times):
            for district in DISTRICTS:
                await self.ask(district)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Keep asking in every district for the time of the block."""

        async def keep_asking() -> None:
            while True:
                await self.ask_everywhere()
                await asyncio.sleep(0.02)

        task = asyncio.create_task(keep_asking())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class Book:
    """The decision log and what was published, as they lie."""

    def __init__(self, rounds: list[Record], assignments: list[Record]) -> None:
        self.counted: dict[str, list[tuple[Record, RoundDecided]]] = defaultdict(list)
        self.void: list[RoundDecided] = []
        self.published: dict[str, set[bytes]] = defaultdict(set)
        for record in rounds:
            self._enter(record)
        for record in assignments:
            self.published[dict(record.headers)["ce_id"].decode()].add(record.value or b"")

    @classmethod
    async def read(cls, log: Log) -> "Book":
        """Read everything there is."""
        return cls(await records(log, ROUNDS.name), await records(log, ASSIGNMENTS.name))

    def check(self) -> None:
        """No round is lost or doubled, nothing is given twice, and what was published is what the rounds say."""
        for shard, rounds in self.counted.items():
            assert [decided.round_no for _, decided in rounds] == list(range(1, len(rounds) + 1)), shard
        given = [proposal for decided in self.decided for proposal in decided.proposals]
        assert len({proposal.assignment_id for proposal in given}) == len(given)
        assert len({(each.demand_id, each.line) for each in given}) == len(given), "a demand was served twice"
        assert len({each.resource_id for each in given}) == len(given), "a resource was given twice"
        assert {f"{proposal.assignment_id}-proposed" for proposal in given} == self.published.keys()
        assert all(len(contents) == 1 for contents in self.published.values()), "one id, two facts"

    @property
    def decided(self) -> list[RoundDecided]:
        """The rounds that count."""
        return [decided for rounds in self.counted.values() for _, decided in rounds]

    @property
    def served(self) -> set[str]:
        """The demands that got somebody."""
        return {proposal.demand_id for decided in self.decided for proposal in decided.proposals}

    def times(self, partition: int, *, after_ms: float = 0, before_ms: float = 2**62) -> list[int]:
        """Return when rounds of a partition were decided, in ms, in order."""
        found = [record for rounds in self.counted.values() for record, _ in rounds if record.partition == partition]
        return sorted(each.timestamp_ms for each in found if after_ms < each.timestamp_ms < before_ms)

    def _enter(self, record: Record) -> None:
        event = decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)
        assert isinstance(event.data, RoundDecided)
        rounds = self.counted[event.key]
        if event.data.round_no == len(rounds) + 1:
            rounds.append((record, event.data))
        elif event.data.round_no <= len(rounds):
            self.void.append(event.data)
        else:
            raise AssertionError(f"{event.key}: round {event.data.round_no} after {len(rounds)}")


async def until_served(log: Log, crowd: Crowd, *, patience_s: float = 90.0) -> Book:
    """Wait until everyone who asked got somebody and it is published; return the book."""
    async with asyncio.timeout(patience_s):
        while True:
            book = await Book.read(log)
            if set(crowd.posted) <= book.served and sum(len(each.proposals) for each in book.decided) == len(
                book.published
            ):
                return book
            await asyncio.sleep(0.2)
