"""The demo's errands on a whole API: what people do on its lists is possible, and no kind of life stays empty."""

from pathlib import Path

from deploy.demo.client import Client
from deploy.demo.errands import Errands, page_of, run
from deploy.demo.proportions import changning
from deploy.demo.run import events_of
from deploy.demo.script import Script
from schemas.regions import Regions
from schemas.stories import STORIES
from tests.apiworld import CATALOGUE, NOW, world_in

DISTRICT = changning(regions=Regions.builtin("cn"), scale=0.01)
BESIDE = {"task", "project", "agreement", "meeting", "whistle", "post"}
"""Kinds that ``deploy.demo.affairs`` tells."""
EMERGENCY = {"mode", "dispatch"}


async def test_every_errand_is_taken_and_no_kind_of_life_is_empty(tmp_path: Path) -> None:
    lists = Script(district=DISTRICT, catalogue=CATALOGUE, seed=1, start=NOW).stock()
    errands = Errands(lists, DISTRICT.communities, catalogue=CATALOGUE, now=NOW, seed=1).all()
    async with world_in(tmp_path) as world:
        await world.sink.publish(events_of(lists, at=NOW, shard_width=6))
        client = Client(world.client)
        assert await client.sees(page_of(lists[-1]))
        await run(errands, client=client)
        assert (client.refused, client.lost) == (0, 0)
        tables = {table["kind"]: table for table in (await world.get("/v1/lifecycles")).json()["tables"]}
        channels = {row["life"]["channel"] for row in (await world.get("/v1/needs?limit=100")).json()["rows"]}
    begun = {kind: sum(state["lives"] for state in table["states"]) for kind, table in tables.items()}
    assert {kind for kind, lives in begun.items() if not lives} == BESIDE | EMERGENCY
    assert begun["enrolment"] >= 12
    for kind in ("enrolment", "demand", "resource", "order", "booking"):
        assert sum(state["lives"] > 0 for state in tables[kind]["states"]) >= 3, f"{kind}: not all stand at one place"
    assert len(channels) >= 8
    assert set(STORIES) > BESIDE | EMERGENCY


def test_the_same_seed_begins_the_same() -> None:
    lists = Script(district=DISTRICT, catalogue=CATALOGUE, seed=1, start=NOW).stock()

    def begun(seed: int) -> object:
        return Errands(lists, DISTRICT.communities, catalogue=CATALOGUE, now=NOW, seed=seed).all()

    assert begun(1) == begun(1) != begun(2)
