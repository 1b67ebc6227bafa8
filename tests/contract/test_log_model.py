"""The log port against a model in memory: any sequence of appends, reads, seeks, commits and openings."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from kafka.partitioner.default import murmur2

from streams.log import Draft, Log, Reader, TopicPartition
from tests.contract.adapters import ADAPTERS, LogPlace, adapter
from tests.contract.reading import LONG_S, content

Result = TypeVar("Result")
Content = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]

names = st.sampled_from(["ce_id", "ce_type", "content-type"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=5
)
headers = st.lists(st.tuples(names, st.binary(max_size=20) | st.binary(min_size=300, max_size=300)), max_size=4)
keys = st.none() | st.sampled_from([b"310105", b"310101", b"110108", b""]) | st.binary(max_size=12)
values = st.none() | st.binary(max_size=60) | st.integers(0, 255).map(lambda byte: bytes([byte]) * 70_000)
batches = st.lists(st.builds(Draft, key=keys, value=values, headers=headers), max_size=6)


class LogModel(RuleBasedStateMachine):
    """What the log must hold lies in ``kept``; where each reader must stand lies in ``at``."""

    place_of: Callable[[], AbstractAsyncContextManager[LogPlace]]
    readers = Bundle("readers")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.place: LogPlace = self.run(self.stack.enter_async_context(type(self).place_of()))
        self.log: Log = self.run(self.place.open())
        self.topics: list[str] = []
        self.kept: defaultdict[TopicPartition, list[Content]] = defaultdict(list)
        self.open: dict[int, Reader] = {}
        self.at: dict[int, dict[TopicPartition, int]] = {}
        self.commits: defaultdict[str, dict[TopicPartition, int]] = defaultdict(dict)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def partition(self, topic: int, number: int) -> TopicPartition:
        return TopicPartition(self.topics[topic], number % self.log.partitions)

    @initialize()
    def make_topics(self) -> None:
        self.topics = [self.run(self.place.new_topic()) for _ in range(2)]

    @rule(topic=st.integers(0, 1), callers=st.lists(batches, min_size=1, max_size=4))
    def append(self, topic: int, callers: list[list[Draft]]) -> None:
        async def at_once() -> list[Any]:
            return await asyncio.gather(*(self.log.append(self.topics[topic], batch) for batch in callers))

        given = self.run(at_once())
        told = [
            pair for batch, positions in zip(callers, given, strict=True) for pair in zip(positions, batch, strict=True)
        ]
        for position, draft in sorted(told, key=lambda pair: pair[0]):
            partition = TopicPartition(position.topic, position.partition)
            assert position.topic == self.topics[topic]
            assert position.offset == len(self.kept[partition])
            if draft.key is not None:
                assert position.partition == (murmur2(draft.key) & 0x7FFFFFFF) % self.log.partitions
            self.kept[partition] += content([draft])
        for positions in given:
            for number in range(self.log.partitions):
                own = [position.offset for position in positions if position.partition == number]
                assert own == sorted(own)

    @rule(target=readers, starts=st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 9)), st.integers(0, 8)))
    def read_from(self, starts: dict[tuple[int, int], int]) -> int:
        name = len(self.at)
        self.at[name] = {self.partition(*where): offset for where, offset in starts.items()}
        self.open[name] = self.log.reader(self.at[name])
        return name

    @rule(reader=readers, max_records=st.integers(1, 12))
    def poll(self, reader: int, max_records: int) -> None:
        at = self.at[reader]
        due = sum(max(0, len(self.kept[partition]) - offset) for partition, offset in at.items())
        records = self.run(self.reader(reader).poll(max_records=max_records, timeout_s=LONG_S if due else 0.0))
        assert bool(records) == bool(due)
        assert len(records) <= max_records
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            assert record.offset == at[partition]
            assert content([record]) == [self.kept[partition][record.offset]]
            at[partition] += 1

    @rule(reader=readers, topic=st.integers(0, 1), number=st.integers(0, 9), offset=st.integers(-1, 12))
    def seek(self, reader: int, topic: int, number: int, offset: int) -> None:
        partition = self.partition(topic, number)
        self.reader(reader).seek(partition, offset)
        self.at[reader][partition] = offset
        if offset == -1:
            del self.at[reader][partition]

    @rule(
        group=st.sampled_from(["matcher", "projector"]),
        offsets=st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 9)), st.integers(0, 2**40)),
    )
    def commit(self, group: str, offsets: dict[tuple[int, int], int]) -> None:
        named = {self.partition(*where): offset for where, offset in offsets.items()}
        self.run(self.log.commit(self.group(group), named))
        self.commits[group] |= named

    @rule()
    def close_and_open(self) -> None:
        self.run(self.log.close())
        self.open.clear()
        self.log = self.run(self.place.open())

    @invariant()
    def ends_are_where_they_must_be(self) -> None:
        ends = self.run(self.log.end_offsets(self.topics))
        assert len(ends) == len(self.topics) * self.log.partitions
        assert ends == {partition: len(self.kept[partition]) for partition in ends}

    @invariant()
    def readers_stand_where_they_must(self) -> None:
        for name, reader in self.open.items():
            assert reader.positions() == self.at[name]

    @invariant()
    def groups_know_what_they_committed(self) -> None:
        for group, offsets in self.commits.items():
            assert self.run(self.log.committed(self.group(group))) == offsets

    def group(self, name: str) -> str:
        """Groups of one example; on a shared broker those of earlier ones live on."""
        return f"{name}.{self.topics[0]}"

    def reader(self, name: int) -> Reader:
        """The reader, opened again at its positions where the log was closed meanwhile."""
        if name not in self.open:
            self.open[name] = self.log.reader(self.at[name])
        return self.open[name]

    def teardown(self) -> None:
        self.run(self.log.close())
        self.run(self.stack.aclose())
        self.runner.close()


EFFORT = {"kafka": (12, 20)}
"""Examples and steps, where a step costs milliseconds instead of microseconds."""


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_log_behaves_as_the_model_says(name: str, request: pytest.FixtureRequest) -> None:
    machine = type("Model", (LogModel,), {"place_of": staticmethod(adapter(name, request))})
    examples, steps = EFFORT.get(name, (100, 30))
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )
