"""The log that the settings name, one file on this machine or Kafka's topics, and the snapshots that go with it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from deploy.home import belong
from deploy.settings import CobuildSettings
from schemas.topics import TOPICS
from streams.embedded.archive import EmbeddedArchive
from streams.embedded.log import EmbeddedLog
from streams.history import ReadableLog
from streams.kafka.log import KafkaLog
from streams.kafka.snapshots import KafkaSnapshots
from streams.log import LogError
from streams.mirror import MirroredSnapshots
from streams.snapshots import FileSnapshots

EVENTS: Final = tuple(topic.name for topic in TOPICS)


async def open_log(
    settings: CobuildSettings,
    *,
    client_id: str = "tool",
    topics: Iterable[str] = EVENTS,
) -> EmbeddedLog | KafkaLog:
    """Open the log; ``client_id`` is what the brokers call us, ``topics`` must be there.

    Raises:
        LogError: it cannot be opened; brokers are away, refuse us, or lack topics.
    """
    return open_embedded(settings) if settings.kafka is None else await open_kafka(settings, client_id, topics)


async def open_to_read(settings: CobuildSettings, *, client_id: str = "tool") -> ReadableLog:
    """Open the log for reading alone: the embedded one can then not be written at all. Raises as ``open_log``."""
    if settings.kafka is None:
        return EmbeddedArchive(settings.log_path, partitions=settings.partitions)
    return await open_kafka(settings, client_id)


def open_embedded(settings: CobuildSettings) -> EmbeddedLog:
    """Open the one file under the data directory; raise LogError where it cannot be."""
    return EmbeddedLog(settings.log_path, partitions=settings.partitions, sync=settings.log_sync)


async def open_own(settings: CobuildSettings, client_id: str, topics: Iterable[str] = EVENTS) -> KafkaLog:
    """Connect to the brokers as ``open_kafka``, for a process that keeps state of this log in its data directory.

    Raises:
        LogError: also where the directory holds the state of another log.
    """
    log = await open_kafka(settings, client_id, topics)
    try:
        belong(settings.data_dir, await log.identity())
    except BaseException:
        await log.close()
        raise
    return log


async def open_kafka(settings: CobuildSettings, client_id: str, topics: Iterable[str] = EVENTS) -> KafkaLog:
    """Connect to the brokers; raise LogError, also where none are set or a certificate is unreadable."""
    try:
        connection = settings.kafka_connection
        return await KafkaLog.open(connection, partitions=settings.partitions, client_id=client_id, topics=topics)
    except (ValueError, OSError) as error:
        raise LogError(str(error)) from error


@asynccontextmanager
async def mirrored_snapshots(settings: CobuildSettings, *, writer: str) -> AsyncIterator[MirroredSnapshots]:
    """Give the snapshots of this machine with those on the brokers behind them, where ``writer`` is our name."""
    elsewhere = KafkaSnapshots(settings.kafka_connection, partitions=settings.partitions, writer=writer)
    try:
        yield MirroredSnapshots(FileSnapshots(settings.snapshots_path), elsewhere)
    finally:
        await asyncio.to_thread(elsewhere.close)
