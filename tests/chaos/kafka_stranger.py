"""Another process that writes straight to Kafka with kafka-python, whatever brokers and roles are killed meanwhile.

``python -m tests.chaos.kafka_stranger BROKERS JOURNAL`` sends in short bursts until its standard input is closed. Now
and then it puts a sound record into a partition that is not its shard's.
"""

import asyncio
import random
from collections.abc import Sequence

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.log import Draft, Position
from streams.partitioner import partition_of
from tests.chaos.guest import play
from tests.chaos.hand import SOURCE, Hand, Parcel
from tests.chaos.journal import Journal, digest_of
from tests.chaos.process import PARTITIONS
from tests.chaos.stranger import Bursts, Sink

ACK_S = 60.0
"""So long a record may be under way; kafka-python sends it again meanwhile."""


class KafkaSink:
    """kafka-python as it comes, one producer for all bursts."""

    def __init__(self, brokers: str, *, prefix: str) -> None:
        self._prefix = prefix
        self._producer = KafkaProducer(
            bootstrap_servers=brokers.split(","),
            client_id=SOURCE,
            acks="all",
            delivery_timeout_ms=int(ACK_S * 1000),
            request_timeout_ms=10_000,
            reconnect_backoff_max_ms=1000,
        )

    async def append(self, topic: str, drafts: Sequence[Draft]) -> list[Position | None]:
        """Send records in order; return where each lies, None where no broker said so."""
        return await asyncio.to_thread(self._send, topic, [(draft, None) for draft in drafts])

    async def misplace(self, topic: str, draft: Draft, partition: int) -> list[Position | None]:
        """Send one record to a partition of choice."""
        return await asyncio.to_thread(self._send, topic, [(draft, partition)])

    def _send(self, topic: str, drafts: Sequence[tuple[Draft, int | None]]) -> list[Position | None]:
        futures = []
        for draft, partition in drafts:
            headers = [(name, bytes(value)) for name, value in draft.headers]
            try:
                future = self._producer.send(
                    f"{self._prefix}{topic}", value=draft.value, key=draft.key, headers=headers, partition=partition
                )
            except KafkaError:
                future = None  # no broker told it where to; it was never sent
            futures.append(future)
        return [self._position(topic, future) for future in futures]

    def _position(self, topic: str, future: object) -> Position | None:
        if future is None:
            return None
        try:
            found = future.get(timeout=ACK_S * 1.5)  # type: ignore[attr-defined]
        except KafkaError:
            return None
        return Position(topic, found.partition, found.offset)

    async def close(self) -> None:
        """Stay open: the next burst goes on with it."""

    async def end(self) -> None:
        await asyncio.to_thread(self._producer.close, ACK_S)


class Misplacer:
    """Puts sound records where they do not belong."""

    def __init__(self, sink: KafkaSink, journal: Journal, *, seed: str) -> None:
        self._sink, self._journal = sink, journal
        self._chance, self._hand = random.Random(f"{seed} misplacer"), Hand(f"{seed} misplaced")
        self._count = 0

    async def go(self) -> None:
        """Misplace one every second or so, until cancelled."""
        while True:
            await asyncio.sleep(self._chance.uniform(0.3, 2.0))
            self._count += 1
            mark = f"misplaced-{self._count:06}"
            await self._misplace(self._sound(mark), mark)

    def _sound(self, mark: str) -> Parcel:
        while True:
            parcel = self._hand.next(mark)
            if parcel[0] == "good":
                return parcel

    async def _misplace(self, parcel: Parcel, mark: str) -> None:
        _, _, topic, draft = parcel
        home = partition_of(draft.key or b"", PARTITIONS)
        elsewhere = self._chance.choice([other for other in range(PARTITIONS) if other != home])
        self._journal.note("appending", mark=mark, what="misplaced", code="wrong_key", digest=digest_of(draft))
        for position in await self._sink.misplace(topic, draft, elsewhere):
            if position is not None:
                self._journal.note("appended", mark=mark, **position._asdict())


async def run(brokers: str, journal: Journal, *, prefix: str, seed: str) -> None:
    """Write until standard input is closed."""
    sink = await asyncio.to_thread(KafkaSink, brokers, prefix=prefix)

    async def opened() -> Sink | None:
        return sink

    misplacing = asyncio.create_task(Misplacer(sink, journal, seed=seed).go())
    try:
        await Bursts(opened, journal, seed=seed).go()
    finally:
        misplacing.cancel()
        await asyncio.gather(misplacing, return_exceptions=True)
        await sink.end()


if __name__ == "__main__":
    play(__doc__, run)
