r"""Header names that are no UTF-8: both clients stop for ever before such a record, and anyone can write one.

Kafka checks no header name, and both clients decode it strictly, each deep in its reading of a batch. So that a
stranger cannot stop a reader, a batch that holds such a name is read once more with the bytes in question spelt out
(``\\xff``); all other batches are read as before, and cost nothing more. This is for kafka-python, checked with 3.0.12;
``streams.worker.header_names`` does the same for aiokafka. ``tests/kafka/test_strange_records.py`` tells when a newer
one needs this no more, or needs it otherwise.
"""

from typing import Any

from kafka.record.default_records import DefaultRecordBatch


class Spelling(bytearray):
    """Bytes whose slices decode without failing."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return Spelling(found) if isinstance(place, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self).decode(encoding, "backslashreplace")


def read_any_header_name() -> None:
    """Have kafka-python read any header name, in this process, from now on; a second call does nothing more."""
    DefaultRecordBatch._read_msg = _read_any_msg


_read_msg = DefaultRecordBatch._read_msg


def _read_any_msg(batch: Any) -> Any:
    """Read one record of a batch of kafka-python's."""
    try:
        return _read_msg(batch)
    except UnicodeDecodeError:  # the batch still stands before the record
        batch._buffer = Spelling(batch._buffer)
        return _read_msg(batch)
