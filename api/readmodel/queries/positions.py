"""How far the read model has read: what lets a writer read its own write."""

from sqlalchemy import Connection, select

from api.readmodel.tables import offsets


def reached(connection: Connection, *, topic: str, partition: int, offset: int) -> bool:
    """Whether the record at this position is in the read model."""
    query = select(offsets.c.next_offset).where(offsets.c.topic == topic, offsets.c.partition == partition)
    found = connection.execute(query).scalar_one_or_none()
    return found is not None and found > offset


def next_offsets(connection: Connection) -> dict[tuple[str, int], int]:
    """Return the next offset to read of every (topic, partition)."""
    rows = connection.execute(select(offsets.c.topic, offsets.c.partition, offsets.c.next_offset))
    return {(topic, partition): next_offset for topic, partition, next_offset in rows}
