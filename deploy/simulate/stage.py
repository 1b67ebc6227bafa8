"""The stage of a simulation: the parts of ``cobuild up`` that decide and remember, without server and wall clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from api.ports import EventSink
from api.readmodel.model import ReadModel
from deploy.adapters import LogSink
from deploy.kept_policies import KeptPolicies
from deploy.settings import CobuildSettings
from deploy.simulate.driver import CatchesUp, Steps
from schemas.catalogue import builtin
from schemas.policy import load_policy
from streams.embedded import EmbeddedLog
from streams.host import ShardHost
from streams.log import Log
from streams.projector import Projector
from streams.round_loop import RoundLoop


@dataclass(frozen=True, slots=True)
class Stage:
    """What a simulation runs on, already wired: nothing of it knows that time is virtual."""

    log: Log
    sink: EventSink
    loop: Steps
    projector: CatchesUp
    engine: Engine


@asynccontextmanager
async def open_stage(settings: CobuildSettings, *, catalogue: str, policy: Path) -> AsyncIterator[Stage]:
    """Open log, round loop and lists under the data directory; let go of them at the end.

    ``catalogue`` is the name of a shipped one, ``policy`` a file. The policy is kept, so that ``cobuild replay``
    finds it.
    """
    known, rules = builtin(catalogue), load_policy(policy)
    KeptPolicies(settings.policies_path).keep(rules)
    log = EmbeddedLog(settings.log_path, partitions=settings.partitions, sync=settings.log_sync)
    lists = ReadModel(settings.read_model, catalogue=known)
    host = ShardHost(catalogue=known, policy=rules, partition_of=log.partition_of, shard_width=settings.shard_width)
    loop = RoundLoop(log=log, host=host, solvers=settings.solve_threads)
    projector = Projector(log, lists, shard_width=settings.shard_width)
    try:
        yield Stage(log=log, sink=LogSink(log), loop=loop, projector=projector, engine=lists.engine)
    finally:
        await loop.close()
        await projector.close()
        await log.close()
        lists.close()
