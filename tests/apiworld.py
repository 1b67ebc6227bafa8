"""A whole API on a temporary read model, without a matcher: what is published is projected at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.ports import ApiPorts, Bell, Finding, Outward
from api.readmodel.model import ReadModel
from api.settings import ApiSettings
from api.store import open_store
from matcher.reasons.declining import preview_decline
from matcher.reasons.explain import why_in
from matcher.reasons.odds import preview_demand
from matcher.reasons.offers import demands_for, preview_offer
from matcher.reasons.scarcity import price_board
from matcher.reasons.solved import Solved, solved
from matcher.round.decide import decide
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.admission import Admission
from schemas.assignments import AssignmentProposed
from schemas.base import Fact
from schemas.catalogue import load_catalogue
from schemas.demands import Demand
from schemas.envelope import Event, encode, new_event
from schemas.policy import Policy
from schemas.preview import DeclinePreview, DemandPreview, OfferPreview, PriceBoard
from schemas.refusals import Refused
from schemas.regions import Regions
from schemas.resources import Resource
from schemas.rounds import (
    Certificate,
    LinePrice,
    PolicyRef,
    Proposal,
    ResourcePrice,
    RoundDecided,
    RoundSize,
)
from schemas.topics import TOPIC_OF_MODEL
from schemas.why import DemandWhy
from tests.fakes.replayer import FakeReplayer

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
MASTER_KEY = bytes(range(32))
COMMUNITY = "310105001001"
CATALOGUE = load_catalogue()


class FakeClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def pass_(self, **step: float) -> None:
        self.at += timedelta(**step)


@dataclass
class FakeSink:
    """A log in memory that projects what it takes, unless it is told to hold back or to fail."""

    model: ReadModel
    bell: Bell
    events: list[Event[Fact]] = field(default_factory=list)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    waiting: list[tuple[tuple[str, int, int], Event[Fact]]] = field(default_factory=list)
    holds_back: bool = False
    fails: bool = False
    loses_the_answer: bool = False

    async def publish(self, events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        if self.fails:
            raise Refused("unavailable", "the log is away")
        placed = [(self._place(event), event) for event in events]
        self.events += events
        self.waiting += placed
        if not self.holds_back:
            self.project()
        if self.loses_the_answer:
            raise ConnectionError("the answer of the log was lost")
        return [position for position, _ in placed]

    def project(self) -> None:
        """Let the read model catch up."""
        self.model.apply(self.waiting, dict(self.offsets))
        self.waiting.clear()
        self.bell.ring()

    def _place(self, event: Event[Fact]) -> tuple[str, int, int]:
        encode(event)
        place = (event.topic.name, 0)
        offset = self.offsets.get(place, 0)
        self.offsets[place] = offset + 1
        return (*place, offset)

    def facts(self, kind: type[Fact]) -> list[Any]:
        return [event.data for event in self.events if isinstance(event.data, kind)]


@dataclass
class FakeExplainer:
    """Knows the reasons it was given, and the round of a shard that was told facts."""

    reasons: dict[str, DemandWhy] = field(default_factory=dict)
    states: dict[str, ShardState] = field(default_factory=dict)

    def tell(self, *facts: Fact, shard: str = "310105") -> None:
        """Let a shard know facts that the lists need not know."""
        state = self.states.setdefault(shard, ShardState(shard, CATALOGUE))
        for fact in facts:
            topic = TOPIC_OF_MODEL[type(fact)].name
            offset = state.offsets.get(topic, 0)
            told = new_event(fact, id=f"told-{topic}-{offset}", source="tests", key=shard, time=NOW)
            state.fold(told, topic=topic, offset=offset)

    def round(self, shard: str) -> Solved:
        return solved(freeze(self.states.get(shard) or ShardState(shard, CATALOGUE)), now=NOW, policy=Policy())

    def decide(self, shard: str = "310105") -> RoundDecided:
        """Decide a round of what was told, and let it count."""
        state = self.states[shard]
        decided = decide(freeze(state), now=NOW, policy=Policy(), cause="interval", inputs=())
        self.tell(decided, shard=shard)
        return decided

    async def preview_offer(self, *, resource: Resource, shard: str) -> OfferPreview:
        return preview_offer(self.round(shard), resource)

    async def demands_for(self, *, resource_id: str, shard: str) -> OfferPreview:
        return demands_for(self.round(shard), resource_id=resource_id)

    async def preview_decline(self, *, assignment_id: str, shard: str) -> DeclinePreview:
        return preview_decline(self.round(shard), assignment_id=assignment_id)

    async def prices(self, *, shard: str) -> PriceBoard:
        return price_board(self.round(shard))

    async def preview_demand(self, *, demand: Demand, shard: str) -> DemandPreview:
        return preview_demand(self.round(shard), demand)

    async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
        return self.reasons.get(demand_id) or why_in(self.round(shard), demand_id=demand_id)


@dataclass
class World:
    """The app with everything it is plugged into, and a client."""

    app: FastAPI
    client: httpx.AsyncClient
    sink: FakeSink
    clock: FakeClock
    model: ReadModel
    explainer: FakeExplainer
    findings: list[Finding]

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body, headers=_named(headers))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=_named(headers))

    async def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.client.patch(path, json=body, headers=_named(headers))


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def demand(**changes: Any) -> dict[str, Any]:
    """Return the body of a demand."""
    return {
        "requester": f"community:{COMMUNITY}",
        "title": "给楼里的老人理发",
        "lines": [{"item": "elder_care.hair_cut", "quantity": 2}],
        "community": COMMUNITY,
        "window": {"start": "2026-11-25T09:00:00+08:00", "end": "2026-11-25T12:00:00+08:00"},
    } | changes


def resource(**changes: Any) -> dict[str, Any]:
    """Return the body of a resource."""
    return {
        "provider": "member:m-7f3a",
        "title": "周末上门理发",
        "item": "elder_care.hair_cut",
        "scope": ["310105"],
        "home": COMMUNITY,
    } | changes


def ports_in(
    directory: Path, *, outward: Outward | None = None
) -> tuple[ApiPorts, FakeSink, FakeClock, FakeExplainer, list[Finding]]:
    """Return the ports of an app whose state lies in ``directory``; without a way out nothing is sent."""
    catalogue = load_catalogue()
    model = ReadModel(f"sqlite:///{directory / 'readmodel.sqlite3'}", catalogue=catalogue)
    bell, clock, explainer = Bell(), FakeClock(), FakeExplainer()
    sink = FakeSink(model=model, bell=bell)
    findings = [Finding("log", True, "takes records")]

    async def look() -> list[Finding]:
        return findings

    ports = ApiPorts(
        sink=sink,
        read_model=model,
        explainer=explainer,
        replayer=FakeReplayer(),
        store=open_store(directory / "api.sqlite3"),
        master_key=MASTER_KEY,
        clock=clock,
        changed=bell,
        readiness=look,
        catalogue=catalogue,
        regions=Regions.builtin("cn"),
        outward=outward,
    )
    return ports, sink, clock, explainer, findings


@asynccontextmanager
async def world_in(
    directory: Path, *, outward: Outward | None = None, admission: Admission | None = None, **settings: Any
) -> AsyncIterator[World]:
    """Run an app over ``directory``; a second one over the same directory is the same house after a restart."""
    ports, sink, clock, explainer, findings = ports_in(directory, outward=outward)
    ports = replace(ports, admission=admission)
    sink.offsets.update(ports.read_model.offsets())
    app = create_app(ports, ApiSettings(**{"read_wait_s": 0.3, "poll_s": 0.05} | settings))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://cobuild") as client,
    ):
        yield World(app, client, sink, clock, ports.read_model, explainer, findings)
    ports.read_model.close()
    ports.store.dispose()


async def matched(
    world: World,
    *,
    auto_accepted: bool = False,
    round_no: int = 1,
    region: str = COMMUNITY,
    holds: bool = True,
    assignment_id: str | None = None,
) -> str:
    """Post a demand and a resource, let round ``round_no`` pair them, and return the assignment's id."""
    asked = (await world.post("/v1/demands", demand(community=region, requester=f"community:{region}"))).json()["id"]
    offered = (await world.post("/v1/resources", resource(home=region))).json()["id"]
    return await paired(
        world,
        asked,
        offered,
        auto_accepted=auto_accepted,
        round_no=round_no,
        region=region,
        holds=holds,
        assignment_id=assignment_id,
    )


