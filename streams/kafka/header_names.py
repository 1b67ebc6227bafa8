r"""Header names that are no UTF-8: both clients stop for ever before such a record, and anyone can write one.

Kafka checks no header name, and both clients decode it strictly, each deep in its reading of a batch. So that a
stranger cannot stop a reader, a batch that holds such a name is read once more with the bytes in question spelt out
(``\\xff``); all other batches are read as before, and cost nothing more. Checked with kafka-python 3.0.12 and aiokafka
0.14.0; ``tests/kafka/test_strange_records.py`` tells when a newer one needs this no more, or needs it otherwise.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from kafka.record.default_records import DefaultRecordBatch


class _Spelling(bytearray):
    """Bytes whose slices decode without failing."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _Spelling(found) if isinstance(place, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self).decode(encoding, "backslashreplace")


def read_any_header_name() -> None:
    """Have both clients read any header name, in this process, from now on; a second call does nothing more."""
    DefaultRecordBatch._read_msg = _read_any_msg
    fetcher.MemoryRecords = _KeptRecords
    fetcher.PartitionRecords = _PartitionRecords


_read_msg = DefaultRecordBatch._read_msg
_MemoryRecords = fetcher.MemoryRecords
_StrictPartitionRecords: Any = fetcher.PartitionRecords


def _read_any_msg(batch: Any) -> Any:
    """Read one record of a batch of kafka-python's."""
    try:
        return _read_msg(batch)
    except UnicodeDecodeError:  # the batch still stands before the record
        batch._buffer = _Spelling(batch._buffer)
        return _read_msg(batch)


class _KeptRecords:
    """aiokafka's records of one fetch, the bytes they come from, and how many batches were handed out."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.handed_out = 0
        self._records = _MemoryRecords(data)

    def size_in_bytes(self) -> Any:
        return self._records.size_in_bytes()

    def has_next(self) -> Any:
        return self._records.has_next()

    def next_batch(self) -> Any:
        self.handed_out += 1
        return self._records.next_batch()


class _SpellingBatch(_DefaultRecordBatchPy):  # type: ignore[misc] # aiokafka tells no types
    """A batch of aiokafka's, read in Python, with any header name."""

    def _maybe_uncompress(self) -> None:
        if not self._decompressed:
            super()._maybe_uncompress()
            self._buffer: bytearray = _Spelling(self._buffer)


class _SpellingRecords(_MemoryRecordsPy):  # type: ignore[misc] # aiokafka tells no types
    """The records of one fetch, from the last batch that was handed out."""

    def __init__(self, kept: _KeptRecords) -> None:
        super().__init__(kept.data)
        for _ in range(kept.handed_out - 1):
            self._cache_next()

    def next_batch(self) -> Any:
        batch = _SpellingBatch(self._next_slice)
        self._cache_next()
        return batch


class _PartitionRecords(_StrictPartitionRecords):  # type: ignore[misc] # aiokafka tells no types
    """What aiokafka hands to its consumer of one fetch: where a name cannot be decoded, the rest is read again."""

    def _unpack_records(self) -> Iterator[Any]:
        try:
            yield from super()._unpack_records()
        except UnicodeDecodeError:  # the record before which it stands was not handed out
            self._records: Any = _SpellingRecords(self._records)
            yield from super()._unpack_records()
