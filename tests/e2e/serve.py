"""The console beside its API on a seeded read model, as a process of its own: what the browser tests look at.

``python -m tests.e2e.serve --port 8123 --data DIR [--empty] [--live]``; ``POST /seed/match`` makes one match.
"""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.console import ConsolePorts, mount
from api.ports import ApiPorts, Bell, Finding
from api.readmodel.model import ReadModel
from api.settings import ApiSettings
from api.store import open_store
from matcher.reasons.declining import preview_decline
from matcher.reasons.odds import preview_demand
from matcher.reasons.offers import demands_for, preview_offer
from matcher.reasons.scarcity import price_board
from matcher.reasons.solved import Solved
from schemas.base import Fact
from schemas.catalogue import load_catalogue
from schemas.demands import Demand
from schemas.envelope import Event
from schemas.preview import DeclinePreview, DemandPreview, OfferPreview, PriceBoard
from schemas.regions import Regions
from schemas.resources import Resource
from schemas.responses import AssignmentDone
from schemas.why import DemandWhy
from tests.e2e.seed import DISTRICT, Town, history
from tests.fakes.replayer import FakeReplayer


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class TownExplainer:
    def __init__(self, town: Town) -> None:
        self._town = town

    def _round(self) -> Solved:
        return self._town.round(at=datetime.now(UTC))

    async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
        return self._town.why(demand_id, at=datetime.now(UTC), shard=shard)

    async def preview_demand(self, *, demand: Demand, shard: str) -> DemandPreview:
        return preview_demand(self._round(), demand)

    async def preview_offer(self, *, resource: Resource, shard: str) -> OfferPreview:
        return preview_offer(self._round(), resource)

    async def demands_for(self, *, resource_id: str, shard: str) -> OfferPreview:
        return demands_for(self._round(), resource_id=resource_id)

    async def preview_decline(self, *, assignment_id: str, shard: str) -> DeclinePreview:
        return preview_decline(self._round(), assignment_id=assignment_id)

    async def prices(self, *, shard: str) -> PriceBoard:
        return price_board(self._round())


class TownSink:
    """Takes what is posted into the town."""

    def __init__(self, town: Town, bell: Bell) -> None:
        self._town, self._bell = town, bell

    async def publish(self, events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        placed = self._town.take(events)
        self._bell.ring()
        return placed


async def ready() -> Sequence[Finding]:
    return ()


def build(*, data: Path, empty: bool, live: bool) -> FastAPI:
    catalogue, regions = load_catalogue(), Regions.load()
    database = data / "readmodel.sqlite3"
    database.unlink(missing_ok=True)
    model = ReadModel(f"sqlite:///{database}", catalogue=catalogue)
    town = Town(model=model, catalogue=catalogue, regions=regions)
    if not empty:
        history(town, until=datetime.now(UTC))
    bell = Bell()

    async def keep_living() -> None:
        while True:
            await asyncio.sleep(1.5)
            at = datetime.now(UTC)
            town.ask(town.random.randint(0, 3), at=at)
            decided = town.decide(at=at)
            town.answer(decided, at=at + timedelta(milliseconds=1))
            bell.ring()

    explainer = TownExplainer(town)
    app = create_app(
        ApiPorts(
            sink=TownSink(town, bell),
            read_model=model,
            explainer=explainer,
            replayer=FakeReplayer(),
            store=open_store(data / "api.sqlite3"),
            master_key=bytes(32),
            clock=WallClock(),
            changed=bell,
            readiness=ready,
            catalogue=catalogue,
            regions=regions,
        ),
        ApiSettings(),
    )
    of_the_api = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with of_the_api(app):
            task = asyncio.create_task(keep_living()) if live else None
            yield
            if task:
                task.cancel()

    app.router.lifespan_context = lifespan

    add_seeds(app, town, bell)
    mount(
        app,
        ConsolePorts(
            model=model,
            explainer=explainer,
            regions=regions,
            catalogue=catalogue,
            clock=WallClock(),
            applied=bell,
        ),
    )
    return app


def add_seeds(app: FastAPI, town: Town, bell: Bell) -> None:
    """Let tests make things happen in the town."""

    @app.get("/seed/alive")
    async def alive() -> None:
        """Tells a test that we are up."""

    @app.get("/seed/why/{demand_id}")
    async def why(demand_id: str) -> DemandWhy:
        """What the explainer says, to hold the page against."""
        return town.why(demand_id, at=datetime.now(UTC))

    @app.post("/seed/match")
    async def match(item: str, community: str) -> dict[str, str]:
        """One demand, a resource on its doorstep, one round."""
        at = datetime.now(UTC)
        if not town.settled:
            town.settle(units=1, members=1, resources=0, at=at)
        town.offer(at=at, item=item, community=community)
        [demand_id] = town.ask(1, at=at, item=item, community=community)
        decided = town.decide(at=at)
        bell.ring()
        return {proposal.demand_id: proposal.assignment_id for proposal in decided.proposals} | {"demand": demand_id}

    @app.post("/seed/escalate")
    async def escalate(item: str, community: str) -> str:
        """One demand that the district lets go to the city; its id."""
        at = datetime.now(UTC)
        with town.apart():
            [demand_id] = town.ask(1, at=at, item=item, community=community)
        town.escalate(demand_id, at=at, waited_minutes=25 * 60)
        bell.ring()
        return demand_id

    @app.post("/seed/done")
    async def done(assignment_id: str) -> None:
        """The provider reports the job done, and a round takes note."""
        at = datetime.now(UTC)
        town.publish([AssignmentDone(assignment_id=assignment_id, shard=DISTRICT, at=at)], at=at)
        town.decide(at=at)
        bell.ring()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--empty", action="store_true")
    parser.add_argument("--live", action="store_true")
    asked = parser.parse_args()
    app = build(data=asked.data, empty=asked.empty, live=asked.live)
    uvicorn.run(app, host="127.0.0.1", port=asked.port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
