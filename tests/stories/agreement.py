"""A Changning agreement, whole: a unit reports, its canteen meets a need, and a lunch table comes of it.

A joint meeting decides on it, the public is told, three parties sign, work is done and accepted, each side says what it
thinks of the other without hearing it first, and the project is closed.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stories.house import Answer, House

COMMUNITY = "310105002003"
HALL = f"community:{COMMUNITY}"
STREET_REGION = "310105002000"
STREET = f"office:{STREET_REGION}"
CENTRE_USCC = "52310105MJ4701234T"
CENTRE = f"unit:{CENTRE_USCC}"
SUZHOU = "320505001001"
KITCHEN_USCC = "91320505MA1X7CB12Q"
KITCHEN = f"unit:{KITCHEN_USCC}"
MEMBER = "member:m-changning-1"


async def tell(house: House) -> None:
    canteen, fund = await units_report_and_offer(house)
    demand, assignment = await a_need_is_matched(house, canteen)
    project = await a_project_is_proposed(house, demand, canteen, assignment, fund)
    meeting, task = await the_joint_meeting_decides(house, project)
    agreement = await the_public_is_told_and_all_sign(house, project, canteen)
    await the_work_is_done(house, project)
    await both_sides_evaluate(house, project)
    await all_is_closed(house, project=project, agreement=agreement, meeting=meeting, task=task)


async def units_report_and_offer(house: House) -> tuple[str, str]:
    """A centre of the street and a kitchen of another province report; the centre offers its canteen and a fund."""
    await house.post("/v1/units", {"uscc": CENTRE_USCC, "name": "江苏路为老服务中心（示例）", "community": COMMUNITY})
    await house.post("/v1/units", {"uscc": KITCHEN_USCC, "name": "姑苏中央厨房（示例）", "community": SUZHOU})
    offer = {"provider": CENTRE, "home": COMMUNITY, "scope": ["310105002"]}
    canteen = offer | {
        "title": "午间食堂",
        "item": "venue.canteen",
        "kind": "venue",
        "delivery": "off_peak",
        "qualifications": ["agreement"],
    }
    fund = offer | {"title": "爱心基金", "item": "relief.fund_donation", "kind": "fund", "renewable": False}
    return (await house.post("/v1/resources", canteen))["id"], (await house.post("/v1/resources", fund))["id"]


async def a_need_is_matched(house: House, canteen: str) -> tuple[str, str]:
    """The community asks for a canteen at noon; a round finds it, and the centre accepts."""
    window = {"start": day(3), "end": day(4)}
    need = {
        "title": "独居老人午间就餐",
        "requester": HALL,
        "lines": [{"item": "venue.canteen"}],
        "community": COMMUNITY,
        "window": window,
        "channel": "visit",
        "beneficiary": "elderly",
    }
    demand = (await house.post("/v1/demands", need))["id"]
    matched = await house.until(f"/v1/demands/{demand}", lambda found: bool(found["assignments"]))
    [assignment] = matched["assignments"]
    assert assignment["resource_id"] == canteen
    await house.post(f"/v1/assignments/{assignment['assignment_id']}:accept")
    at = f"/v1/assignments/{assignment['assignment_id']}"
    await house.until(at, lambda found: found["state"] == "confirmed")
    return demand, assignment["assignment_id"]


async def a_project_is_proposed(house: House, demand: str, canteen: str, assignment: str, fund: str) -> str:
    """The street makes a project of the match, with a partner of another province and a budget."""
    proposal = {
        "title": "长者午餐桌",
        "detail": "工作日午间，为独居老人备餐、送餐。",
        "community": COMMUNITY,
        "by": STREET,
        "lead": HALL,
        "partners": [CENTRE, KITCHEN],
        "demands": [demand],
        "resources": [canteen],
        "assignments": [assignment],
        "milestones": [{"title": "开桌", "due": day(-1)}, {"title": "满月", "due": day(40)}],
        "budget": [{"title": "餐具", "amount": 300_000, "fund": fund, "earmark": "只用于助餐"}],
        "starts_at": day(0),
        "ends_at": day(90),
        "expected_beneficiaries": 30,
    }
    lost = await house.refused("/v1/projects", proposal | {"resources": ["r-nowhere"]})
    assert lost["code"] == "unknown_reference"
    project = f"/v1/projects/{(await house.post('/v1/projects', proposal))['id']}"
    found = await house.get(project)
    assert found["life"]["code"].startswith("310105002-003-")
    assert [each["state"] for each in found["beside"]["assignments"]] == ["confirmed"]
    assert [each["demand"]["title"] for each in found["beside"]["demands"]] == ["独居老人午间就餐"]
    # Each partner finds it among what concerns it.
    for party in (HALL, CENTRE, KITCHEN):
        assert [row["life"]["title"] for row in (await house.get("/v1/projects", party=party))["rows"]] == [
            "长者午餐桌"
        ]
    return project


async def the_joint_meeting_decides(house: House, project: str) -> tuple[str, str]:
    """The street's joint meeting approves it and gives a task with that."""
    call = {
        "title": "江苏路街道党建联席会议",
        "community": STREET_REGION,
        "by": STREET,
        "series": "changning-agreement",
        "starts_at": day(-1),
        "members": [STREET, HALL, CENTRE],
        "agenda": [{"title": "长者午餐桌立项", "about": f"project:{id_of(project)}"}],
    }
    meeting = f"/v1/meetings/{(await house.post('/v1/meetings', call))['id']}"
    early = await house.refused(f"{project}:approve", {"by": STREET})
    assert (early["code"], early["state"]) == ("not_possible_now", "proposed")
    await house.post(f"{meeting}:hold", {"by": STREET, "present": [STREET, HALL, CENTRE]})
    order = {"title": "公示长者午餐桌", "assignee": HALL, "due": day(7)}
    resolution = {"by": STREET, "item": 1, "text": "同意立项", "verdict": "approve", "tasks": [order]}
    await house.post(f"{meeting}:resolve", resolution)
    approved = (await house.get(project))["life"]
    assert approved["state"] == "approved"
    assert approved["reviews"][0]["meeting"] == id_of(meeting)
    series = await house.get(f"/v1/meeting-series/{STREET_REGION}/changning-agreement")
    assert series["next_chair"] == HALL, "the street had the chair this time"
    [given] = (await house.get(meeting))["beside"]["tasks"]
    return meeting, f"/v1/tasks/{given['task']}"


