"""Short ways to read a log in a test."""

from collections.abc import Iterable, Sequence

from streams.log import Draft, Log, Reader, Record, TopicPartition

LONG_S = 60.0
"""Longer than anything takes; a test that waits this long has failed."""


def whole(log: Log, *topics: str) -> dict[TopicPartition, int]:
    """All partitions of ``topics`` from their beginning."""
    return {TopicPartition(topic, number): 0 for topic in topics for number in range(log.partitions)}


async def take(reader: Reader, count: int, *, max_records: int = 1000) -> list[Record]:
    """Poll until ``count`` records have come; then make sure that no more do."""
    records: list[Record] = []
    while len(records) < count:
        batch = await reader.poll(max_records=max_records, timeout_s=LONG_S)
        assert batch, f"only {len(records)} of {count} records came"
        assert len(batch) <= max_records
        records += batch
    records += await reader.poll(max_records=max_records)
    assert len(records) == count
    return records


async def read_all(log: Log, topic: str, count: int) -> list[Record]:
    reader = log.reader(whole(log, topic))
    try:
        return await take(reader, count)
    finally:
        await reader.close()


def drafts_of(values: Iterable[bytes | None], *, key: bytes | None = b"310105") -> list[Draft]:
    return [Draft(key=key, value=value) for value in values]


def content(records: Sequence[Record | Draft]) -> list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]]:
    return [(record.key, record.value, list(record.headers)) for record in records]


def by_partition(records: Iterable[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for record in records:
        found.setdefault(record.partition, []).append(record)
    return found
