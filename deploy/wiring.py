"""The one place where ports meet adapters: a whole house on the embedded log, or the API alone on Kafka's."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import SystemRandom

from fastapi import FastAPI

from api.app import create_app
from api.console import ConsolePorts, mount
from api.ports import ApiPorts, Bell, Explainer, Outward, Readiness, Signal
from api.readmodel.changes import Changes
from api.readmodel.model import ReadModel
from api.settings import ApiSettings
from api.store import open_store
from deploy.adapters import LogSink, Ready, WallClock
from deploy.home import EMBEDDED, alone, belong
from deploy.kept_policies import KeptPolicies
from deploy.posting import HttpPoster
from deploy.settings import CobuildSettings
from deploy.storage import mirrored_snapshots, open_embedded, open_own
from schemas.admission import Admission
from schemas.catalogue import Catalogue, load_catalogue
from schemas.policy import Policy, load_policy
from schemas.regions import Regions
from schemas.topics import TOPICS
from streams.embedded.log import EmbeddedLog
from streams.explainer import Explainer as HostExplainer
from streams.follower import FollowingExplainer
from streams.host import ShardHost
from streams.log import Log
from streams.projector import Projector
from streams.replayer import Replayer
from streams.round_loop import RoundLoop
from streams.snapshots import FileSnapshots


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
    with alone(settings.data_dir):
        belong(settings.data_dir, EMBEDDED)
        catalogue, policy = load_catalogue(settings.catalogue), load_policy(settings.policy)
        KeptPolicies(settings.policies_path).keep(policy)
        log, regions = open_embedded(settings), Regions.builtin("cn")
        read_model = ReadModel(settings.read_model, catalogue=catalogue)
        host = ShardHost(
            catalogue=catalogue, policy=policy, partition_of=log.partition_of, shard_width=settings.shard_width
        )
        rounds = RoundLoop(
            log=log,
            host=host,
            snapshots=FileSnapshots(settings.snapshots_path),
            solvers=settings.solve_threads,
            limits=settings.refusal_limits,
        )
        projector = Projector(log, read_model, shard_width=settings.shard_width)
        bell = Bell()
        projector.on_applied.append(bell.ring)
        front = _Front(settings=settings, log=log, read_model=read_model, catalogue=catalogue, regions=regions)
        async with front.app(
            explainer=HostExplainer(host),
            changed=bell,
            readiness=Ready(log=log, read_model=read_model, caught_up=rounds.ready.is_set),
            before=await front.before(),
        ) as app:
            try:
                yield House(
                    settings=settings, catalogue=catalogue, regions=regions, policy=policy, log=log, sink=front.sink,
                    rounds=rounds, read_model=read_model, projector=projector, app=app,
                )  # fmt: skip
            finally:
                await rounds.close()
                await projector.close()
                await log.close()
                read_model.close()


@asynccontextmanager
async def open_api(settings: CobuildSettings) -> AsyncIterator[FastAPI]:
    """Open the API alone: others host the shards and fill the lists, on the brokers and the database of the settings.

    Raises:
        HouseTakenError: another process is the API of this data directory.
        LogError: the brokers cannot be reached, or the topics are not as they should be.
    """
    with alone(settings.data_dir, "api"):
        catalogue, policy = load_catalogue(settings.catalogue), load_policy(settings.policy)
        KeptPolicies(settings.policies_path).keep(policy)
        async with AsyncExitStack() as closing:
            log = await open_own(settings, "api")
            closing.push_async_callback(log.close)
            read_model = ReadModel(settings.read_model, catalogue=catalogue)
            closing.callback(read_model.close)
            changes = Changes(read_model)
            closing.push_async_callback(changes.close)
            snapshots = await closing.enter_async_context(mirrored_snapshots(settings, writer="api"))
            follower = FollowingExplainer(
                log=log,
                snapshots=snapshots,
                catalogue=catalogue,
                policy=policy,
                shard_width=settings.shard_width,
            )
            closing.push_async_callback(follower.close)
            front = _Front(
                settings=settings, log=log, read_model=read_model, catalogue=catalogue, regions=Regions.builtin("cn")
            )
            app = front.app(
                explainer=follower,
                changed=changes,
                readiness=Ready(log=log, read_model=read_model),
                before=await front.before(),
            )
            yield await closing.enter_async_context(app)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Front:
    """What people touch, on whichever log."""

    settings: CobuildSettings
    log: Log
    read_model: ReadModel
    catalogue: Catalogue
    regions: Regions

    @property
    def sink(self) -> LogSink:
        """Where events go in."""
        return LogSink(self.log)

    async def before(self) -> list[tuple[str, int, int]]:
        """Return where the newest record of each partition lies now."""
        ends = await self.log.end_offsets([topic.name for topic in TOPICS])
        return [(*place, end - 1) for place, end in ends.items() if end]

    def _admission(self) -> Admission | None:
        path = self.settings.admission
        return None if path is None else Admission.load(path, catalogue=self.catalogue)

    @asynccontextmanager
    async def app(
        self, *, explainer: Explainer, changed: Signal, readiness: Readiness, before: list[tuple[str, int, int]]
    ) -> AsyncIterator[FastAPI]:
        """Give the API with its console; its own store, and its ways out, are let go of at the end."""
        settings, clock = self.settings, WallClock()
        post = HttpPoster(private=settings.webhooks_private)
        store = open_store(settings.data_dir / "api.sqlite3")
        ports = ApiPorts(
            sink=self.sink,
            read_model=self.read_model,
            explainer=explainer,
            replayer=Replayer(
                log=self.log,
                catalogue=self.catalogue,
                policies=KeptPolicies(settings.policies_path).find,
                shard_width=settings.shard_width,
            ),
            store=store,
            master_key=settings.vault_master_key(),
            clock=clock,
            changed=changed,
            readiness=readiness,
            catalogue=self.catalogue,
            regions=self.regions,
            before=before,
            admission=self._admission(),
            outward=Outward(post=post, chance=SystemRandom().random, letters=settings.post_office),
        )
        app = create_app(
            ports,
            ApiSettings(
                api_token=settings.api_token,
                shard_width=settings.shard_width,
                webhooks_private=settings.webhooks_private,
            ),
        )
        console = ConsolePorts(
            model=self.read_model, explainer=explainer, regions=self.regions, catalogue=self.catalogue, clock=clock,
            applied=changed, shard_width=settings.shard_width,
        )  # fmt: skip
        mount(app, console)
        try:
            yield app
        finally:
            await post.close()
            store.dispose()
