"""A street's project from the proposal to its closing, and what stands in its way when a step is taken too early."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Fact
from schemas.envelope import Event
from schemas.lives.evaluation import digest_of
from schemas.lives.project_steps import ProjectEvaluationRevealed
from schemas.refusals import Refused
from tests.apiworld import FakeSink, World, demand, matched, resource, world_in
from tests.integration.stories.projects import (
    CENTRE,
    HALL,
    MEMBER,
    STREET,
    accepted,
    agreed,
    approved,
    met,
    proposal,
    proposed,
    running,
)
from tests.stories.house import House

SALT = "0123456789abcdef" * 4


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path) as running:
        yield running


@pytest.fixture
def house(world: World) -> House:
    return House(world.client)


async def test_a_proposal_is_numbered_and_shows_what_it_binds(world: World, house: House) -> None:
    assignment = await matched(world)
    found = await house.get(f"/v1/assignments/{assignment}")
    bound = {"demands": [found["demand_id"]], "resources": [found["resource_id"]], "assignments": [assignment]}
    at = await proposed(house, **bound)
    project = await house.get(at)
    assert project["life"]["code"] == "310105001-001-2026-0001"
    assert [each["demand"]["title"] for each in project["beside"]["demands"]] == ["给楼里的老人理发"]
    assert project["beside"]["assignments"][0]["state"] == "proposed"
    await house.post(f"/v1/assignments/{assignment}:accept")
    later = (await house.get(at))["beside"]["assignments"][0]
    assert later["state"] == "accepted", "the project shows the lists as they are, not as they were"
    for party in (HALL, CENTRE, STREET):
        assert len((await house.get("/v1/projects", party=party))["rows"]) == 1


async def test_codes_are_given_one_after_the_other_and_never_twice(world: World, house: House) -> None:
    together = await asyncio.gather(*(world.post("/v1/projects", proposal()) for _ in range(4)))
    assert [answer.status_code for answer in together] == [201] * 4
    codes = {(await house.get(answer.headers["location"]))["life"]["code"] for answer in together}
    assert codes == {f"310105001-001-2026-{serial:04}" for serial in range(1, 5)}
    # A code that is over and done with is not given to another project, neither by us nor by hand.
    await house.post(f"{together[3].headers['location']}:terminate", {"by": STREET, "reason": "重复"})
    assert (await house.refused("/v1/projects", proposal(serial=4)))["code"] == "already_held"
    assert (await house.get(await proposed(house)))["life"]["code"].endswith("-0005")
    assert (await house.get(await proposed(house, community="310105001002")))["life"]["code"].endswith("-0001")
    # The same request again is the same project, with the same code.
    again = [await world.post("/v1/projects", proposal(), idempotency_key="k-1") for _ in range(2)]
    assert again[0].json() == again[1].json()
    assert len((await house.get("/v1/projects"))["rows"]) == 7


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"demands": ["d-none"]}, "unknown_reference"),
        ({"assignments": ["x"]}, "unknown_reference"),
        ({"starts_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}, "impossible_window"),
        ({"budget": [{"title": "餐具", "amount": 0, "fund": "r-1", "earmark": "助餐"}]}, "invalid_value"),
        ({"title": "联系 13800138000"}, "personal_data"),
    ],
)
async def test_a_proposal_that_cannot_be(house: House, changes: dict[str, Any], code: str) -> None:
    assert (await house.refused("/v1/projects", proposal(**changes)))["code"] == code
    assert (await house.get("/v1/projects"))["rows"] == []


async def test_what_was_withdrawn_is_not_bound_and_only_a_fund_pays(house: House) -> None:
    gone = (await house.post("/v1/demands", demand()))["id"]
    await house.post(f"/v1/demands/{gone}:withdraw")
    assert (await house.refused("/v1/projects", proposal(demands=[gone])))["code"] == "unknown_reference"
    hands = (await house.post("/v1/resources", resource()))["id"]
    line = {"title": "餐具", "amount": 300_000, "fund": hands, "earmark": "助餐"}
    assert (await house.refused("/v1/projects", proposal(budget=[line])))["code"] == "unknown_reference"


async def test_a_returned_project_is_mended_and_comes_back(house: House) -> None:
    at = await proposed(house)
    meeting = await met(house, at)
    await house.post(f"{meeting}:resolve", {"by": STREET, "item": 1, "text": "请写明配送路线", "verdict": "return"})
    project = (await house.get(at))["life"]
    assert (project["state"], project["reason"]) == ("returned", "请写明配送路线")
    await house.post(f"{at}:revise", {"by": HALL, "detail": "由二号楼起逐层配送"})
    assert (await house.get(at))["life"]["title"] == "长者午餐桌", "what is left out stays"
    await house.post(f"{at}:resubmit", {"by": HALL})
    # Nobody approves without the joint meeting, and a review cites what the meeting really said.
    assert (await house.refused(f"{at}:approve", {"by": STREET}))["code"] == "not_possible_now"
    review = {"by": STREET, "meeting": meeting.rpartition("/")[2], "resolution": 1, "verdict": "approve"}
    assert (await house.refused(f"{at}:review", review))["code"] == "unknown_reference"
    again = await met(house, at)
    await house.post(f"{again}:resolve", {"by": STREET, "item": 1, "text": "与消防通道冲突", "verdict": "reject"})
    rejected = await house.get(at)
    assert (rejected["life"]["state"], rejected["is_open"], rejected["possible"]) == ("rejected", False, [])
    assert [each["verdict"] for each in rejected["life"]["reviews"]] == ["return", "reject"]


async def test_nobody_signs_before_the_public_notice_is_over(world: World, house: House) -> None:
    at = await approved(house)
    hasty = await house.refused(f"{at}:publicise", {"by": STREET, "days": 1})
    assert hasty["code"] == "invalid_value", "a short notice needs a reason"
    await house.post(f"{at}:publicise", {"by": STREET, "days": 5})
    await house.post(f"{at}:object", {"by": MEMBER, "objection": "楼下已有助餐点"})
    agreement = await agreed(house, HALL, CENTRE)
    early = await house.refused(f"{at}:sign", {"by": HALL, "agreement": agreement})
    assert (early["code"], early["state"]) == ("notice_running", "publicised")

    world.clock.pass_(days=5)
    assert (await house.get("/v1/overdue", region="310105"))["rows"][0]["kind"] == "project"
    unanswered = await house.refused(f"{at}:sign", {"by": HALL, "agreement": agreement})
    assert unanswered["code"] == "not_ready"
    await house.post(f"{at}:answer_objection", {"by": STREET, "objection": 1, "answer": "那一处只在周末开放"})

    # Of the agreement everybody's signature is needed, and in force it must be.
    assert (await house.refused(f"{at}:sign", {"by": HALL, "agreement": "a-none"}))["code"] == "unknown_reference"
    stranger = await agreed(house, HALL, MEMBER)
    assert (await house.refused(f"{at}:sign", {"by": HALL, "agreement": stranger}))["code"] == "not_ready"
    elsewhere = await agreed(house, HALL, CENTRE, project=(await proposed(house)).rpartition("/")[2])
    assert (await house.refused(f"{at}:sign", {"by": HALL, "agreement": elsewhere}))["code"] == "unknown_reference"
    await house.post(f"{at}:sign", {"by": HALL, "agreement": agreement})
    project = await house.get(at)
    assert (project["life"]["state"], project["beside"]["agreement_state"]) == ("signed", "in_force")


async def test_nobody_signs_with_himself(house: House) -> None:
    at = await approved(house, partners=[])
    await house.post(f"{at}:publicise", {"by": STREET, "days": 0, "reason": "已公示"})
    alone = await house.refused(f"{at}:sign", {"by": HALL, "agreement": await agreed(house, HALL, CENTRE)})
    assert alone["code"] == "not_ready"
    await house.post(f"{at}:return", {"by": STREET, "reason": "请写明共建单位"})
    await house.post(f"{at}:revise", {"by": HALL, "partners": [CENTRE]})
    await house.post(f"{at}:resubmit", {"by": HALL})
    assert (await house.get(at))["life"]["partners"] == [CENTRE]


async def test_milestones_tell_who_was_late_and_nothing_is_delivered_before_all_are_reached(
    world: World, house: House
) -> None:
    plan = [{"title": "开桌", "due": "2026-11-25T00:00:00Z"}, {"title": "满月", "due": "2026-12-01T00:00:00Z"}]
    at = await running(house, milestones=plan, ends_at="2026-12-20T00:00:00Z")
    world.clock.pass_(days=5)
    assert [each["is_late"] for each in (await house.get(at))["beside"]["milestones"]] == [True, False]
    assert (await house.get("/v1/overdue", region="310105"))["rows"][0]["id"] == at.rpartition("/")[2]
    told_later = {"by": CENTRE, "milestone": 1, "reached_at": "2026-11-24T12:00:00+08:00"}
    await house.post(f"{at}:reach", told_later)
    assert not (await house.get(at))["beside"]["milestones"][0]["is_late"], "it was reached in time, told later"
    assert (await house.refused(f"{at}:reach", told_later))["code"] == "already_done"
    assert (await house.refused(f"{at}:reach", {"by": CENTRE, "milestone": 3}))["code"] == "unknown_reference"
    assert (await house.refused(f"{at}:reach", {"by": CENTRE, "milestone": 2, "reached_at": "2027-01-01T00:00:00Z"}))[
        "code"
    ] == "invalid_value"
    half = await house.refused(f"{at}:deliver", {"by": CENTRE, "outcome": "好", "actual_beneficiaries": 1})
    assert half["code"] == "not_ready"
    assert "满月" in half["detail"]
    world.clock.pass_(days=10)
    await house.post(f"{at}:reach", {"by": CENTRE, "milestone": 2})
    assert [each["is_late"] for each in (await house.get(at))["beside"]["milestones"]] == [False, True]
    await house.post(f"{at}:deliver", {"by": CENTRE, "outcome": "好", "actual_beneficiaries": 41})


async def test_a_line_of_the_budget_is_never_overspent_and_errors_are_reversed(house: House) -> None:
    fund = resource(provider=CENTRE, title="爱心基金", kind="fund", renewable=False)
    fund_id = (await house.post("/v1/resources", fund))["id"]
    at = await running(house, budget=[{"title": "餐具", "amount": 300_000, "fund": fund_id, "earmark": "只用于助餐"}])
    entry = {"by": CENTRE, "line": 1, "amount": 200_000, "purpose": "餐具六十套", "voucher": "2026-118"}
    await house.post(f"{at}:spend", entry)
    assert (await house.refused(f"{at}:spend", entry))["code"] == "over_budget"
    assert (await house.refused(f"{at}:spend", entry | {"line": 2}))["code"] == "unknown_reference"
    await house.post(f"{at}:reverse_spending", {"by": HALL, "entry": 1, "reason": "金额录错"})
    twice = await house.refused(f"{at}:reverse_spending", {"by": HALL, "entry": 1, "reason": "再来"})
    assert twice["code"] == "already_done"
    await house.post(f"{at}:spend", entry)
    project = await house.get(at)
    assert [each["reversed_at"] is None for each in project["life"]["spent"]] == [False, True], "nothing is taken out"
    [line] = project["beside"]["budget"]
    assert (line["spent"], line["left"], line["earmark"]) == (200_000, 100_000, "只用于助餐")


async def test_two_spend_the_last_of_a_line_at_once_and_one_is_told(world: World, house: House) -> None:
    fund = resource(provider=CENTRE, title="爱心基金", kind="fund", renewable=False)
    fund_id = (await house.post("/v1/resources", fund))["id"]
    at = await running(house, budget=[{"title": "餐具", "amount": 100, "fund": fund_id, "earmark": "助餐"}])
    entry = {"by": CENTRE, "line": 1, "amount": 60, "purpose": "碗"}
    answers = await asyncio.gather(world.post(f"{at}:spend", entry), world.post(f"{at}:spend", entry))
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["code"] == "over_budget"


async def test_it_rests_resumes_is_extended_and_may_end_early(house: House) -> None:
    at = await running(house, ends_at="2026-12-20T00:00:00Z")
    await house.post(f"{at}:suspend", {"by": STREET, "reason": "场地检修"})
    assert (await house.refused(f"{at}:reach", {"by": CENTRE, "milestone": 1}))["state"] == "suspended"
    await house.post(f"{at}:resume", {"by": STREET})
    await house.post(f"{at}:extend", {"by": STREET, "ends_at": "2027-01-20T00:00:00Z", "reason": "检修"})
    project = (await house.get(at))["life"]
    assert (project["state"], project["ends_at"]) == ("running", "2027-01-20T00:00:00Z")
    await house.post(f"{at}:restaff", {"by": HALL, "posts": [{"title": "送餐", "people": ["member:m-9c"]}]})
    assert len((await house.get("/v1/projects", party="member:m-9c"))["rows"]) == 1
    await house.post(f"{at}:terminate", {"by": STREET, "reason": "改由食堂承办"})
    assert (await house.get(at))["possible"] == []


async def test_neither_side_sees_what_the_other_said_before_both_are_in(world: World, house: House) -> None:
    """R13: the house keeps what they say; lists, histories and the log have but a digest until the last one is in."""
    at = await accepted(house)
    await house.post(f"{at}:evaluate", {"by": HALL, "score": 2, "text": "送餐常常迟到"})
    for path in (at, "/v1/projects", f"/v1/projects?party={CENTRE}"):
        assert "迟到" not in json.dumps(await house.get(path), ensure_ascii=False)
    [sealed] = (await house.get(at))["life"]["evaluations"]
    assert (sealed["party"], sealed["score"], sealed["text"]) == (HALL, None, None)
    assert "迟到" not in "".join(event.data.model_dump_json() for event in world.sink.events)
    # Nobody may say it twice, or for a project that is not theirs.
    again = await house.refused(f"{at}:evaluate", {"by": HALL, "score": 5, "text": "很好"})
    assert (again["code"], again["state"]) == ("already_done", "accepted")
    assert (await house.refused(f"{at}:evaluate", {"by": MEMBER, "score": 5}))["code"] == "not_a_party"
    assert (await house.refused(f"{at}:evaluate", {"by": CENTRE, "score": 6}))["code"] == "invalid_value"

    await house.post(f"{at}:evaluate", {"by": CENTRE, "score": 4, "text": "场地周全"})
    shown = await house.get(at)
    assert shown["life"]["state"] == "evaluated"
    said = {each["party"]: (each["score"], each["text"]) for each in shown["life"]["evaluations"]}
    assert said == {HALL: (2, "送餐常常迟到"), CENTRE: (4, "场地周全")}
    for each in shown["life"]["evaluations"]:
        told = {name: each[name] for name in ("party", "score", "text", "salt")}
        assert digest_of(project=shown["life"]["id"], **told) == each["digest"], "anybody can check it"
    await house.post(f"{at}:close", {"by": STREET, "summary": "转为常设"})
    assert [step["action"] for step in (await house.get(at))["history"]][-5:] == [
        "seal",
        "seal",
        "reveal",
        "reveal",
        "close",
    ]


async def test_the_same_evaluation_sent_twice_counts_once(world: World, house: House) -> None:
    at = await accepted(house)
    said = {"by": HALL, "score": 4, "text": "周到"}
    answers = [await world.post(f"{at}:evaluate", said, idempotency_key="k-9") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len((await house.get(at))["life"]["evaluations"]) == 1


async def test_at_the_deadline_what_is_in_is_shown_and_what_comes_later_is_refused(tmp_path: Path) -> None:
    async with world_in(tmp_path, tend_s=0.02) as world:
        house = House(world.client)
        at = await accepted(house)
        alone = await accepted(house)
        await house.post(f"{at}:evaluate", {"by": CENTRE, "score": 5, "text": "配合默契"})
        world.clock.pass_(days=13)
        assert (await house.get(at))["life"]["evaluations"][0]["score"] is None
        world.clock.pass_(days=1)
        late = await house.refused(f"{at}:evaluate", {"by": HALL, "score": 5})
        assert late["code"] in ("too_late", "not_possible_now")
        project = await house.until(at, lambda found: found["life"]["state"] == "evaluated")
        assert [(each["party"], each["text"]) for each in project["life"]["evaluations"]] == [(CENTRE, "配合默契")]
        silent = await house.until(alone, lambda found: found["life"]["state"] == "evaluated")
        assert silent["history"][-1]["by"] == "system:cobuild"


async def test_what_could_not_be_shown_at_once_is_shown_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world_in(tmp_path, tend_s=0.02) as world:
        house = House(world.client)
        at = await accepted(house)
        await house.post(f"{at}:evaluate", {"by": HALL, "score": 3})

        async def dies(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
            if any(isinstance(event.data, ProjectEvaluationRevealed) for event in events):
                raise Refused("unavailable", "the log went away just then")
            return await FakeSink.publish(world.sink, events)

        with monkeypatch.context() as patched:
            patched.setattr(world.sink, "publish", dies)
            await house.post(f"{at}:evaluate", {"by": CENTRE, "score": 4})
            assert (await house.get(at))["life"]["state"] == "accepted", "said, and not yet shown"
        project = await house.until(at, lambda found: found["life"]["state"] == "evaluated")
        assert [each["score"] for each in project["life"]["evaluations"]] == [3, 4]


async def test_what_was_sealed_before_a_restart_is_shown_after_it(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        house = House(world.client)
        at = await accepted(house)
        await house.post(f"{at}:evaluate", {"by": HALL, "score": 3, "text": "还可以"})
    async with world_in(tmp_path) as world:
        house = House(world.client)
        await house.post(f"{at}:evaluate", {"by": CENTRE, "score": 4})
        assert {each["score"] for each in (await house.get(at))["life"]["evaluations"]} == {3, 4}


async def test_parties_that_trust_no_house_seal_and_show_for_themselves(world: World, house: House) -> None:
    """A party may commit to a hash of its own making; what it shows later must be what it committed to."""
    at = await accepted(house)
    kind = {"project": at.rpartition("/")[2], "salt": SALT}
    pleased = digest_of(party=HALL, score=5, text="周到", **kind)
    await house.post(f"{at}:seal", {"by": HALL, "digest": pleased})
    shown = {"by": HALL, "party": HALL, "score": 5, "text": "周到", "salt": SALT}
    assert (await house.refused(f"{at}:reveal", shown))["code"] == "evaluation_sealed"
    assert (await house.refused(f"{at}:seal", {"by": HALL, "digest": pleased}))["code"] == "already_done"
    assert (await house.refused(f"{at}:seal", {"by": MEMBER, "digest": pleased}))["code"] == "not_a_party"
    # A copy of the other's commitment cannot be shown as one's own: the party is part of it.
    await house.post(f"{at}:seal", {"by": CENTRE, "digest": pleased})
    await house.post(f"{at}:reveal", shown)
    stolen = await house.refused(f"{at}:reveal", shown | {"by": CENTRE, "party": CENTRE})
    assert stolen["code"] == "evaluation_differs"
    # What is never shown holds nobody up: two weeks after the deadline it is over.
    world.clock.pass_(days=15)
    assert (await house.refused(f"{at}:conclude", {"by": STREET}))["code"] == "not_ready"
    world.clock.pass_(days=14)
    await house.post(f"{at}:conclude", {"by": STREET})
    await house.post(f"{at}:close", {"by": STREET})
    assert not (await house.get(at))["is_open"]


async def test_what_was_sealed_and_what_is_shown_must_be_the_same(house: House) -> None:
    at = await accepted(house)
    kind = {"project": at.rpartition("/")[2], "salt": SALT, "text": ""}
    for party, score in ((HALL, 2), (CENTRE, 4)):
        await house.post(f"{at}:seal", {"by": party, "digest": digest_of(party=party, score=score, **kind)})
    nicer = {"by": HALL, "party": HALL, "score": 5, "salt": SALT}
    assert (await house.refused(f"{at}:reveal", nicer))["code"] == "evaluation_differs"
    await house.post(f"{at}:reveal", nicer | {"score": 2})
    assert (await house.get(at))["life"]["state"] == "accepted"
    await house.post(f"{at}:reveal", {"by": CENTRE, "party": CENTRE, "score": 4, "salt": SALT})
    assert (await house.get(at))["life"]["state"] == "evaluated", "the last one shown ends the evaluation"


async def test_it_may_cross_provinces(house: House) -> None:
    """R47: a partner and a resource of another province are as good as any."""
    suzhou = "320505001001"
    bench = await house.post("/v1/resources", resource(provider=CENTRE, home=suzhou, scope=["32", "31"]))
    at = await proposed(house, partners=[f"community:{suzhou}", CENTRE], resources=[bench["id"]])
    project = await house.get(at)
    assert project["beside"]["resources"][0]["resource"]["home"] == suzhou
    assert len((await house.get("/v1/projects", party=f"community:{suzhou}"))["rows"]) == 1
