"""A community draws its grids and names who serves there; a street goes down from its figures to the smallest cell."""

import asyncio
from pathlib import Path
from typing import Any

from tests.apiworld import COMMUNITY, World, demand, resource, world_in

HALL = f"community:{COMMUNITY}"
HEAD = "member:m-7f3a"
TEAM = "team:t-night-watch"


def grid(**changes: Any) -> dict[str, Any]:
    return {"title": "东三网格", "grid": "G03", "community": COMMUNITY, "by": HALL} | changes


async def rollup(world: World, region: str) -> dict[str, Any]:
    answer = await world.get(f"/v1/rollup?region={region}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_from_the_street_down_to_a_cell_of_a_grid(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        # A community has two grids; one of them is drawn finer still, with a head and a team of its own.
        assert (await world.post("/v1/grids", grid())).status_code == 201
        finer = (await world.post("/v1/grids", grid(title="东三之二", grid="G03-02"))).headers["location"]
        assert (await world.post(f"{finer}:entrust", {"by": HALL, "lead": HEAD})).status_code == 200
        assert (await world.post(f"{finer}:join", {"by": TEAM, "party": TEAM})).status_code == 200

        # What is asked for there, offered there and owed there carries its grid.
        await world.post("/v1/demands", demand(grid="G03-02"))
        await world.post("/v1/demands", demand(grid="G03"))
        await world.post("/v1/demands", demand())
        await world.post("/v1/resources", resource(grid="G03-02"))

        street = await rollup(world, COMMUNITY[:9])
        assert street["own"]["level"] == "street"
        assert street["own"]["sums"]["open_seats"] == 6
        [community] = street["children"]
        assert (community["region"], community["level"]) == (COMMUNITY, "community")
        assert community["sums"] == street["own"]["sums"]

        below = await rollup(world, COMMUNITY)
        [wide] = below["children"]
        assert (wide["name"], wide["level"], wide["sums"]["open_demands"]) == ("东三网格", "grid", 2)
        [cell] = (await rollup(world, wide["region"]))["children"]
        assert (cell["region"], cell["name"]) == (f"{COMMUNITY}-G03-02", "东三之二")
        assert (cell["sums"]["open_demands"], cell["sums"]["resources"]) == (1, 1)
        assert cell["sums"]["lives"] == [{"kind": "grid", "open": 1, "overdue": 0}]
        assert (await rollup(world, cell["region"]))["children"] == []

        # Who serves there is told to whoever asks for the party.
        [served] = (await world.get(f"/v1/grids?party={TEAM}")).json()["rows"]
        assert (served["life"]["lead"], served["life"]["serving"]) == (HEAD, [TEAM])


async def test_a_cell_has_one_name_and_a_team_joins_once(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = (await world.post("/v1/grids", grid())).headers["location"]
        taken = await world.post("/v1/grids", grid(title="另一个名字"))
        assert (taken.status_code, taken.json()["code"]) == (409, "already_held")

        assert (await world.post(f"{at}:join", {"by": TEAM, "party": TEAM})).status_code == 200
        again = await world.post(f"{at}:join", {"by": TEAM, "party": TEAM})
        assert (again.status_code, again.json()["code"]) == (409, "already_held")
        stranger = await world.post(f"{at}:leave", {"by": HEAD, "party": HEAD})
        assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
        not_theirs = await world.post(f"{at}:rename", {"by": TEAM, "title": "夜巡队的网格"})
        assert (not_theirs.status_code, not_theirs.json()["code"]) == (422, "not_yours")

        # Two name a head at once: one wins, the other is told.
        both = await asyncio.gather(
            world.post(f"{at}:entrust", {"by": HALL, "lead": HEAD}, if_match='"2"'),
            world.post(f"{at}:entrust", {"by": HALL, "lead": TEAM}, if_match='"2"'),
        )
        assert sorted(answer.status_code for answer in both) == [200, 412]

        # Merged into another, its name is free for the next drawing; nothing more can be done with it.
        assert (await world.post(f"{at}:leave", {"by": TEAM, "party": TEAM})).status_code == 200
        assert (await world.post(f"{at}:dissolve", {"by": HALL, "reason": "并入 G02"})).status_code == 200
        late = await world.post(f"{at}:rename", {"by": HALL, "title": "太晚"})
        assert (late.json()["code"], late.json()["possible"]) == ("not_possible_now", [])
        assert (await world.post("/v1/grids", grid(title="新东三"))).status_code == 201
        [named] = (await rollup(world, COMMUNITY))["children"]
        assert named["name"] == "新东三"
