"""A restart that finds the lists behind the log: nothing is taken that would only come to the dead letters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.settings import CobuildSettings
from deploy.wiring import House, open_house
from schemas.topics import DEADLETTERS
from streams.log import TopicPartition

OFFER: dict[str, Any] = {
    "resource_id": "r-1",
    "provider": "team:a",
    "title": "可以帮忙",
    "item": "relief.micro_wish_goods",
    "kind": "goods",
    "scope": ["310105"],
    "home": "310105001001",
}
MEMBER: dict[str, Any] = {
    "member_ref": "m-1",
    "member_class": "resident",
    "kind": "residence",
    "community": "310105001001",
}


@asynccontextmanager
async def life(directory: Path) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    """One life of the house; its projector runs only when told, so the lists stay behind as long as we like."""
    async with open_house(CobuildSettings(data_dir=directory)) as house:
        transport = httpx.ASGITransport(app=house.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            yield house, client


def code_of(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


async def test_a_withdrawal_after_a_restart_meets_the_revision_before_it(tmp_path: Path) -> None:
    async with life(tmp_path) as (house, client):
        assert (await client.post("/v1/resources", json=OFFER)).status_code == 201
        await house.projector.catch_up()
        revised = await client.patch("/v1/resources/r-1", json={"capacity": 2}, headers={"If-Match": '"1"'})
        assert revised.status_code == 200
    async with life(tmp_path) as (house, client):
        assert code_of(await client.post("/v1/resources/r-1:withdraw")) == (503, "read_model_behind")
        await house.projector.catch_up()
        withdrawn = await client.post("/v1/resources/r-1:withdraw")
        assert (withdrawn.status_code, withdrawn.json()["version"]) == (200, 3)
        await house.rounds.step(datetime.now(UTC))
        await house.projector.catch_up()
        assert (await client.get("/v1/resources/r-1")).json()["state"] == "withdrawn"
        assert letters(house) == 0


async def test_an_id_that_was_taken_before_a_restart_stays_taken(tmp_path: Path) -> None:
    async with life(tmp_path) as (house, client):
        assert (await client.post("/v1/resources", json=OFFER)).status_code == 201
        assert (await client.post("/v1/members", json=MEMBER)).status_code == 201
    async with life(tmp_path) as (house, client):
        assert code_of(await client.post("/v1/resources", json=OFFER)) == (503, "read_model_behind")
        assert code_of(await client.post("/v1/members", json=MEMBER)) == (503, "read_model_behind")
        await house.projector.catch_up()
        assert code_of(await client.post("/v1/resources", json=OFFER)) == (409, "duplicate_id")
        assert code_of(await client.post("/v1/members", json=MEMBER)) == (409, "duplicate_enrolment")
        await house.rounds.step(datetime.now(UTC))
        assert letters(house) == 0


async def test_an_answer_after_a_restart_waits_for_its_proposal(tmp_path: Path) -> None:
    window = {"start": "2035-06-01T09:00:00+08:00", "end": "2035-06-01T12:00:00+08:00"}
    demand = {
        "requester": "community:310105001001",
        "title": "需要帮忙",
        "lines": [{"item": OFFER["item"]}],
        "community": "310105001001",
        "window": window,
    }
    async with life(tmp_path) as (house, client):
        await client.post("/v1/resources", json=OFFER)
        await client.post("/v1/demands", json=demand)
        await house.rounds.step(datetime.now(UTC))
        state = house.rounds.host.state("310105")
        assert state is not None
        [assignment_id] = state.rounds.ids
    async with life(tmp_path) as (house, client):
        path = f"/v1/assignments/{assignment_id}:decline"
        assert code_of(await client.post(path)) == (503, "read_model_behind")
        await house.projector.catch_up()
        assert (await client.post(path)).status_code == 202


async def test_what_gets_a_new_id_need_not_wait(tmp_path: Path) -> None:
    async with life(tmp_path) as (_, client):
        await client.post("/v1/resources", json=OFFER)
    async with life(tmp_path) as (_, client):
        new = {name: value for name, value in OFFER.items() if name != "resource_id"}
        assert (await client.post("/v1/resources", json=new)).status_code == 201


def letters(house: House) -> int:
    places = [TopicPartition(DEADLETTERS.name, number) for number in range(house.log.partitions)]
    return sum(1 for place in places for _ in house.log.scan(place))
