"""What the house does by itself when a day is over, also where something stands in its way."""

from pathlib import Path

from sqlalchemy import text

from api.drawer import Drawer
from api.tending import Tending
from tests.apiworld import MASTER_KEY, World, world_in
from tests.integration.stories.projects import CENTRE, HALL, accepted
from tests.stories.house import House


def tending(world: World) -> Tending:
    found: Tending = world.app.state.services.tending
    return found


def drawer(world: World) -> Drawer:
    return Drawer(engine=world.app.state.services.ports.store, master_key=MASTER_KEY)


async def test_lists_that_are_made_anew_cost_nobody_what_he_said(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        house = House(world.client)
        at = await accepted(house)
        await house.post(f"{at}:evaluate", {"by": HALL, "score": 3, "text": "还可以"})
    (tmp_path / "readmodel.sqlite3").unlink()
    async with world_in(tmp_path) as world:
        assert (await world.get(at)).status_code == 404, "the lists have not come to the project yet"
        await tending(world).tend()
        [kept] = drawer(world).of(at.rpartition("/")[2]).values()
        assert kept.text == "还可以"


async def test_the_drawer_is_emptied_once_all_is_shown(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        house = House(world.client)
        at = await accepted(house)
        for party in (HALL, CENTRE):
            await house.post(f"{at}:evaluate", {"by": party, "score": 4})
        await tending(world).tend()
        assert drawer(world).projects() == []
        await tending(world).tend()
        assert (await house.get(at))["history"][-1]["action"] == "reveal", "nothing is said twice"


async def test_one_text_that_nobody_can_open_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        house = House(world.client)
        torn, whole = await accepted(house), await accepted(house)
        for at in (torn, whole):
            await house.post(f"{at}:evaluate", {"by": HALL, "score": 4, "text": "周到"})
        with world.app.state.services.ports.store.begin() as connection:
            connection.execute(
                text("UPDATE sealed_evaluations SET ciphertext = zeroblob(64) WHERE project = :project"),
                {"project": torn.rpartition("/")[2]},
            )
        world.clock.pass_(days=14)
        await tending(world).tend()
        assert (await house.get(whole))["life"]["state"] == "evaluated"
        assert (await house.get(torn))["life"]["state"] == "accepted"
        world.clock.pass_(days=14)
        await tending(world).tend()
        assert (await house.get(torn))["life"]["state"] == "evaluated", "two weeks later it is over without it"


async def test_a_refused_evaluation_is_not_kept(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        house = House(world.client)
        at = await accepted(house)
        await house.refused(f"{at}:evaluate", {"by": "member:m-7f3a", "score": 1, "text": "旁观者"})
        assert drawer(world).projects() == []
        assert (await house.refused("/v1/projects/p-none:evaluate", {"by": HALL, "score": 1}))["code"] == "not_found"
