"""Another system that speaks Kafka and CloudEvents and knows nothing of ours: aiokafka and the CloudEvents SDK.

``python -m tests.chaos.foreigner BROKERS JOURNAL`` posts demands and resources straight to the input topics, reads
the assignments topic from its beginning, and answers what comes out of it. All that it writes is good. The word
"quiet" on its standard input makes it write no more; when that is closed it reads to the end and goes.
"""

import asyncio
import random
import sys
from collections import deque
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from streams.log import Draft
from tests.chaos import entries
from tests.chaos.guest import play
from tests.chaos.journal import Journal, digest_of
from tests.chaos.process import PARTITIONS

SOURCE = "hotline"
RESOURCES, DEMANDS, RESPONSES, ASSIGNMENTS = (
    f"cobuild.{name}.v1" for name in ("resources", "demands", "responses", "assignments")
)
END_S = 60.0
ANSWERS = {"proposed": (("accepted", 5), ("declined", 3)), "confirmed": (("done", 5), ("no_show", 1))}


class Foreigner:
    """Writes and reads at the same time."""

    def __init__(self, brokers: str, journal: Journal, *, prefix: str, seed: str) -> None:
        self._brokers, self._journal, self._prefix = brokers.split(","), journal, prefix
        self._chance = random.Random(f"{seed} {SOURCE}")
        self._count = 0
        self._quiet = asyncio.Event()
        self._closed = asyncio.Event()
        self._news: deque[CloudEvent] = deque(maxlen=200)

    async def go(self) -> None:
        """Write until told to be quiet, read until told to go."""
        told = asyncio.create_task(self._listen())
        reading = asyncio.create_task(self._read())
        await self._write()
        await asyncio.gather(told, reading)

    async def _listen(self) -> None:
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip() == "quiet":
                self._quiet.set()
        self._quiet.set()
        self._closed.set()

    # -- writing ------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._brokers, client_id=SOURCE, acks="all", enable_idempotence=True
        )
        await producer.start()
        try:
            while not self._quiet.is_set():
                await self._act(producer)
                await asyncio.sleep(self._chance.expovariate(1 / 0.15))
        finally:
            await producer.stop()

    async def _act(self, producer: AIOKafkaProducer) -> None:
        self._count += 1
        mark = f"{SOURCE}-{self._count:06}"
        what = self._chance.choices((self._demand, self._resource, self._answer), (5, 4, 6))[0]
        topic, event = what(mark)
        message = to_binary(event, JSONFormat())
        draft = Draft(str(message.key).encode(), message.value, list(message.headers.items()))
        self._journal.note(
            "appending", mark=mark, what=f"foreign {event.get_type()}", code=None, digest=digest_of(draft)
        )  # fmt: skip
        try:
            found = await producer.send_and_wait(
                f"{self._prefix}{topic}", key=draft.key, value=draft.value, headers=list(draft.headers)
            )
        except KafkaError as error:
            sys.stderr.write(f"{mark} is not acknowledged: {error!r}\n")
            return
        self._journal.note("appended", mark=mark, topic=topic, partition=found.partition, offset=found.offset)

    def _demand(self, mark: str) -> tuple[str, CloudEvent]:
        district = self._chance.choice(entries.DISTRICTS)
        body = entries.demand(self._chance, district=district, mark=mark)
        demand = body | {"demand_id": f"d-{mark}", "posted_at": _now().isoformat()}
        return DEMANDS, _event("demand.posted", mark, {"demand": demand}, district)

    def _resource(self, mark: str) -> tuple[str, CloudEvent]:
        district = self._chance.choice(entries.DISTRICTS)
        body = entries.resource(self._chance, district=district, mark=mark)
        resource = body | {"resource_id": f"r-{mark}", "offered_at": _now().isoformat()}
        return RESOURCES, _event("resource.offered", mark, {"resource": resource}, district)

    def _answer(self, mark: str) -> tuple[str, CloudEvent]:
        """Say something to the newest that came out, else ask for something."""
        if not self._news:
            return self._demand(mark)
        event = self._news.pop()
        data: Any = event.get_data()
        word = str(event.get_type()).split(".")[-2]
        choices, weights = zip(*ANSWERS[word], strict=True)
        assignment = data["assignment"]["assignment_id"] if word == "proposed" else data["assignment_id"]
        answer = {"assignment_id": assignment, "shard": data["shard"], "by": "requester", "at": _now().isoformat()}
        said = self._chance.choices(choices, weights)[0]
        return RESPONSES, _event(f"response.{said}", mark, answer, data["shard"])

    # -- reading ------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._brokers, client_id=SOURCE, group_id=None)
        places = [TopicPartition(f"{self._prefix}{ASSIGNMENTS}", number) for number in range(PARTITIONS)]
        await consumer.start()
        try:
            consumer.assign(places)
            await consumer.seek_to_beginning()
            while not self._closed.is_set():
                await self._take(consumer)
            async with asyncio.timeout(END_S):
                ends = await consumer.end_offsets(places)
                while any([await consumer.position(place) < end for place, end in ends.items()]):
                    await self._take(consumer)
        finally:
            await consumer.stop()

    async def _take(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                self._hear(record)

    def _hear(self, record: ConsumerRecord) -> None:
        draft = Draft(record.key, record.value, record.headers)
        self._journal.note("heard", partition=record.partition, offset=record.offset, digest=digest_of(draft))
        message = KafkaMessage(headers=dict(record.headers), key=record.key.decode(), value=record.value)
        event = from_binary(message, JSONFormat(), CloudEvent)
        if str(event.get_type()).split(".")[-2] in ANSWERS:
            self._news.append(event)


def _event(kind: str, mark: str, data: dict[str, Any], shard: str) -> CloudEvent:
    attributes = {
        "id": f"e-{mark}",
        "source": SOURCE,
        "type": f"cn.cobuild.{kind}.v1",
        "specversion": "1.0",
        "time": _now(),
        "datacontenttype": "application/json",
        "partitionkey": shard,
    }
    return CloudEvent(attributes, data)


def _now() -> datetime:
    return datetime.now(UTC)


async def run(brokers: str, journal: Journal, *, prefix: str, seed: str) -> None:
    await Foreigner(brokers, journal, prefix=prefix, seed=seed).go()


if __name__ == "__main__":
    play(__doc__, run)
