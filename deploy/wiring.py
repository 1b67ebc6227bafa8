"""The one place where ports meet adapters: a whole house on the embedded log, from settings."""

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from api.app import create_app
from api.console import ConsolePorts, mount
from api.ports import ApiPorts, Bell
from api.readmodel.model import ReadModel
from api.settings import ApiSettings
from api.store import open_store
from deploy.adapters import LogSink, Ready, WallClock
from deploy.kept_policies import KeptPolicies
from deploy.settings import CobuildSettings
from schemas.catalogue import Catalogue, load_catalogue
from schemas.policy import Policy, load_policy
from schemas.regions import Regions
from schemas.topics import TOPICS
from streams.embedded.log import EmbeddedLog
from streams.explainer import Explainer
from streams.host import ShardHost
from streams.projector import Projector
from streams.round_loop import RoundLoop
from streams.snapshots import FileSnapshots


class HouseTakenError(RuntimeError):
    """Another process hosts the shards of this data directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """All parts of one process, wired."""

    settings: CobuildSettings
    catalogue: Catalogue
    regions: Regions
    policy: Policy
    log: EmbeddedLog
    sink: LogSink
    rounds: RoundLoop
    read_model: ReadModel
    projector: Projector
    app: FastAPI


@asynccontextmanager
async def open_house(settings: CobuildSettings) -> AsyncIterator[House]:
    """Open every part under ``settings.data_dir``; close them in turn at the end.

    Raises:
        HouseTakenError: another process is at home there.
        LogError: the log cannot be opened.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with alone(settings.data_dir):
        catalogue, policy = load_catalogue(settings.catalogue), load_policy(settings.policy)
        KeptPolicies(settings.policies_path).keep(policy)
        log = open_log(settings)
        ends = await log.end_offsets([topic.name for topic in TOPICS])
        read_model = ReadModel(settings.read_model, catalogue=catalogue)
        store = open_store(settings.data_dir / "api.sqlite3")
        host = ShardHost(
            catalogue=catalogue, policy=policy, partition_of=log.partition_of, shard_width=settings.shard_width
        )
        rounds = RoundLoop(
            log=log,
            host=host,
            snapshots=FileSnapshots(settings.snapshots_path),
            solvers=settings.solve_threads,
        )
        projector = Projector(log, read_model, shard_width=settings.shard_width)
        bell, regions, explainer, clock = Bell(), Regions.builtin("cn"), Explainer(host), WallClock()
        projector.on_applied.append(bell.ring)
        sink = LogSink(log)
        app = create_app(
            ApiPorts(
                sink=sink,
                read_model=read_model,
                explainer=explainer,
                store=store,
                master_key=settings.vault_master_key(),
                clock=clock,
                changed=bell,
                readiness=Ready(log=log, read_model=read_model, caught_up=rounds.ready.is_set),
                catalogue=catalogue,
                regions=regions,
                before=[(*place, end - 1) for place, end in ends.items() if end],
            ),
            ApiSettings(api_token=settings.api_token, shard_width=settings.shard_width),
        )
        mount(
            app,
            ConsolePorts(
                model=read_model, explainer=explainer, regions=regions, catalogue=catalogue, clock=clock,
                applied=bell, shard_width=settings.shard_width,
            ),
        )  # fmt: skip
        try:
            yield House(
                settings=settings, catalogue=catalogue, regions=regions, policy=policy, log=log, sink=sink,
                rounds=rounds, read_model=read_model, projector=projector, app=app,
            )  # fmt: skip
        finally:
            await rounds.close()
            await projector.close()
            await log.close()
            read_model.close()
            store.dispose()


def open_log(settings: CobuildSettings) -> EmbeddedLog:
    """Open the embedded log of a data directory; raise LogError where it cannot be."""
    return EmbeddedLog(settings.log_path, partitions=settings.partitions, sync=settings.log_sync)


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the lock of a data directory; the system lets go of it when the process ends, however it ends."""
    handle = os.open(data_dir / "cobuild.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise HouseTakenError(f"process {holder} is at home in {data_dir} already") from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