async def paired(
    world: World,
    asked: str,
    offered: str,
    *,
    auto_accepted: bool = False,
    seat: int = 0,
    round_no: int = 1,
    region: str = COMMUNITY,
    holds: bool = True,
    assignment_id: str | None = None,
) -> str:
    """Let round ``round_no`` pair a demand and a resource that are on the lists; return the assignment's id."""
    proposal = Proposal(
        assignment_id=assignment_id or f"{round_no:032x}",
        demand_id=asked,
        line=0,
        seat=seat,
        demand_version=1,
        resource_id=offered,
        resource_seat=0,
        resource_version=1,
        requester=f"community:{region}",
        provider="member:m-7f3a",
        item="elder_care.hair_cut",
        offered_item="elder_care.hair_cut",
        community=region,
        starts_at=NOW + timedelta(days=4),
        ends_at=NOW + timedelta(days=4, hours=1),
        value=4_000,
        terms={"service": 2_000, "nearness": 1_500, "fit": 500},
        margin=300,
        auto_accepted=auto_accepted,
        answer_by=NOW + timedelta(days=1),
    )
    await world.sink.publish(
        [
            _said(_round(proposal, round_no=round_no, holds=holds), name=f"round-{round_no}", shard=region[:6]),
            _said(
                AssignmentProposed(shard=region[:6], round_no=round_no, at=NOW, assignment=proposal),
                name=f"proposed-{round_no}",
                shard=region[:6],
            ),
        ]
    )
    return proposal.assignment_id


