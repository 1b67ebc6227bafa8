"""The stage of a simulation on Kafka: topics of its own, workers of its own, the projector in this process."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from api.readmodel.model import ReadModel
from deploy.adapters import LogSink
from deploy.kept_policies import KeptPolicies
from deploy.settings import CobuildSettings
from deploy.simulate.crew import crew
from deploy.simulate.stage import Stage
from deploy.simulate.ticking import Ticking
from deploy.storage import open_own
from schemas.catalogue import builtin
from schemas.policy import load_policy
from schemas.topics import ALL_TOPICS
from streams.kafka.admin import apply_topics, asking
from streams.kafka.connection import KafkaConnection
from streams.projector import Projector


def own_topics(settings: CobuildSettings) -> CobuildSettings:
    """Return the settings with a prefix that no other simulation has, so that two do not mix."""
    return settings.model_copy(update={"kafka_prefix": f"{settings.kafka_prefix}simulation-{secrets.token_hex(4)}."})


@asynccontextmanager
async def open_cluster_stage(
    settings: CobuildSettings, *, catalogue: str, policy: Path, workers: int
) -> AsyncIterator[Stage]:
    """Make the topics, start the workers, open log and lists; stop and close all at the end. The topics stay.

    ``catalogue`` is the name of a shipped one. Under which prefix all lies is noted in the data directory.

    Raises:
        LogError: the brokers cannot be reached, or refuse.
        GivenUpError: a worker does not come up.
    """
    await asyncio.to_thread(_make_topics, settings)
    _note_path(settings.data_dir).write_text(
        json.dumps({"kafka": settings.kafka, "prefix": settings.kafka_prefix}) + "\n", encoding="utf-8"
    )
    KeptPolicies(settings.policies_path).keep(load_policy(policy))
    async with AsyncExitStack() as closing:
        log = await open_own(settings, "simulation", [topic.name for topic in ALL_TOPICS])
        closing.push_async_callback(log.close)
        lists = ReadModel(settings.read_model, catalogue=builtin(catalogue))
        closing.callback(lists.close)
        projector = Projector(log, lists, shard_width=settings.shard_width)
        closing.push_async_callback(projector.close)
        check = await closing.enter_async_context(crew(settings, catalogue=catalogue, policy=policy, workers=workers))
        steps = Ticking(log, check=check)
        closing.push_async_callback(steps.close)
        yield Stage(log=log, sink=LogSink(log), loop=steps, projector=projector, engine=lists.engine)


def forget_topics(settings: CobuildSettings) -> None:
    """Delete the topics of the run in the data directory, where it ran on the same brokers. Raises LogError."""
    path = _note_path(settings.data_dir)
    if not path.exists():
        return
    note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if note["kafka"] == settings.kafka and "simulation-" in note["prefix"]:
        connection = settings.model_copy(update={"kafka_prefix": note["prefix"]}).kafka_connection
        asking(connection, lambda admin: _delete(admin, connection))


def _delete(admin: Any, connection: KafkaConnection) -> None:
    there = set(admin.list_topics())
    ours = [name for name in (connection.topic(topic.name) for topic in ALL_TOPICS) if name in there]
    if ours:
        admin.delete_topics(ours)


def _make_topics(settings: CobuildSettings) -> None:
    apply_topics(settings.kafka_connection, partitions=settings.partitions, replication=settings.kafka_replication)


def _note_path(directory: Path) -> Path:
    return directory / "simulation.json"
