"""Whose matter a step is, told over HTTP: being of the right kind does not make somebody else's matter one's own."""

from typing import Any

import pytest

from schemas.envelope import new_event
from schemas.lives.task import TaskStarted
from tests.apiworld import COMMUNITY, NOW, World, demand
from tests.integration.stories.projects import running
from tests.stories.house import House

HALL = f"community:{COMMUNITY}"
STREET = "office:310105001000"
CITY = "office:310100000000"
HANGZHOU, HANGZHOU_STREET = "community:330106001001", "office:330106002000"
CENTRE, SCHOOL = "unit:52310105MJ47000120", "unit:91310105MA1FW0008T"
MEMBER = "member:m-7f3a"


async def begun(house: House, at: str, **said: Any) -> str:
    path = at.partition(":")[0]
    answer = await house.post(at, {"community": COMMUNITY} | said)
    return f"{path}/{answer['id']}"


async def must_be_strange(house: House, at: str, **said: Any) -> None:
    """Try a step for which one is a stranger: it is refused, and the life is as it was."""
    before = (await house.get(at.partition(":")[0]))["life"]
    problem = await house.refused(at, said)
    assert problem["code"] == "not_yours"
    assert str(said["by"]) in problem["detail"], "it says who it is not for"
    assert (await house.get(at.partition(":")[0]))["life"] == before


async def test_a_community_decides_of_its_own_needs_alone_and_the_offices_above_with_it(house: House) -> None:
    need = await begun(house, "/v1/needs", title="修灯", channel="visit", by=MEMBER)
    await must_be_strange(house, f"{need}:decline", by=HANGZHOU, reason="路人")
    await must_be_strange(house, f"{need}:verify", by=HANGZHOU_STREET)
    await must_be_strange(house, f"{need}:cancel", by="member:m-1", reason="路人")
    await must_be_strange(house, f"{need}:verify", by="community:310105001002")
    await house.post(f"{need}:verify", {"by": CITY})
    await house.post(f"{need}:cancel", {"by": MEMBER, "reason": "已修好"})


async def test_a_need_is_merged_by_who_decides_of_both(house: House) -> None:
    here = await begun(house, "/v1/needs", title="修灯", channel="visit", by=HALL)
    there = await begun(house, "/v1/needs", title="修灯", channel="visit", community="310105002001", by=MEMBER)
    into = there.rpartition("/")[2]
    await must_be_strange(house, f"{here}:merge", by=HALL, into=into)
    await house.post(f"{here}:merge", {"by": "office:310105000000", "into": into})
    assert (await house.get(there))["life"]["joined"] == [here.rpartition("/")[2]]


async def test_a_community_takes_in_who_reports_to_it_and_nobody_reports_another(house: House) -> None:
    said = {"party": MEMBER, "kind": "residence", "member_class": "in_service"}
    enrolment = await begun(house, "/v1/enrolments", by=MEMBER, **said)
    await must_be_strange(house, f"{enrolment}:grant", by=HANGZHOU)
    await must_be_strange(house, f"{enrolment}:log_off", by="member:m-1")
    for by in ("member:m-1", CENTRE, HANGZHOU):
        told = await house.refused("/v1/enrolments", {"by": by, "community": COMMUNITY} | said | {"kind": "unit_link"})
        assert told["code"] == "not_yours"
    strange = {"by": HANGZHOU, "party": CENTRE, "community": COMMUNITY, "name": "中心"}
    assert (await house.refused("/v1/enrolments:register", strange))["code"] == "not_yours"
    linked = said | {"kind": "unit_link", "home_unit": CENTRE, "community": COMMUNITY}
    await house.post("/v1/enrolments", linked | {"by": CENTRE})
    await house.post(f"{enrolment}:grant", {"by": STREET})


