"""Faust's consumer as a worker needs it: it begins where it is told, hands on runs of records, commits what is folded.

1. Its ``Bearings`` say where each topic-partition is read from; committed offsets are never read.
2. A message carries a run of records of one topic-partition, not one record: Faust spends four tasks on a message,
   which is more than a fold costs. All else of its flow stands: pressure, rebalances, one agent for each topic.
3. What is committed is how far the partitions have been folded , for those who look at the lag. Where
   a commit fails, the next one says more; it is no reason to stop.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import structlog
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage
from mode import ServiceT

from streams.kafka.source import headers_of
from streams.log import Record
from streams.worker.watchdog import Distance

log = structlog.get_logger(__name__)

RUN: Final = 500
"""So many records at most are one message."""
PATIENCE_S: Final = 1.0


class Bearings(Protocol):
    """Knows where the worker stands."""

    def name_of(self, topic: str) -> str:
        """Return our own name of a topic as the cluster has it."""
        ...

    async def whence(self, tps: set[TP]) -> Mapping[TP, int]:
        """Return from where to read each of the topic-partitions that are ours now. Raises LogError."""
        ...

    def standing(self, tps: set[TP]) -> Mapping[TP, int]:
        """Return how far each of them has been folded, where it has."""
        ...


class PlacedConsumer(driver.Consumer):
    """See the module's rules."""

    transport: "PlacedTransport"

    def __init__(self, *args: Any, **options: Any) -> None:
        """Begin with nothing committed."""
        super().__init__(*args, **options)
        self.committed: dict[TP, int] = {}

    def distances(self) -> dict[str, Distance]:
        """Return what was committed last of each topic-partition, and what is to be."""
        try:
            standing = self.transport.bearings.standing(self.assignment())
        except ConsumerNotStarted:
            return {}
        return {
            f"the commit of {tp.topic} partition {tp.partition}": Distance(self.committed.get(tp, 0), offset)
            for tp, offset in standing.items()
        }

    async def perform_seek(self) -> None:
        """Go to where each of our topic-partitions is to be read from."""
        await self.seek_wait(await self.transport.bearings.whence(self.assignment()))

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Leave it to our own watchdog."""

    async def force_commit(self, topics: object = None, start_new_transaction: bool = True) -> bool:
        """Commit how far we are, where that is further than last time."""
        if self.crashed:
            return False
        assignment = self.assignment()
        standing = self.transport.bearings.standing(assignment)
        further = {tp: offset for tp, offset in standing.items() if offset > self.committed.get(tp, -1)}
        if not further:
            return False
        offsets = {TopicPartition(*tp): OffsetAndMetadata(offset, "") for tp, offset in further.items()}
        thread = self._thread
        try:
            await thread.call_thread(thread._ensure_consumer().commit, offsets)
        except KafkaError as error:
            log.warning("offsets could not be committed; nothing but the lag's display hangs on it", error=str(error))
            return False
        self.committed = {tp: offset for tp, offset in self.committed.items() if tp in assignment} | further
        return True

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        stopping = self.transport.app
        try:
            while not self.should_stop and not cast(Any, fetcher).should_stop:
                await self._hand_on()
        except self.consumer_stopped_errors:
            if not stopping.should_stop:
                raise

    async def _hand_on(self) -> None:
        """Wait for records and put them before the agents; what a rebalance cuts off is read again."""
        found, active = await self._wait_next_records(PATIENCE_S)
        generation = self.app.consumer_generation_id
        if found is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_back()
            return
        for tp, run in runs(cast(Mapping[TP, Sequence[Any]], found)):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if active is None or tp in active or tp in self._buffered_partitions:
                await self.wait_first(self.callback(self._message(tp, run)), self.suspend_flow.wait())

    async def _seek_back(self) -> None:
        """Read again what was not handed on; where the group has moved on by now, the end of its rebalance does so."""
        try:
            await self.perform_seek()
        except (IllegalStateError, TimeoutError) as error:
            log.info("the group changes while records are put back", error=str(error))

    def _message(self, tp: TP, run: Sequence[Any]) -> ConsumerMessage:
        topic = self.transport.bearings.name_of(tp.topic)
        records = [
            Record(topic, each.partition, each.offset, each.key, each.value, headers_of(each.headers), each.timestamp)
            for each in run
        ]
        last = run[-1]
        return ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, last.timestamp_type, [], None,
            cast(Any, records), None, tp=tp, generation_id=self.app.consumer_generation_id,
        )  # fmt: skip


class PlacedTransport(driver.Transport):
    """aiokafka, with that consumer."""

    Consumer = PlacedConsumer

    def __init__(self, url: Any, app: AppT, *, bearings: Bearings) -> None:
        """Take whom to ask where the worker stands."""
        super().__init__(url, app)
        self.bearings = bearings


def runs(found: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Sequence[Any]]]:
    """Yield the records in runs, the topic-partitions in turn, so that none waits for the whole of another."""
    longest = max((len(records) for records in found.values()), default=0)
    for first in range(0, longest, RUN):
        for tp, records in found.items():
            if first < len(records):
                yield tp, records[first : first + RUN]
