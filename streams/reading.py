"""From a record to the event it carries, checked against the shard and partition where it lies."""

from collections.abc import Callable

from schemas.base import Fact
from schemas.claims import ClaimDropped, ClaimMade
from schemas.envelope import Event, decode
from schemas.refusals import Refused
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import RoundDecided
from schemas.sharding import is_above, region_of, shard_of
from schemas.transfers import Transfer
from streams.log import Record

PartitionOf = Callable[[bytes], int]


def read_event(record: Record, *, width: int) -> Event[Fact]:
    """Return the event of a record whose key is the shard that the event belongs to.

    Raises:
        Refused: it is no valid event of its topic, or the key is another shard's (wrong_key).
    """
    event = decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)
    shard = _shard_of(event.data, width)
    if event.key != shard or not _may_be(shard, event.data, width):
        raise Refused("wrong_key", f"the key is {event.key[:40]!r}, the shard is {shard!r}")
    return event


def shard_of_record(record: Record, *, width: int) -> str:
    """Return the shard that the event of a record belongs to, whatever the record's key says.

    Raises:
        Refused: it is no valid event of its topic, or belongs to no shard of this width.
    """
    event = decode(topic=record.topic, key=b"", headers=record.headers, value=record.value)
    shard = _shard_of(event.data, width)
    if not _may_be(shard, event.data, width):
        raise Refused("wrong_key", f"{shard!r} is no shard")
    return shard


def check_partition(record: Record, partition_of: PartitionOf) -> None:
    """Raise Refused (wrong_key) where a shard's record lies in a partition that is not the shard's."""
    home = partition_of(record.key or b"")
    if home != record.partition:
        raise Refused("wrong_key", f"the key's partition is {home}, the record lies in {record.partition}")


def event_of(record: Record, *, width: int, partition_of: PartitionOf, shard: str | None) -> Event[Fact] | None:
    """Return the event of a record, or None where it is a dead letter or another shard's than ``shard``, if asked."""
    if shard is not None and record.key != shard.encode():
        return None
    try:
        event = read_event(record, width=width)
        check_partition(record, partition_of)
    except Refused:
        return None
    return event


def _may_be(shard: str, data: Fact, width: int) -> bool:
    """Return whether an event may belong to a shard; above those with lists there are rounds and transfers alone."""
    return len(shard) == width or (isinstance(data, RoundDecided | Transfer) and is_above(shard, width))


def _shard_of(data: Fact, width: int) -> str:
    region = region_of(data)
    if region is not None:
        return shard_of(region, width)
    if isinstance(data, Transfer):
        return data.passed.to
    match data:
        case AssignmentAccepted() | AssignmentDeclined() | AssignmentDone() | AssignmentNoShow() | RoundDecided():
            return data.shard
        case ClaimMade() | ClaimDropped():
            return data.shard
        case _:
            raise TypeError(f"{type(data).__name__} is no event of a shard")
