"""What a record of the manifests topic says: a manifest's bytes, and where the chunks of the snapshots lie.

The key is the manifest's name; the value, packed with zlib, is one line of JSON (``Index``), then the bytes.
"""

import zlib
from collections.abc import Iterable
from hashlib import blake2b
from typing import Annotated, Final, NamedTuple

from pydantic import Field, ValidationError

from schemas.base import Fact
from streams.log import Record

LEVEL: Final = 1
"""Of zlib: a fifth of a state's size, at the speed of a disk; higher levels gain a few per cent for thrice the time."""


class Blob(Fact):
    """Where one snapshot lies in the snapshots topic, in the partition of its name."""

    subject: Annotated[
        str, Field(description="What it is of; with writer and slot, the beginning of the chunks' keys.")
    ]
    writer: str
    slot: int
    digest: str
    offsets: tuple[int, ...]

    def keys(self) -> list[bytes]:
        """Return the keys of the chunks."""
        return [f"{self.subject}#{self.writer}#{self.slot}#{number}".encode() for number in range(len(self.offsets))]


class Index(Fact):
    """Every snapshot of a partition that the writer of a manifest knew."""

    writer: str
    blobs: dict[str, Blob]


def subject_of(name: str) -> str:
    """Return what a blob is of: its name without the digest of its content."""
    return name.rpartition("-")[0] or name


def digest_of(data: bytes) -> str:
    """Return what to know ``data`` by."""
    return blake2b(data, digest_size=16).hexdigest()


def free_slot(blobs: Iterable[Blob], *, subject: str, writer: str) -> int:
    """Return the lowest slot of a subject that holds no blob of this writer.

    Chunks of a blob that no manifest came to name are so written over one day, instead of lying there for ever.
    """
    taken = {blob.slot for blob in blobs if (blob.subject, blob.writer) == (subject, writer)}
    return next(slot for slot in range(len(taken) + 1) if slot not in taken)


def pack(index: Index, data: bytes) -> bytes:
    """Return the value of a record."""
    return zlib.compress(index.model_dump_json().encode() + b"\n" + data, LEVEL)


class Seen(NamedTuple):
    """A record of the manifests topic as it was read; without content where it is a deletion, or damaged."""

    offset: int
    name: str
    known: Index | None
    data: bytes | None


def unpack(record: Record) -> Seen:
    """Return what a record says."""
    name = (record.key or b"").decode(errors="replace")
    try:
        head, _, data = zlib.decompress(record.value or b"").partition(b"\n")
        return Seen(record.offset, name, Index.model_validate_json(head), data)
    except (zlib.error, ValidationError):
        return Seen(record.offset, name, None, None)
