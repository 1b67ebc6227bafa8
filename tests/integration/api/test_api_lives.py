"""Lives through HTTP: what the tables allow, what they refuse, and who wins where two act at once."""

from pathlib import Path
from typing import Any

from tests.apiworld import COMMUNITY, world_in

STREET = "office:310105001000"
UNIT = "unit:91310105MA1FW0008T"


def task(**changes: Any) -> dict[str, Any]:
    return {"title": "清理消防通道", "assignee": UNIT, "community": COMMUNITY, "by": STREET} | changes


async def test_a_task_is_given_done_and_checked(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        given = await world.post("/v1/tasks", task())
        assert given.status_code == 201, given.text
        at = given.headers["location"]
        assert (await world.post(f"{at}:start", {"by": UNIT})).json()["version"] == 2
        assert (await world.post(f"{at}:report", {"by": UNIT, "outcome": "已清理。"})).status_code == 200
        assert (await world.post(f"{at}:check", {"by": STREET})).status_code == 200
        found = (await world.get(at)).json()
        assert found["life"]["state"] == "done"
        assert found["life"]["outcome"] == "已清理。"
        assert not found["is_open"]
        assert [step["action"] for step in found["history"]] == ["open", "start", "report", "check"]
        assert found["possible"] == []