async def test_a_task_is_done_by_who_was_given_it_and_checked_by_who_gave_it(house: House) -> None:
    task = await begun(house, "/v1/tasks", title="清理", assignee=CENTRE, by=STREET)
    await must_be_strange(house, f"{task}:start", by=SCHOOL)
    await must_be_strange(house, f"{task}:report", by=SCHOOL, outcome="冒名")
    await house.post(f"{task}:report", {"by": CENTRE, "outcome": "已清理"})
    await must_be_strange(house, f"{task}:check", by=HALL)
    await must_be_strange(house, f"{task}:check", by=HANGZHOU_STREET)
    await house.post(f"{task}:check", {"by": CITY})


async def test_a_whistle_is_scored_by_who_blew_it(house: House) -> None:
    whistle = await begun(house, "/v1/whistles", title="水管爆裂", by=STREET, called=[{"party": CENTRE}])
    await must_be_strange(house, f"{whistle}:cancel", by=HANGZHOU_STREET, reason="路人")
    await house.post(f"{whistle}:arrive", {"by": CENTRE})
    await must_be_strange(house, f"{whistle}:handle", by=SCHOOL, outcome="冒名")
    await house.post(f"{whistle}:handle", {"by": CENTRE, "outcome": "已换管"})
    for by in (HANGZHOU_STREET, HALL):
        await must_be_strange(house, f"{whistle}:score", by=by, party=CENTRE, score=1)
    await house.post(f"{whistle}:score", {"by": STREET, "party": CENTRE, "score": 5})


async def test_a_community_draws_its_own_grids_and_who_serves_there_comes_and_goes_himself(house: House) -> None:
    cell = {"title": "东三网格", "grid": "G03", "community": COMMUNITY}
    assert (await house.refused("/v1/grids", cell | {"by": HANGZHOU}))["code"] == "not_yours"
    grid = await begun(house, "/v1/grids", by=HALL, title="东三网格", grid="G03")
    await must_be_strange(house, f"{grid}:join", by="member:m-1", party=MEMBER)
    await house.post(f"{grid}:join", {"by": MEMBER, "party": MEMBER})
    await house.post(f"{grid}:entrust", {"by": HALL, "lead": "member:m-lead"})
    await must_be_strange(house, f"{grid}:leave", by="member:m-1", party=MEMBER)
    await house.post(f"{grid}:leave", {"by": "member:m-lead", "party": MEMBER})


async def test_of_a_project_judges_the_community_and_who_asked_for_it(house: House) -> None:
    await house.post("/v1/demands", demand(demand_id="d-lunch", requester=MEMBER))
    project = await running(house, demands=["d-lunch"])
    await must_be_strange(house, f"{project}:suspend", by=SCHOOL, reason="路人")
    await house.post(f"{project}:deliver", {"by": CENTRE, "outcome": "开桌", "actual_beneficiaries": 4})
    for by in (HANGZHOU, "member:m-1"):
        await must_be_strange(house, f"{project}:accept", by=by)
    await must_be_strange(house, f"{project}:rework", by=HANGZHOU_STREET, reason="路人")
    await house.post(f"{project}:accept", {"by": MEMBER})


@pytest.mark.parametrize("by", [HANGZHOU, HANGZHOU_STREET])
async def test_a_post_and_a_role_are_set_where_they_are(house: House, by: str) -> None:
    post = {"title": "楼道长", "community": COMMUNITY, "by": by}
    assert (await house.refused("/v1/posts", post))["code"] == "not_yours"
    role = {"unit": CENTRE, "role": "liaison", "due": "2027-11-21T00:00:00Z", "community": COMMUNITY, "by": by}
    assert (await house.refused("/v1/roles", role))["code"] == "not_yours"


async def test_what_the_log_has_from_before_still_counts(world: World, house: House) -> None:
    """What was written past the door, or before there was one, by who would be refused today."""
    task = await begun(house, "/v1/tasks", title="清理", assignee=CENTRE, by=STREET)
    started = TaskStarted(id=task.rpartition("/")[2], step=2, community=COMMUNITY, by=SCHOOL, at=NOW)
    await world.sink.publish([new_event(started, id="old", source="tests", key="310105", time=NOW)])
    world.sink.project()
    found = await house.get(task)
    assert (found["life"]["state"], found["history"][-1]["by"]) == ("under_way", SCHOOL)
