"""Suggestions and likely duplicates over HTTP: two languages, nothing written, nothing said about what was asked."""

import logging
from typing import Any

import pytest

from api.problems import MEDIA_TYPE
from api.readmodel.queries import alike
from tests.apiworld import World, demand

ASKED = {"text": "奶奶卧床，头发太长了，想请师傅上门剪头发"}


async def suggested(world: World, text: str, **more: Any) -> list[str]:
    answer = await world.post("/v1/catalogue:suggest", {"text": text} | more)
    assert answer.status_code == 200, answer.text
    return [each["item"] for each in answer.json()["items"]]


async def test_a_text_is_told_its_items_with_the_words_that_spoke_for_each(world: World) -> None:
    answer = (await world.post("/v1/catalogue:suggest", ASKED)).json()
    best = answer["items"][0]
    assert (best["item"], best["category"]) == ("elder_care.hair_cut", "elder_care")
    assert (best["zh"], best["en"]) == ("上门理发", "home haircut")
    assert best["text"] == best["messages"]["zh"]
    assert best["text"].startswith("因为提到“剪头发”")
    assert answer["text"].startswith("可能是：上门理发")
    assert 0 < best["score"] <= 1


async def test_english_is_spoken_to_who_asks_for_it(world: World) -> None:
    asked = {"text": "My kitchen sink is clogged"}
    answer = (await world.post("/v1/catalogue:suggest", asked, accept_language="en")).json()
    assert answer["items"][0]["item"] == "home_repair.plumbing"
    assert answer["text"].startswith("It may be: plumbing")
    assert answer["items"][0]["text"] == answer["items"][0]["messages"]["en"]
    assert "“clogged”" in answer["items"][0]["text"]


async def test_where_nothing_fits_it_says_so(world: World) -> None:
    answer = (await world.post("/v1/catalogue:suggest", {"text": "你好"})).json()
    assert answer["items"] == []
    assert answer["text"] == "服务项目库中没有找到合适的项目，请自行选择。"


async def test_as_many_as_were_asked_for(world: World) -> None:
    text = "楼上漏水，邻居吵架，想请人调解"
    assert len(await suggested(world, text, limit=2)) == 2
    assert (await suggested(world, text))[:2] == await suggested(world, text, limit=2)


async def test_a_suggestion_writes_nothing_and_takes_no_key(world: World) -> None:
    for text in ("剪头发", "修水管"):
        answer = await world.post("/v1/catalogue:suggest", {"text": text}, Idempotency_Key="k")
        assert answer.status_code == 200
        assert "idempotent-replayed" not in answer.headers
    assert world.sink.events == []