async def the_public_is_told_and_all_sign(house: House, project: str, canteen: str) -> str:
    """A short public notice with its reason; then the agreement is drafted, and signed in whatever order."""
    await house.post(f"{project}:publicise", {"by": STREET, "days": 0, "reason": "已在居委会公示栏公示七天"})
    clauses = [
        {"promise": "工作日午间开放食堂", "promised_by": CENTRE, "resources": [canteen], "due": day(60)},
        {"promise": "每日备餐", "promised_by": KITCHEN, "quantity": 2, "due": day(60)},
    ]
    draft = {
        "title": "长者午餐桌共建协议",
        "community": COMMUNITY,
        "by": HALL,
        "signatories": [HALL, CENTRE, KITCHEN],
        "project": id_of(project),
        "clauses": clauses,
        "valid_from": day(0),
        "valid_to": day(365),
    }
    agreement = f"/v1/agreements/{(await house.post('/v1/agreements', draft))['id']}"
    for party in (KITCHEN, HALL):
        await house.post(f"{agreement}:sign", {"by": party})
    unsigned = await house.refused(f"{project}:sign", {"by": HALL, "agreement": id_of(agreement)})
    assert unsigned["code"] == "not_ready"
    await house.post(f"{agreement}:sign", {"by": CENTRE})
    assert (await house.get(agreement))["life"]["state"] == "in_force"
    await house.post(f"{project}:sign", {"by": HALL, "agreement": id_of(agreement)})
    return agreement


