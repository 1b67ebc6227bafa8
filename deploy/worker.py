"""``cobuild worker``: hosts the shards of the partitions that its group gives it, alone in its process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from deploy.home import alone
from deploy.kept_policies import KeptPolicies
from deploy.notify import tell_ready
from deploy.running import stopped_by_signals, together
from deploy.settings import CobuildSettings
from deploy.storage import open_own
from schemas.catalogue import load_catalogue
from schemas.policy import load_policy
from schemas.topics import ALL_TOPICS
from streams.host import ShardHost
from streams.kafka.snapshots import KafkaSnapshots
from streams.limits import RefusalLimits
from streams.mirror import MirroredSnapshots
from streams.rounds import Rounds
from streams.snapshots import FileSnapshots
from streams.worker.watchdog import Progress, Watchdog
from streams.worker.worker import Worker

log = structlog.get_logger(__name__)

Begun = Callable[[Collection[int]], None]
"""Told which partitions the worker has taken up, once it has."""


@asynccontextmanager
async def open_worker(settings: CobuildSettings) -> AsyncIterator[Worker]:
    """Open all that a worker needs; close the log at the end.

    Raises:
        HouseTakenError: another process of this data directory has the same instance name.
        LogError: the brokers cannot be reached, or the topics are not as they should be.
    """
    with alone(settings.data_dir, f"worker-{settings.instance}"):
        catalogue, policy = load_catalogue(settings.catalogue), load_policy(settings.policy)
        KeptPolicies(settings.policies_path).keep(policy)
        async with AsyncExitStack() as closing:
            source = await open_own(settings, f"worker-{settings.instance}", [topic.name for topic in ALL_TOPICS])
            closing.push_async_callback(source.close)
            host = ShardHost(
                catalogue=catalogue, policy=policy, partition_of=source.partition_of, shard_width=settings.shard_width
            )
            elsewhere = KafkaSnapshots(
                settings.kafka_connection, partitions=settings.partitions, writer=settings.instance
            )
            closing.push_async_callback(asyncio.to_thread, elsewhere.close)
            rounds = Rounds(
                log=source,
                host=host,
                snapshots=MirroredSnapshots(FileSnapshots(settings.snapshots_path), elsewhere),
                solvers=settings.solve_threads,
                limits=RefusalLimits(in_a_row=settings.refused_in_a_row, ratio=settings.refused_ratio),
            )
            yield Worker(
                connection=settings.kafka_connection,
                log=source,
                rounds=rounds,
                instance=settings.instance,
                session_timeout_s=settings.session_timeout_s,
                virtual_time=settings.clock == "ticks",
            )


async def work(
    settings: CobuildSettings, *, begun: Begun, watched_by: Callable[[Progress], Watchdog] = Watchdog
) -> None:
    """Work until SIGINT or SIGTERM; a hung worker ends the process with status 70.

    Raises:
        HouseTakenError, LogError: it could not begin, or the log failed.
        ShardHostBrokenError, TooManyRefusedError, WorkerLostError: it cannot go on; the message says why.
        Exception: a solve failed.
    """
    async with open_worker(settings) as worker:
        watchdog = watched_by(worker.progress)
        watchdog.start()

        async def announce() -> None:
            await worker.holdings.settled.wait()
            tell_ready(f"partitions {sorted(worker.holdings.opened)}")
            begun(worker.holdings.opened)

        try:
            with stopped_by_signals(lambda _: worker.stop()):
                await together(worker.run(), {"announce": announce()}, stop=worker.stop)
        finally:
            watchdog.stop()
