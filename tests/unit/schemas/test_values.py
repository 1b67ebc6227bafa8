"""The words every event shares: screening for personal data, windows, frozen facts, refusals by field."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.base import Window
from schemas.demands import Demand
from schemas.examples import EXAMPLES
from schemas.refusals import REFUSALS, Refused, refusals_of
from schemas.resources import Resource

DEMAND: dict[str, Any] = EXAMPLES["cn.cobuild.demand.posted.v1"].data.model_dump()["demand"]
RESOURCE: dict[str, Any] = EXAMPLES["cn.cobuild.resource.offered.v1"].data.model_dump()["resource"]
NINE = datetime(2026, 11, 28, 9, tzinfo=UTC)


def _codes(model: type[Demand] | type[Resource], fields: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(fields)
    return [(found.field, found.code) for found in refusals_of(refused.value)]


@pytest.mark.parametrize(
    "text",
    [
        "请致电13812345678",
        "电话：138 1234 5678",
        "138-1234-5678找王阿姨",
        "+8613812345678",
        "0086 13812345678",
        "１３８１２３４５６７８",
        "身份证310105194910010029",
        "11010519491231002X",
        "11010519491231002x",
    ],
)
@pytest.mark.parametrize("field", ["title", "detail"])
def test_phone_and_identity_numbers_are_kept_out(field: str, text: str) -> None:
    assert _codes(Demand, DEMAND | {field: text}) == [(field, "personal_data")]
    assert _codes(Resource, RESOURCE | {field: text}) == [(field, "personal_data")]


@pytest.mark.parametrize(
    "text",
    [
        "统一社会信用代码91350100M000100Y43",
        "统一社会信用代码913101207031234567",
        "社区310105001001的需求",
        "3号楼1201室，约20平方米，预算13812元",
        "2026年11月28日9:00-12:00",
        "订单202611280000123456789",
        "座机62520000转138",
        "代码138123456789不是手机号",
    ],
)
def test_codes_dates_and_ordinary_numbers_are_not_personal(text: str) -> None:
    assert Demand.model_validate(DEMAND | {"detail": text}).detail == text


def test_what_is_refused_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        Demand.model_validate(DEMAND | {"title": "请致电13812345678", "community": "13812345678"})
    assert "13812345678" not in str(refusals_of(refused.value))


def test_a_window_ends_after_it_starts() -> None:
    assert Window(start=NINE, end=NINE + timedelta(seconds=1)).end > NINE
    for end in (NINE, NINE - timedelta(hours=1)):
        fields = DEMAND | {"window": {"start": NINE, "end": end}}
        assert _codes(Demand, fields) == [("window", "impossible_window")]


def test_the_job_fits_its_window() -> None:
    window = {"start": NINE, "end": NINE + timedelta(minutes=60)}
    assert Demand.model_validate(DEMAND | {"window": window, "duration_minutes": 60}).duration_minutes == 60
    assert _codes(Demand, DEMAND | {"window": window, "duration_minutes": 61}) == [("", "impossible_window")]


def test_moments_need_a_zone_and_are_kept_in_utc() -> None:
    shanghai = NINE.astimezone(timezone(timedelta(hours=8)))
    assert Window(start=shanghai, end=shanghai + timedelta(hours=1)).start.utcoffset() == timedelta(0)
    fields = DEMAND | {"posted_at": "2026-11-28T09:00:00"}
    assert _codes(Demand, fields) == [("posted_at", "invalid_value")]
    assert _codes(Demand, DEMAND | {"posted_at": "9999-12-31T23:59:59-08:00"}) == [("posted_at", "impossible_window")]


def test_open_seats_lapse_at_the_deadline_or_the_end_of_the_window() -> None:
    window = {"start": NINE, "end": NINE + timedelta(hours=3)}
    for deadline, lapses in [
        (None, window["end"]),
        (NINE - timedelta(days=1), NINE - timedelta(days=1)),
        (NINE + timedelta(days=1), window["end"]),
    ]:
        assert Demand.model_validate(DEMAND | {"window": window, "deadline": deadline}).lapses_at == lapses


def test_a_members_skill_has_one_seat() -> None:
    offer = RESOURCE | {"provider": "member:m-7f3a", "capacity": 2}
    assert _codes(Resource, offer) == [("", "capacity_of_a_person")]
    assert Resource.model_validate(offer | {"kind": "goods"}).capacity == 2


def test_an_offer_ends_after_it_begins() -> None:
    offer = RESOURCE | {"valid_from": NINE, "valid_to": NINE}
    assert _codes(Resource, offer) == [("", "impossible_window")]


@pytest.mark.parametrize("event_type", sorted(EXAMPLES))
def test_facts_are_frozen_and_take_no_unknown_field(event_type: str) -> None:
    data = EXAMPLES[event_type].data
    field = next(iter(type(data).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(data, field, getattr(data, field))
    with pytest.raises(ValidationError) as refused:
        type(data).model_validate(data.model_dump() | {"surprise": 1})
    assert ("surprise", "invalid_value") in {(found.field, found.code) for found in refusals_of(refused.value)}


def test_every_refusal_speaks_chinese_and_english() -> None:
    for code, message in REFUSALS.items():
        assert any("\u4e00" <= char <= "\u9fff" for char in message.zh), code
        assert message.en.isascii(), code
        assert message.en.endswith("."), code


def test_a_refusal_needs_a_known_code() -> None:
    assert str(Refused("bad_region", "31O")) == "bad_region: 31O"
    with pytest.raises(KeyError):
        Refused("no_such_code")


def test_refusals_name_the_field_and_keep_one_code_each() -> None:
    fields = DEMAND | {"community": "31O105", "lines": [{"item": "elder_care.hair_cut", "quantity": 0}]}
    found = dict(_codes(Demand, fields))
    assert {"community", "lines.0.quantity"} <= set(found)
    with pytest.raises(ValidationError) as refused:
        Demand.model_validate_json("{")
    assert [part.code for part in refusals_of(refused.value)] == ["invalid_json"]
