"""The escalation page's server side: levels and rows in plain values, narrowed as asked, never without an answer."""

from datetime import UTC, datetime

import pytest

from tests.unit.console.house import HERE, House

ITEM = "digital.computer_repair"


@pytest.fixture
def escalated(house: House) -> str:
    """A demand for two seats or more that is with the city."""
    now = datetime.now(UTC)
    house.town.settle(units=1, members=1, resources=0, at=now)
    [demand_id] = house.town.ask(1, at=now, item=ITEM, community=HERE)
    house.town.escalate(demand_id, at=now, waited_minutes=90)
    return demand_id


async def test_a_level_says_what_is_there_and_what_came_in_a_week(house: House, escalated: str) -> None:
    element, _ = house.page()
    told = (await element.ask(what="levels", region="310105"))["levels"]
    [level] = told["levels"]
    assert (level["shard"], level["level"], level["name"]) == ("3101", "city", "上海市")
    assert (level["demands"], level["reached"], level["served"], level["held"]) == (1, 1, 0, 0)
    [row] = told["rows"]
    assert (row["id"], row["from"], row["to"], row["cause"], row["state"]) == (
        escalated,
        "长宁区",
        "上海市",
        "time",
        "waiting",
    )
    assert row["seats"] == sum(level["waiting"])
    assert (told["more"], told["left_out"]) == (False, 0)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"region": "310105", "to": "3101"}, 1),
        ({"region": "310105", "to": "delta"}, 0),
        ({"region": "310105", "state": "waiting"}, 1),
        ({"region": "310105", "state": "served"}, 0),
        ({"region": "310105", "state": "'; --"}, 1),
        ({"region": "310106"}, 0),
        ({"region": "?"}, 1),
        ({}, 1),
    ],
)
async def test_rows_are_narrowed_as_asked(house: House, escalated: str, asked: dict[str, str], count: int) -> None:
    element, _ = house.page()
    assert len((await element.ask(what="levels", **asked))["levels"]["rows"]) == count


async def test_lists_that_cannot_be_read_are_told_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    element, _ = house.page()

    def away(*_: object, **__: object) -> None:
        raise OSError("the disk is away")

    monkeypatch.setattr("api.console.linkage.levels", away)
    assert (await element.ask(what="levels", region="310105"))["levels"] == {"region": "310105", "failed": True}


async def test_who_waits_longest_says_with_whom(house: House, escalated: str) -> None:
    [waiting] = house.desk.view("310105")["waiting"]
    assert (waiting["id"], waiting["with"]) == (escalated, ["上海市"])


async def test_a_demand_tells_its_way_and_where_its_seats_wait(house: House, escalated: str) -> None:
    element, _ = house.page()
    answer = (await element.ask(what="demand", id=escalated))["answer"]
    [step] = answer["way"]
    assert (step["kind"], step["from"], step["to"], step["level"]) == ("escalated", "长宁区", "上海市", "city")
    assert (step["cause"], step["waited_s"]) == ("time", 90 * 60)
    [line] = answer["why"]["lines"]
    assert (line["verdict"], line["shard"]) == ("no_candidate", "上海市")
    assert [(away["level"], away["shard"]) for away in line["away"]] == [("上海市", None)]