async def ended(world: World, assignment_id: str, ending: type[Any], reason: str, *, round_no: int = 2) -> None:
    """Let a round say what became of an assignment."""
    found = (await world.get(f"/v1/assignments/{assignment_id}")).json()
    said = ending(
        shard=found["shard"],
        round_no=round_no,
        at=world.clock.now(),
        assignment_id=assignment_id,
        demand_id=found["demand_id"],
        resource_id=found["resource_id"],
        reason=reason,
    )
    await world.sink.publish([_said(said, name=f"{reason}-{assignment_id}", shard=found["shard"])])


def _said(fact: Fact, *, name: str, shard: str) -> Event[Fact]:
    return new_event(fact, id=name, source="/cobuild/matcher", key=shard, time=NOW)


def _round(proposal: Proposal, *, round_no: int, holds: bool) -> RoundDecided:
    return RoundDecided(
        shard=proposal.community[:6],
        round_no=round_no,
        decided_at=NOW,
        cause="interval",
        policy=PolicyRef(name="default", version=1, digest="0" * 16),
        solver="test",
        inputs=(),
        transitions=(),
        lapsed=(),
        proposals=(proposal,),
        line_prices=(LinePrice(demand_id=proposal.demand_id, line=0, price=3_000),),
        resource_prices=(ResourcePrice(resource_id=proposal.resource_id, price=1_000),),
        certificate=Certificate(value=4_000, price_sum=4_000, worst_gap=0, holds=holds),
        size=RoundSize(lines=1, line_seats=1, resources=1, resource_seats=1, pairs=1, components=1),
    )