async def the_work_is_done(house: House, project: str) -> None:
    """Posts are filled, milestones reached, money spent within the line, the work delivered and accepted."""
    await house.post(f"{project}:staff", {"by": HALL, "posts": [{"title": "送餐", "people": [MEMBER]}]})
    await house.post(f"{project}:start", {"by": HALL})
    await house.post(f"{project}:reach", {"by": CENTRE, "milestone": 1, "note": "首日二十二位老人"})
    await house.post(f"{project}:spend", {"by": CENTRE, "line": 1, "amount": 250_000, "purpose": "餐具六十套"})
    more = await house.refused(f"{project}:spend", {"by": CENTRE, "line": 1, "amount": 60_000, "purpose": "餐车"})
    assert more["code"] == "over_budget"
    half = await house.refused(
        f"{project}:deliver", {"by": CENTRE, "outcome": "开桌四十天", "actual_beneficiaries": 41}
    )
    assert half["code"] == "not_ready"
    await house.post(f"{project}:reach", {"by": CENTRE, "milestone": 2})
    beside = (await house.get(project))["beside"]
    assert [each["is_late"] for each in beside["milestones"]] == [True, False]
    assert (beside["budget"][0]["spent"], beside["budget"][0]["left"]) == (250_000, 50_000)
    await house.post(f"{project}:deliver", {"by": CENTRE, "outcome": "开桌四十天", "actual_beneficiaries": 41})
    await house.post(f"{project}:accept", {"by": HALL, "opinion": "老人们满意"})


async def both_sides_evaluate(house: House, project: str) -> None:
    """Three say what they think; nobody's words are seen before the last one has spoken."""
    said = {HALL: (5, "备餐准时"), KITCHEN: (4, "签到可以更简便"), CENTRE: (5, "社区协调有力")}
    for party, (score, text) in said.items():
        assert all(each["text"] is None for each in await evaluations(house, project))
        await house.post(f"{project}:evaluate", {"by": party, "score": score, "text": text})
    shown = {each["party"]: (each["score"], each["text"]) for each in await evaluations(house, project)}
    assert shown == said


async def all_is_closed(house: House, *, project: str, agreement: str, meeting: str, task: str) -> None:
    """The project and the meeting are closed; the agreement goes on, and what was promised is confirmed."""
    await house.post(f"{project}:close", {"by": STREET, "summary": "转为常设服务"})
    await house.post(f"{agreement}:fulfil", {"by": CENTRE, "clause": 1, "quantity": 1})
    await house.post(f"{agreement}:confirm", {"by": HALL, "fulfilment": 1})
    await house.post(f"{task}:report", {"by": HALL, "outcome": "已公示。"})
    await house.post(f"{task}:check", {"by": STREET})
    await house.post(f"{meeting}:close", {"by": STREET})
    closed = await house.get(project)
    assert (closed["life"]["state"], closed["is_open"], closed["possible"]) == ("closed", False, [])
    assert [step["action"] for step in closed["history"]] == [
        *("propose", "review", "approve", "publicise", "sign", "staff", "start", "reach", "spend", "reach"),
        *("deliver", "accept", "seal", "seal", "seal", "reveal", "reveal", "reveal", "close"),
    ]
    kept = await house.get(agreement)
    assert kept["life"]["state"] == "in_force"
    assert [each["confirmed"] for each in kept["beside"]["clauses"]] == [1, 0]


async def evaluations(house: House, project: str) -> list[Answer]:
    found: list[Any] = (await house.get(project))["life"]["evaluations"]
    return found


def id_of(address: str) -> str:
    """Return the id at the end of an address."""
    return address.rpartition("/")[2]


def day(number: int) -> str:
    """Return noon of a day, counted from today."""
    noon = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)
    return (noon + timedelta(days=number)).isoformat()
