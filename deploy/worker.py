"""``cobuild worker``: hosts the shards of the partitions that its group gives it, alone in its process."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from deploy.home import alone
from deploy.kept_policies import KeptPolicies
from deploy.notify import tell_ready
from deploy.running import stopped_by_signals, together
from deploy.settings import CobuildSettings
from deploy.storage import mirrored_snapshots, open_own
from schemas.catalogue import load_catalogue
from schemas.policy import load_policy
from schemas.topics import ALL_TOPICS
from streams.host import ShardHost
from streams.rounds import Rounds
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
            snapshots = await closing.enter_async_context(mirrored_snapshots(settings, writer=settings.instance))
            rounds = Rounds(
                log=source,
                host=host,
                snapshots=snapshots,
                solvers=settings.solve_threads,
                limits=settings.refusal_limits,
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
