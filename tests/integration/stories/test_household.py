"""One household, one file: who it is is read with a reason, and stands nowhere else."""

from api import vault
from api.routes import households
from tests.apiworld import COMMUNITY, World
from tests.logs import logged_by
from tests.stories.house import House

HALL = f"community:{COMMUNITY}"
WHO = {"name": "张三", "phone": "13812345678", "address": "幸福路1号"}
LOOK = {"by": HALL, "reason": "上门前联系"}


async def test_a_household_has_one_file_with_all_its_needs(house: House) -> None:
    for title in ("陪同就医", "上门理发"):
        await house.post("/v1/needs", {"title": title, "community": COMMUNITY, "by": HALL, "household": "h-1"})
    await house.post("/v1/needs", {"title": "修水管", "community": COMMUNITY, "by": HALL, "household": "h-2"})
    await house.put("/v1/households/h-1/identity", WHO)
    told = await house.post("/v1/households/h-1:read", LOOK)
    assert told["identity"] == WHO
    assert {row["life"]["title"] for row in told["needs"]} == {"陪同就医", "上门理发"}
    assert (await house.post("/v1/households/h-2:read", LOOK))["identity"] == {}


async def test_it_is_read_with_a_reason_that_is_logged_and_never_kept_as_an_answer(world: World, house: House) -> None:
    await house.put("/v1/households/h-1/identity", WHO)
    assert (await house.refused("/v1/households/h-1:read", {"by": HALL}))["code"] == "invalid_value"
    with logged_by(households, vault) as logs:
        await house.post("/v1/households/h-1:read", LOOK, Idempotency_Key="look-1")
        again = await world.post("/v1/households/h-1:read", LOOK, Idempotency_Key="look-1")
    assert "idempotent-replayed" not in again.headers
    said = str(logs)
    assert "上门前联系" in said
    assert HALL in said
    assert "张三" not in said
    assert "张三" not in str([event.data for event in world.sink.events])


async def test_a_household_can_be_forgotten_and_its_needs_stay(world: World, house: House) -> None:
    await house.post("/v1/needs", {"title": "上门理发", "community": COMMUNITY, "by": HALL, "household": "h-1"})
    await house.put("/v1/households/h-1/identity", WHO)
    assert (await world.client.delete("/v1/households/h-1/identity")).status_code == 204
    told = await house.post("/v1/households/h-1:read", LOOK)
    assert (told["identity"], len(told["needs"])) == ({}, 1)
    assert (await house.refused("/v1/households/h-9:read", LOOK))["code"] == "not_found"
