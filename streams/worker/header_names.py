r"""Header names that are no UTF-8, read by Faust's client: what ``streams.kafka.header_names`` says of kafka-python.

aiokafka hands out the batches of a fetch one by one; where a name cannot be decoded, the rest of the fetch is read
again, in Python, with the bytes in question spelt out. Checked with aiokafka 0.14.0.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

from streams.kafka.header_names import Spelling


def read_any_header_name() -> None:
    """Have aiokafka read any header name, in this process, from now on; a second call does nothing more."""
    fetcher.MemoryRecords = _KeptRecords
    fetcher.PartitionRecords = _PartitionRecords


_MemoryRecords = fetcher.MemoryRecords
_StrictPartitionRecords: Any = fetcher.PartitionRecords


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
            self._buffer: bytearray = Spelling(self._buffer)


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
