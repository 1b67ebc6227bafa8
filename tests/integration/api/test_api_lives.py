"""Lives through HTTP: what the tables allow, what they refuse, and who wins where two act at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Fact
from schemas.envelope import Event, new_event
from schemas.lives.task import TaskStarted
from tests.apiworld import COMMUNITY, NOW, World, world_in

STREET = "office:310105001000"
CITY = "office:310100000000"
UNIT = "unit:91310105MA1FW0008T"
OTHER = "unit:52310105MJ47000120"


def task(**changes: Any) -> dict[str, Any]:
    return {"title": "清理消防通道", "assignee": UNIT, "community": COMMUNITY, "by": STREET} | changes


async def given(world: World, **changes: Any) -> str:
    """Give a task; return where it is."""
    answer = await world.post("/v1/tasks", task(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def test_a_task_is_given_done_and_checked(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await given(world)
        assert (await world.post(f"{at}:start", {"by": UNIT})).json()["version"] == 2
        assert (await world.post(f"{at}:report", {"by": UNIT, "outcome": "已清理。"})).status_code == 200
        assert (await world.post(f"{at}:check", {"by": STREET})).status_code == 200
        found = (await world.get(at)).json()
        assert found["life"]["state"] == "done"
        assert found["life"]["outcome"] == "已清理。"
        assert not found["is_open"]
        assert [step["action"] for step in found["history"]] == ["open", "start", "report", "check"]
        assert found["possible"] == []


async def test_a_step_that_the_table_does_not_have_says_what_is_possible(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await given(world)
        refused = await world.post(f"{at}:check", {"by": STREET})
        assert refused.status_code == 409
        problem = refused.json()
        assert (problem["code"], problem["state"], problem["version"]) == ("not_possible_now", "open", 1)
        assert "report" in problem["possible"]
        assert len(world.sink.events) == 1, "nothing was written"


async def test_who_may_not_is_told_so(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        refused = await world.post("/v1/tasks", task(by=UNIT))
        assert (refused.status_code, refused.json()["code"]) == (422, "not_yours")
        at = await given(world)
        assert (await world.post("/v1/tasks/t-none:start", {"by": UNIT})).status_code == 404
        assert (await world.post(f"{at}:fly", {"by": UNIT})).status_code == 405, "there is no such step"


async def test_of_two_who_saw_the_same_one_wins(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await given(world)
        answers = await asyncio.gather(
            world.post(f"{at}:start", {"by": UNIT}, if_match='"1"'),
            world.post(f"{at}:cancel", {"by": STREET, "reason": "不用了"}, if_match='"1"'),
        )
        assert [answer.status_code for answer in answers] == [200, 412]
        assert answers[1].json()["version"] == 2


async def test_who_is_overtaken_by_another_process_is_told_what_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world_in(tmp_path) as world:
        at = await given(world)
        publish = world.sink.publish

        async def rival_first(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
            rival = TaskStarted(id=at.rpartition("/")[2], step=2, community=COMMUNITY, by=OTHER, at=NOW)
            await publish([new_event(rival, id="rival", source="tests", key="310105", time=NOW)])
            return await publish(events)

        monkeypatch.setattr(world.sink, "publish", rival_first)
        refused = await world.post(f"{at}:cancel", {"by": STREET, "reason": "不用了"})
        assert (refused.status_code, refused.json()["code"]) == (409, "overtaken")
        assert refused.json()["action"] == "start"
        found = (await world.get(at)).json()
        assert (found["life"]["state"], found["life"]["step"]) == ("under_way", 2)


async def test_a_key_makes_a_step_count_once_also_where_the_answer_was_lost(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await given(world)
        world.sink.loses_the_answer = True
        lost = await world.post(f"{at}:start", {"by": UNIT}, Idempotency_Key="k-1")
        assert lost.status_code == 500
        world.sink.loses_the_answer = False
        again = await world.post(f"{at}:start", {"by": UNIT}, Idempotency_Key="k-1")
        assert (again.status_code, again.json()["version"]) == (200, 2)
        assert [step["action"] for step in (await world.get(at)).json()["history"]] == ["open", "start"]


async def test_a_birth_with_a_key_counts_once(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        world.sink.loses_the_answer = True
        assert (await world.post("/v1/tasks", task(), Idempotency_Key="k-1")).status_code == 500
        world.sink.loses_the_answer = False
        again = await world.post("/v1/tasks", task(), Idempotency_Key="k-1")
        assert again.status_code == 201
        rows = (await world.get("/v1/tasks")).json()["rows"]
        assert [row["life"]["id"] for row in rows] == [again.json()["id"]]


async def test_an_id_is_given_once(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await given(world, id="t-1")
        again = await world.post("/v1/tasks", task(id="t-1", title="别的事"))
        assert (again.status_code, again.json()["code"]) == (409, "duplicate_id")


async def test_lists_are_narrowed_by_state_party_region_and_what_is_overdue(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await given(world, id="t-1")
        await given(world, id="t-2", assignee=OTHER, community="310104003001", by=CITY)
        await world.post("/v1/tasks/t-2:start", {"by": OTHER})

        async def ids(query: str) -> list[str]:
            answer = await world.get(f"/v1/tasks?{query}")
            assert answer.status_code == 200, answer.text
            return [row["life"]["id"] for row in answer.json()["rows"]]

        assert await ids("") == ["t-2", "t-1"]
        assert await ids("state=open") == ["t-1"]
        assert await ids("region=310104") == ["t-2"]
        assert await ids(f"party={OTHER}") == ["t-2"]
        assert await ids("overdue=true") == []
        world.clock.pass_(days=8)
        assert await ids("overdue=true") == ["t-1"], "who has begun is given no number of days"
        late = (await world.get("/v1/overdue?region=31")).json()["rows"]
        assert [(row["kind"], row["id"]) for row in late] == [("task", "t-1")]
        await world.post("/v1/tasks/t-1:cancel", {"by": STREET, "reason": "不用了"})
        assert await ids("open=false") == ["t-1"]
        assert (await world.get("/v1/overdue")).json()["rows"] == []


async def test_personal_data_stays_out(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        refused = await world.post("/v1/tasks", task(detail="联系人电话 13812345678"))
        assert (refused.status_code, refused.json()["code"]) == (422, "personal_data")
        assert world.sink.events == []


async def test_a_history_tells_how_long_each_stage_took(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await given(world)
        world.clock.pass_(hours=5)
        await world.post(f"{at}:start", {"by": UNIT})
        world.clock.pass_(hours=2)
        await world.post(f"{at}:remind", {"by": STREET})
        history = (await world.get(at)).json()["history"]
        assert [(step["before"], step["after"], step["stayed_s"]) for step in history] == [
            (None, "open", None),
            ("open", "under_way", 5 * 3600),
            ("under_way", "under_way", 2 * 3600),
        ]


async def test_the_tables_are_told_with_forms_and_with_how_many_stand_where(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await given(world)
        at = await given(world, community="310104003001", by=CITY)
        await world.post(f"{at}:start", {"by": UNIT})
        world.clock.pass_(days=8)
        tables = {table["kind"]: table for table in (await world.get("/v1/lifecycles?region=310105")).json()["tables"]}
        task_table = tables["task"]
        assert (task_table["open"], task_table["overdue"]) == (1, 1)
        assert {state["name"]: state["lives"] for state in task_table["states"]}["under_way"] == 0
        [report] = [move for move in task_table["moves"] if move["action"] == "report"]
        assert report["messages"]["zh"] == "反馈"
        assert report["form"]["required"] == ["by", "outcome"]
        assert not any(move["by_program"] or move["takes"] for move in task_table["moves"])


async def test_what_begins_a_life_says_in_english_what_it_begins(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        tables = (await world.get("/v1/lifecycles")).json()["tables"]
    moves = [(table["kind"], move) for table in tables for move in table["moves"] if move["by_hand"]]
    said = {(kind, move["action"]): move["messages"]["en"] for kind, move in moves}
    assert said["whistle", "blow"] == "Blow the whistle"
    assert said["enrolment", "log_off"] == "Log off"
    for kind, move in moves:
        if not move["sources"]:
            assert " " in said[kind, move["action"]], f"{kind}: a verb alone is no heading"


async def test_where_a_step_asks_for_a_digest_people_are_offered_another(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        tables = {table["kind"]: table for table in (await world.get("/v1/lifecycles")).json()["tables"]}
    moves = {move["action"]: move for move in tables["project"]["moves"]}
    assert [action for action, move in moves.items() if move["by_program"]] == ["seal", "reveal"]
    offered = moves["evaluate"]
    assert (offered["takes"], offered["sources"], offered["target"]) == ("seal", ["accepted"], None)
    assert (offered["messages"]["zh"], sorted(offered["form"]["properties"])) == ("评价", ["by", "score", "text"])
