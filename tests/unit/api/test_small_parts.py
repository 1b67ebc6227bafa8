"""Language, positions, merge patches, commands, statuses: the parts without a world around them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import DemandBody, DemandPatch, ResourceBody, ResourcePatch
from api.commands import Command, keyed
from api.entries import merge
from api.errors import STATUS
from api.language import choose
from api.positions import Position, latest, parse, seen
from schemas.demands import Demand
from schemas.refusals import REFUSALS, Refused
from schemas.resources import Resource

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("EN-us", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, en;q=0.2", "en"),
        ("en;q=0.3, zh;q=0.7", "zh"),
        ("en;q=nonsense", "zh"),
        ("en;q=0", "zh"),
        ("*", "zh"),
        (";;,,=", "zh"),
    ],
)
def test_the_language_asked_for_most_is_chosen(accept: str | None, language: str) -> None:
    assert choose(accept) == language


def test_a_position_is_written_as_it_is_read() -> None:
    position = Position("cobuild.demands.v1", 2, 1234)
    assert str(position) == "demands:2:1234"
    assert parse("demands:2:1234, responses:0:0") == (position, Position("cobuild.responses.v1", 0, 0))


@pytest.mark.parametrize(
    "text",
    [
        *("", ",", "demands", "demands:1", "moon:1:1", "demands:-1:0", "demands:1:x", "demands:1:٣"),
        "demands:0:9223372036854775808",
        ",".join(["demands:0:0"] * 65),
    ],
)
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_position"):
        parse(text)


@given(st.text())
def test_any_text_is_a_position_or_refused(text: str) -> None:
    try:
        positions = parse(text)
    except Refused as refused:
        assert refused.code == "bad_position"
    else:
        assert parse(",".join(map(str, positions))) == positions


def test_a_position_is_seen_once_its_offset_was_read() -> None:
    position = Position("t", 0, 5)
    assert not seen([position], {})
    assert not seen([position], {("t", 0): 5})
    assert seen([position], {("t", 0): 6})
    assert latest([Position("t", 0, 5), Position("t", 1, 1), Position("t", 0, 7)]) == (
        Position("t", 0, 7),
        Position("t", 1, 1),
    )


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        # The examples of RFC 7396, appendix A, as far as their target is an object.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_do_what_their_standard_says(target: Any, patch: Any, merged: Any) -> None:
    assert merge(target, patch) == merged


def test_what_follows_from_a_key_is_always_the_same() -> None:
    first, again, other = (keyed(key, at=NOW, repeat=False) for key in ("k", "k", "l"))
    assert first.event_id() == again.event_id() != other.event_id()
    assert first.entity_id("d") == again.entity_id("d") != other.entity_id("d")
    assert first.event_id("a") != first.event_id("b")


def test_what_follows_from_no_key_is_never_the_same() -> None:
    command = Command(at=NOW)
    assert len({command.event_id() for _ in range(1000)} | {command.entity_id("d") for _ in range(1000)}) == 2000
    assert command.entity_id("d").startswith("d-20261121-")


def test_every_status_belongs_to_a_code_with_two_messages() -> None:
    for code, status in STATUS.items():
        assert 400 <= status < 600
        assert REFUSALS[code].zh
        assert REFUSALS[code].en


def test_whatever_a_client_may_be_refused_for_has_a_status() -> None:
    of_records = {"not_a_cloud_event", "unknown_event_type", "wrong_key"}
    assert REFUSALS.keys() - STATUS.keys() == of_records


@pytest.mark.parametrize(
    ("body", "patch", "entry", "ours"),
    [
        (DemandBody, DemandPatch, Demand, {"version", "posted_at"}),
        (ResourceBody, ResourcePatch, Resource, {"version", "offered_at"}),
    ],
)
def test_clients_may_set_everything_but_what_is_ours(body: Any, patch: Any, entry: Any, ours: set[str]) -> None:
    fixed = ours | {"demand_id", "resource_id", "requester", "provider"}
    assert set(body.model_fields) == set(entry.model_fields) - ours
    assert set(patch.model_fields) == set(entry.model_fields) - fixed
    assert not any(field.is_required() for field in patch.model_fields.values())
    required = {name for name, field in entry.model_fields.items() if field.is_required()}
    assert {name for name, field in body.model_fields.items() if field.is_required()} == required - ours - {
        "demand_id",
        "resource_id",
    }
