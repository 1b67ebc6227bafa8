"""Gates that entries set: taken, shown, revised, and refused where they make no sense."""

from typing import Any

import pytest

from tests.apiworld import World, demand, resource

GATES: dict[str, Any] = {
    "serves": ["elderly"],
    "fitness": ["adult", "lifting"],
    "access": "paid",
    "fee": 30,
    "admits": ["310105001", "unit:91310105MA1FW0008T"],
}


async def test_the_gates_of_a_resource_are_taken_and_shown(world: World) -> None:
    posted = await world.post("/v1/resources", resource(resource_id="r-1", **GATES))
    assert posted.status_code == 201, posted.text
    found = (await world.get("/v1/resources/r-1")).json()["resource"]
    assert {name: found[name] for name in GATES} == GATES


async def test_those_of_a_demand_too_and_null_lifts_them(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1", needs=["adult"], cost_cap=0))
    found = (await world.get("/v1/demands/d-1")).json()["view"]["demand"]
    assert (found["needs"], found["cost_cap"]) == (["adult"], 0)
    changed = await world.patch("/v1/demands/d-1", {"needs": None, "cost_cap": None}, If_Match="*")
    assert changed.status_code == 200, changed.text
    found = (await world.get("/v1/demands/d-1")).json()["view"]["demand"]
    assert not {"needs", "cost_cap"} & set(found)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"fee": 30}, None),
        ({"access": "paid", "fee": -1}, "#/fee"),
        ({"serves": ["dragons"]}, "#/serves/0"),
        ({"fitness": ["1999-01-01"]}, "#/fitness/0"),
        ({"admits": ["unit:91310105MA1FW0008X"]}, "#/admits/0"),
        ({"admits": ["somebody"]}, "#/admits/0"),
    ],
)
async def test_what_makes_no_sense_is_refused_where_it_stands(
    world: World, change: dict[str, Any], pointer: str | None
) -> None:
    refused = await world.post("/v1/resources", resource(**change))
    assert refused.status_code == 422
    fields = [field["pointer"] for field in refused.json().get("errors", [])]
    assert pointer is None or any(found.startswith(pointer) for found in fields), refused.text
