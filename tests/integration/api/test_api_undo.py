"""Undoing an import: what it posted goes, what others have built upon stays, and every row says which."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.assignments import AssignmentFulfilled, AssignmentProposed, AssignmentRevoked
from schemas.base import Fact
from schemas.demands import DemandPosted, DemandWithdrawn
from schemas.envelope import Event, new_event
from schemas.resources import ResourceWithdrawn
from schemas.rounds import Proposal
from tests.apiworld import NOW, World, ended, resource, world_in
from tests.integration.api.spreadsheets import HEADERS, load, row, table


async def imported(world: World, *titles: str) -> tuple[str, list[str]]:
    """Import demands of these titles; return the import's id and theirs."""
    report = (await load(world, table(*(row(title=title) for title in titles)))).json()
    assert report["posted"] == len(titles), report
    return report["import_id"], [line["id"] for line in report["rows"]]


async def undo(world: World, import_id: str) -> dict[str, Any]:
    answer = await world.post(f"/v1/imports/{import_id}:undo")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(report: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    return [(line["row"], line["outcome"], line["fault"] and line["fault"]["code"]) for line in report["rows"]]


async def match(world: World, demand_id: str) -> str:
    """Let a round pair a demand on the list with a resource; return the assignment's id."""
    offered = (await world.post("/v1/resources", resource())).json()["id"]
    proposal = Proposal(
        assignment_id=f"{len(world.sink.events):032x}",
        demand_id=demand_id,
        line=0,
        seat=0,
        demand_version=1,
        resource_id=offered,
        resource_seat=0,
        resource_version=1,
        requester="community:310105001001",
        provider="member:m-7f3a",
        item="elder_care.hair_cut",
        offered_item="elder_care.hair_cut",
        community="310105001001",
        starts_at=NOW + timedelta(days=4),
        ends_at=NOW + timedelta(days=4, hours=1),
        value=4_000,
        terms={"service": 4_000},
        margin=0,
        auto_accepted=False,
        answer_by=NOW + timedelta(days=1),
    )
    fact = AssignmentProposed(shard="310105", round_no=1, at=NOW, assignment=proposal)
    said = new_event(fact, id=f"p-{proposal.assignment_id}", source="/cobuild/matcher", key="310105", time=NOW)
    await world.sink.publish([said])
    return proposal.assignment_id


async def test_an_undo_withdraws_what_the_import_posted_and_nothing_else(world: World) -> None:
    _, (before,) = await imported(world, "a")
    report = (await load(world, table(row(title="a"), row(title="b"), row(item="月球漫步"), row(title="c")))).json()
    undone = await undo(world, report["import_id"])
    assert told(undone) == [(3, "undone", None), (5, "undone", None)]
    assert (undone["undone"], undone["kept"]) == (2, 0)
    assert before not in {fact.demand_id for fact in world.sink.facts(DemandWithdrawn)}
    rows = (await world.get("/v1/demands", Cobuild_At_Least=",".join(undone["positions"]))).json()["rows"]
    states = {view["demand"]["title"]: (view["state"], view["reason"]) for view in rows}
    assert states["a"] == ("open", None)
    assert states["b"] == states["c"] == ("withdrawn", "导入已撤销 import undone")


async def test_what_was_matched_changed_or_withdrawn_meanwhile_stays_and_says_why(world: World) -> None:
    import_id, ids = await imported(world, "live", "done", "revoked", "changed", "withdrawn", "whistled", "untouched")
    live, done, revoked, changed, withdrawn, whistled, untouched = ids
    await match(world, live)
    await ended(world, await match(world, done), AssignmentFulfilled, "done")
    await ended(world, await match(world, revoked), AssignmentRevoked, "resource_gone")
    await world.patch(f"/v1/demands/{changed}", {"urgency": "urgent"}, If_Match='"1"')
    await world.post(f"/v1/demands/{withdrawn}:withdraw", {"reason": "已经解决"})
    await world.post(f"/v1/demands/{whistled}:whistle", {})
    report = await undo(world, import_id)
    assert told(report) == [
        (2, "kept", "matched_meanwhile"),
        (3, "kept", "matched_meanwhile"),
        (4, "undone", None),
        (5, "kept", "changed_meanwhile"),
        (6, "kept", "already_withdrawn"),
        (7, "kept", "changed_meanwhile"),
        (8, "undone", None),
    ]
    assert all(line["fault"]["messages"]["zh"] for line in report["rows"] if line["fault"])
    gone = {fact.demand_id for fact in world.sink.facts(DemandWithdrawn)}
    assert gone == {revoked, untouched, withdrawn}
    events = len(world.sink.events)
    assert await undo(world, import_id) == report
    assert len(world.sink.events) == events


async def test_resources_are_undone_too_and_a_demand_of_several_rows_once(world: World) -> None:
    headers = ["标题", "服务项目", "所在社区代码", "提供方"]
    offered = table(["理发", "上门理发", "310105001001", "member:m-1"], headers=headers)
    first = (await load(world, offered, kind="resources")).json()
    assert told(await undo(world, first["import_id"])) == [(2, "undone", None)]
    assert [fact.home for fact in world.sink.facts(ResourceWithdrawn)] == ["310105001001"]
    bundle = table([*row(), "A"], [*row(item="骑手信息员志愿者"), "A"], headers=[*HEADERS, "组合需求"])
    second = (await load(world, bundle)).json()
    assert told(await undo(world, second["import_id"])) == [(2, "undone", None), (3, "undone", None)]
    assert len(world.sink.facts(DemandWithdrawn)) == 1


async def test_where_the_log_fails_half_way_the_next_undo_goes_on(tmp_path: Path) -> None:
    async with world_in(tmp_path, import_batch=2) as world:
        import_id, _ = await imported(world, "a", "b", "c", "d", "e")
        publish, calls = world.sink.publish, 0

        async def failing(events: Any) -> Any:
            nonlocal calls
            calls += 1
            world.sink.fails = calls == 2
            return await publish(events)

        world.sink.publish = failing  # type: ignore[method-assign]
        assert (await world.post(f"/v1/imports/{import_id}:undo")).status_code == 503
        report = await undo(world, import_id)
        assert (report["undone"], report["kept"]) == (5, 0)
        assert sorted(fact.version for fact in world.sink.facts(DemandWithdrawn)) == [2] * 5


async def test_an_undo_meets_what_was_written_a_moment_before(world: World) -> None:
    import_id, (demand_id,) = await imported(world, "a")
    await world.patch(f"/v1/demands/{demand_id}", {"title": "b"}, If_Match='"1"')
    world.sink.holds_back = True
    refused = await world.patch(f"/v1/demands/{demand_id}", {"title": "c"}, If_Match='"2"')
    assert refused.status_code == 200
    assert (await world.post(f"/v1/imports/{import_id}:undo")).json()["code"] == "read_model_behind"
    world.sink.project()
    assert told(await undo(world, import_id)) == [(2, "kept", "changed_meanwhile")]


async def test_past_imports_are_listed_in_figures_the_newest_first(world: World) -> None:
    first, _ = await imported(world, "a", "b")
    world.clock.pass_(minutes=1)
    await load(world, table(row(title="c")), dry_run=True)
    second = (await load(world, table(row(title="a"), row(title="c"), row(item="月球漫步")))).json()["import_id"]
    world.clock.pass_(minutes=1)
    await undo(world, first)
    page = (await world.get("/v1/imports?limit=1")).json()
    (newest,) = page["rows"]
    assert newest["import_id"] == second
    assert [newest[name] for name in ("total", "posted", "unchanged", "refused", "undone_at")] == [3, 1, 1, 1, None]
    (oldest,) = (await world.get(f"/v1/imports?limit=1&cursor={page['next_cursor']}")).json()["rows"]
    assert [oldest[name] for name in ("import_id", "undone", "kept")] == [first, 2, 0]
    assert oldest["undone_at"] is not None


@pytest.mark.parametrize(("import_id", "status"), [("i-20261121-0000", 404), ("nonsense", 422)])
async def test_what_was_never_imported_cannot_be_undone(world: World, import_id: str, status: int) -> None:
    assert (await world.post(f"/v1/imports/{import_id}:undo")).status_code == status


async def test_imports_of_before_there_was_an_undo_are_listed_and_undone(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        import_id, _ = await imported(world, "a")
    with sqlite3.connect(tmp_path / "api.sqlite3") as store:
        for column in ("summary", "undo"):
            store.execute(f"ALTER TABLE imports DROP COLUMN {column}")
    store.close()
    async with world_in(tmp_path) as world:
        assert [line["posted"] for line in (await world.get("/v1/imports")).json()["rows"]] == [1]
        assert (await undo(world, import_id))["undone"] == 1
        assert [line["undone"] for line in (await world.get("/v1/imports")).json()["rows"]] == [1]


async def test_thousands_of_rows_are_undone_in_as_few_appends_as_they_came(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    appends: list[int] = []
    publish = world.sink.publish

    async def counted(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        appends.append(len(events))
        return await publish(events)

    monkeypatch.setattr(world.sink, "publish", counted)
    import_id, _ = await imported(world, *(f"t{number}" for number in range(2_000)))
    came = tuple(appends)
    assert (await undo(world, import_id))["undone"] == 2_000
    assert tuple(appends) == came + came
    assert 2_000 == sum(came) > 100 * len(came)
    assert len(world.sink.facts(DemandPosted)) == len(world.sink.facts(DemandWithdrawn)) == 2_000
