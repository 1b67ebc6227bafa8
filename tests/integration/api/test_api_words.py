"""Suggestions over HTTP: two languages, nothing written, nothing said about what was asked."""

import logging
from typing import Any

import pytest

from api.problems import MEDIA_TYPE
from tests.apiworld import World

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
