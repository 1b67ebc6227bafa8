"""What must be in a log after its writers were killed: judged from the log and from what it acknowledged."""

import contextlib
import sqlite3
from collections import Counter
from hashlib import blake2b
from pathlib import Path

from streams.embedded import EmbeddedLog
from streams.log import Position, Record, TopicPartition
from tests.chaos.log_writer import PARTITIONS, TOPICS, draft

ALL = [TopicPartition(topic, number) for topic in TOPICS for number in range(PARTITIONS)]


class Ledger:
    """Reads on from where it was; ``faults`` says in words what is wrong, ``lost`` counts acknowledged records."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.acknowledged = 0
        self.lost = 0
        self._lies_at: dict[str, Position] = {}
        self._next = dict.fromkeys(ALL, 0)
        self._digests = {partition: blake2b() for partition in ALL}

    @property
    def kept(self) -> int:
        """Records found so far."""
        return len(self._lies_at)

    def check(self, log: EmbeddedLog, notes: list[Path]) -> None:
        """Check what was written since the last call; nobody may be writing now."""
        batches: Counter[tuple[str, int]] = Counter()
        for partition in ALL:
            before: dict[str, int] = {}
            for record in log.scan(partition, self._next[partition]):
                identity = self._record(record, partition)
                batch, index, size = _split(identity)
                batches[batch, size] += 1
                if before.get(batch, -1) >= index:
                    self.faults.append(f"{identity} lies before its predecessor")
                before[batch] = index
        for (batch, size), found in batches.items():
            if found != size:
                self.faults.append(f"of batch {batch} there are {found} records, not all {size}")
        for file in notes:
            self._compare(file)

    def check_whole(self, log: EmbeddedLog, path: Path) -> None:
        """Check that nothing that was read before has changed since, and that the file is sound."""
        for partition in ALL:
            digest = blake2b()
            for record in log.scan(partition):
                digest.update(repr(record).encode())
            if digest.digest() != self._digests[partition].digest():
                self.faults.append(f"{partition} is not what it was when it was first read")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            for (verdict,) in connection.execute("PRAGMA integrity_check"):
                if verdict != "ok":
                    self.faults.append(f"the file is damaged: {verdict}")

    def _record(self, record: Record, partition: TopicPartition) -> str:
        identity = dict(record.headers)["ce_id"].decode()
        expected = draft(identity)
        if (record.key, record.value, record.headers) != (expected.key, expected.value, expected.headers):
            self.faults.append(f"{identity} does not have its bytes")
        if record.offset != self._next[partition]:
            self.faults.append(f"{identity} has offset {record.offset}, not {self._next[partition]}")
        if identity in self._lies_at:
            self.faults.append(f"{identity} is there twice")
        self._next[partition] = record.offset + 1
        self._lies_at[identity] = Position(*partition, record.offset)
        self._digests[partition].update(repr(record).encode())
        return identity

    def _compare(self, notes: Path) -> None:
        whole_lines = notes.read_text().split("\n")[:-1] if notes.exists() else []
        for line in whole_lines:
            identity, topic, partition, offset = line.split("\t")
            self.acknowledged += 1
            promised = Position(topic, int(partition), int(offset))
            if self._lies_at.get(identity) != promised:
                self.lost += 1
                self.faults.append(f"{identity} was acknowledged at {promised}: {self._lies_at.get(identity)}")


def _split(identity: str) -> tuple[str, int, int]:
    batch, index, size = identity.rsplit(".", 2)
    return batch, int(index), int(size)