async def test_what_was_asked_stands_in_no_log(
    world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text may hold a name and a number; it is answered all the same, since nothing is kept of it."""
    caplog.set_level(logging.DEBUG)
    answer = await world.post("/v1/catalogue:suggest", {"text": "张桂芳 13812345678 想剪头发"})
    assert answer.json()["items"][0]["item"] == "elder_care.hair_cut"
    refused = await world.post("/v1/catalogue:suggest", {"text": "张桂芳" * 4_000})
    out, err = capsys.readouterr()
    for said in (caplog.text, out, err, refused.text):
        assert "张桂芳" not in said
        assert "13812345678" not in said


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/text"),
        ({"text": ""}, "#/text"),
        ({"text": "剪" * 4_001}, "#/text"),
        ({"text": ["剪头发"]}, "#/text"),
        ({"text": "剪头发", "limit": 0}, "#/limit"),
        ({"text": "剪头发", "limit": 11}, "#/limit"),
    ],
)
async def test_what_is_no_text_is_refused_with_a_pointer(world: World, body: dict[str, Any], pointer: str) -> None:
    answer = await world.post("/v1/catalogue:suggest", body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA_TYPE)
    assert answer.json()["code"] == "invalid_value"
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


# -- likely duplicates --------------------------------------------------------------------------------------------

LEAK = {"title": "3号楼厨房下水堵了，请师傅来通一通", "lines": [{"item": "home_repair.plumbing"}]}
AGAIN = {"title": "三号楼厨房的下水堵住了，请来通", "lines": [{"item": "home_repair.plumbing"}]}
NEXT_DOOR, OTHER_STREET = "310105001002", "310105002001"


async def posted(world: World, name: str, **changes: Any) -> str:
    answer = await world.post("/v1/demands", demand(demand_id=name, **changes))
    assert answer.status_code == 201, answer.text
    return name


async def suspected(world: World, name: str) -> list[str]:
    answer = await world.get(f"/v1/demands/{name}/duplicates")
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["duplicates"]]


async def test_a_demand_that_says_the_same_again_is_told_with_what_speaks_for_it(world: World) -> None:
    await posted(world, "d-1", **LEAK)
    await posted(world, "d-2", **AGAIN)
    await posted(world, "d-3")
    answer = (await world.get("/v1/demands/d-2/duplicates")).json()
    (found,) = answer["duplicates"]
    assert (found["id"], found["need"], found["listed"], found["title"]) == ("d-1", "d-1", True, LEAK["title"])
    assert found["place"].startswith("华阳路街道")
    assert found["text"] == found["messages"]["zh"] == "说法相近、同一门牌、同一服务项目、时间重叠、同一社区。"
    assert answer["text"] == "可能与 1 条重复。"
    english = (await world.get("/v1/demands/d-2/duplicates", accept_language="en")).json()
    assert english["text"] == "Open ones that it may repeat: 1."
    assert english["duplicates"][0]["text"] == (
        "Similar words, the same door, the same service, overlapping hours, the same community."
    )


async def test_it_is_told_before_posting_too_and_nothing_is_written(world: World) -> None:
    await posted(world, "d-1", **LEAK)
    before = len(world.sink.events)
    for body in (demand(**AGAIN), demand(**AGAIN, urgency="urgent")):
        answer = await world.post("/v1/demands:duplicates", body, Idempotency_Key="k")
        assert answer.status_code == 200, answer.text
        assert [each["id"] for each in answer.json()["duplicates"]] == ["d-1"]
    fresh = await world.post("/v1/demands:duplicates", demand())
    assert (fresh.json()["duplicates"], fresh.json()["text"]) == ([], "没有发现可能重复的。")
    assert len(world.sink.events) == before


async def test_another_door_is_told_apart(world: World) -> None:
    await posted(world, "d-1", **LEAK)
    await posted(world, "d-5", **LEAK | {"title": LEAK["title"].replace("3", "5")})
    assert await suspected(world, "d-1") == []


async def test_only_open_demands_close_by_are_compared(world: World) -> None:
    await posted(world, "d-1", **LEAK)
    await posted(world, "d-gone", **AGAIN)
    await posted(world, "d-street", **AGAIN, community=NEXT_DOOR)
    await posted(world, "d-far", **AGAIN, community=OTHER_STREET)
    assert await suspected(world, "d-1") == ["d-gone", "d-street"]
    assert (await world.post("/v1/demands/d-gone:withdraw")).status_code == 200
    assert await suspected(world, "d-1") == ["d-street"]
    assert "d-1" in await suspected(world, "d-gone")  # what it repeats may still be asked of one that is gone


async def test_of_the_street_only_the_same_kind_is_compared_of_the_community_all(world: World) -> None:
    """Two that took the same call may have coded it differently; across the street that is too many to read."""
    other = {"title": AGAIN["title"], "lines": [{"item": "environment.clean_up"}]}
    await posted(world, "d-1", **LEAK)
    await posted(world, "d-here", **other)
    await posted(world, "d-street", **other, community=NEXT_DOOR)
    assert await suspected(world, "d-1") == ["d-here"]


async def test_however_many_are_open_only_the_newest_are_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "MOST", 2)
    for name in ("d-1", "d-2", "d-3", "d-4"):
        await posted(world, name, **LEAK)
        world.clock.pass_(minutes=1)
    assert await suspected(world, "d-1") == ["d-3", "d-4"]


async def test_a_demand_that_is_not_there_repeats_nothing(world: World) -> None:
    answer = await world.get("/v1/demands/d-none/duplicates")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_demand_as_typed_is_checked_as_a_post_is(world: World) -> None:
    answer = await world.post("/v1/demands:duplicates", demand(lines=[{"item": "elder_care.moon_walk"}]))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_item")
    answer = await world.post("/v1/demands:duplicates", demand(title="请打 13812345678"))
    assert (answer.status_code, answer.json()["code"]) == (422, "personal_data")
    assert "13812345678" not in answer.text


# -- needs, on the list or on their way there ---------------------------------------------------------------------

HERE = "310105001001"
STAFF = {"by": f"community:{HERE}"}
WINDOW = {"start": "2026-11-25T09:00:00+08:00", "end": "2026-11-25T12:00:00+08:00"}


async def taken_down(world: World, name: str, title: str, **more: Any) -> str:
    body = STAFF | {"id": name, "title": title, "channel": "telephone", "community": HERE} | more
    answer = await world.post("/v1/needs", body)
    assert answer.status_code == 201, answer.text
    return name


async def of_need(world: World, name: str) -> list[dict[str, Any]]:
    answer = await world.get(f"/v1/needs/{name}/duplicates")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["duplicates"]
    return found


async def test_two_calls_about_one_leak_are_seen_before_either_is_on_the_list_and_merged_by_a_person(
    world: World,
) -> None:
    """Taken down in few words, neither has an item or hours yet: words and the door are all there is."""
    await taken_down(world, "n-1", "3号楼厨房下水堵了，来通一下")
    await taken_down(world, "n-2", "三号楼厨房下水堵住了，急")
    await taken_down(world, "n-3", "老人需要理发")
    (found,) = await of_need(world, "n-2")
    assert (found["id"], found["need"], found["listed"]) == ("n-1", "n-1", False)
    assert found["reasons"] == ["words", "door", "community"]
    merged = await world.post("/v1/needs/n-2:merge", STAFF | {"into": found["need"]})
    assert merged.status_code in (200, 201), merged.text
    assert await of_need(world, "n-1") == []


async def test_a_call_about_what_is_on_the_list_already_is_led_to_its_need(world: World) -> None:
    await posted(world, "d-1", **LEAK)
    await taken_down(world, "n-2", "三号楼厨房下水堵住了，急", **{"lines": LEAK["lines"]})
    (found,) = await of_need(world, "n-2")
    assert (found["need"], found["listed"]) == ("d-1", True)
    merged = await world.post("/v1/needs/n-2:merge", STAFF | {"into": found["need"]})
    assert merged.status_code in (200, 201), merged.text
    assert await suspected(world, "d-1") == []


async def test_a_demand_sees_the_needs_that_are_on_their_way(world: World) -> None:
    await taken_down(world, "n-1", LEAK["title"])  # type: ignore[arg-type]
    answer = await world.post("/v1/demands:duplicates", demand(**LEAK))
    assert [(each["id"], each["listed"]) for each in answer.json()["duplicates"]] == [("n-1", False)]


async def test_a_need_on_the_list_is_no_twin_of_its_own_demand(world: World) -> None:
    await taken_down(world, "n-1", LEAK["title"])  # type: ignore[arg-type]
    await world.post("/v1/needs/n-1:verify", STAFF | {"lines": LEAK["lines"]})
    published = await world.post("/v1/needs/n-1:publish", STAFF | {"window": WINDOW})
    assert published.status_code in (200, 201), published.text
    assert await of_need(world, "n-1") == []
    await posted(world, "d-2", **AGAIN)
    assert [each["id"] for each in await of_need(world, "n-1")] == ["d-2"]
    assert await suspected(world, "d-2") == ["n-1"]


async def test_a_need_that_is_not_there_repeats_nothing(world: World) -> None:
    answer = await world.get("/v1/needs/n-none/duplicates")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_entry_that_was_posted_anew_names_its_need_and_any_other_itself(world: World) -> None:
    await taken_down(world, "n-1", "3号楼厨房下水堵了，请师傅来通一通", lines=LEAK["lines"], window=WINDOW)
    for step in ("verify", "publish", "cancel", "reconsider", "verify", "publish"):
        more = {"reason": "又有人来问"} if step in ("cancel", "reconsider") else {}
        answer = await world.post(f"/v1/needs/n-1:{step}", STAFF | more)
        assert answer.status_code in (200, 201), answer.text
    await posted(world, "other.2", **AGAIN)
    await posted(world, "d-3", **AGAIN)
    told = (await world.get("/v1/demands/d-3/duplicates")).json()["duplicates"]
    assert {each["id"]: each["need"] for each in told} == {"n-1.2": "n-1", "other.2": "other.2"}
