"""A task of supervision: given by the street, done by a unit, checked by the street."""

from tests.stories.house import House

COMMUNITY = "310105001001"
STREET = "office:310105001000"
UNIT = "unit:52310105MJ47000120"


async def tell(house: House) -> None:
    given = await house.post(
        "/v1/tasks", {"title": "清理消防通道", "assignee": UNIT, "community": COMMUNITY, "by": STREET}
    )
    at = f"/v1/tasks/{given['id']}"
    early = await house.refused(f"{at}:check", {"by": STREET})
    assert (early["code"], early["state"]) == ("not_possible_now", "open")
    assert "report" in early["possible"]
    await house.post(f"{at}:report", {"by": UNIT, "outcome": "已清理。"})
    await house.post(f"{at}:return", {"by": STREET, "reason": "东侧仍有杂物"})
    await house.post(f"{at}:report", {"by": UNIT, "outcome": "东侧也已清理。"})
    await house.post(f"{at}:check", {"by": STREET})
    task = await house.get(at)
    assert task["life"]["state"] == "done"
    assert [step["action"] for step in task["history"]] == ["open", "report", "return", "report", "check"]
    assert all(row["id"] != given["id"] for row in (await house.get("/v1/overdue", region="310105"))["rows"])
