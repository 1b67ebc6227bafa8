"""Refused records as dead letters: complete, but without personal data, and readable in the lists."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.readmodel.model import ReadModel
from api.readmodel.queries.deadletters import get_dead_letter, list_dead_letters
from schemas.deadletters import RecordRefused, RecordReplayed
from schemas.envelope import MAX_VALUE_BYTES, decode, encode, new_event
from schemas.examples import EXAMPLES
from schemas.refusals import Refused
from schemas.topics import ASSIGNMENTS, DEADLETTERS, DEMANDS
from streams.deadletters import dead_letter
from streams.log import Draft, Record
from streams.projector import Projector
from streams.reading import read_event
from tests.fakes.log import FakeLog
from tests.unit.readmodel.story import CATALOGUE, Story

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PHONE = "13812345678"
ANYTHING = st.characters(exclude_categories=())
"""Halves of characters too, which no encoder takes."""


def record(value: bytes | None, *, key: bytes | None = b"310105", offset: int = 4, headers: Any = ()) -> Record:
    return Record(DEMANDS.name, 2, offset, key, value, headers, 0)


def letter_of(lying: Record, refused: Refused | None = None) -> RecordRefused:
    """The dead letter, as a reader of its topic decodes it."""
    draft = dead_letter(lying, refused or Refused("invalid_json", "not JSON"), at=NOW)
    event = decode(topic=DEADLETTERS.name, key=draft.key, headers=draft.headers, value=draft.value)
    assert isinstance(event.data, RecordRefused)
    return event.data


def test_it_holds_the_record_as_it_came() -> None:
    lying = record(b"\x00\xff{", headers=[("ce_id", b"\xfe"), ("ce_id", b"2"), ("empty", b"")])
    letter = letter_of(lying)
    assert (letter.topic, letter.partition, letter.offset) == (DEMANDS.name, 2, 4)
    assert (letter.code, letter.detail, letter.refused_at) == ("invalid_json", "not JSON", NOW)
    assert (letter.key, letter.value, list(letter.headers)) == (lying.key, lying.value, list(lying.headers))
    assert letter.value_sha256 == hashlib.sha256(b"\x00\xff{").hexdigest()


def test_a_record_of_nothing_is_told_from_one_that_is_empty() -> None:
    nothing, empty = letter_of(record(None, key=None)), letter_of(record(b"", key=b""))
    assert (nothing.key, nothing.value) == (None, None)
    assert (empty.key, empty.value) == (b"", b"")


def test_the_same_record_refused_twice_is_the_same_fact() -> None:
    first, again, other = (
        dead_letter(record(b"x", offset=offset), Refused("invalid_json"), at=NOW) for offset in (4, 4, 5)
    )
    ids = [dict(draft.headers)["ce_id"] for draft in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert first.key == again.key == b"310105"


def _refused_demand(detail: str) -> tuple[Record, Refused]:
    event = next(event for _, event in _posted().located())
    key, headers, value = encode(event)
    found = record(value.replace(b'"detail":""', f'"detail":"{detail}"'.encode()), key=key, headers=headers)
    with pytest.raises(Refused) as refused:
        read_event(found, width=6)
    return found, refused.value


def _posted() -> Story:
    story = Story()
    story.post(0, lines=[(0, 1)])
    return story


def test_personal_data_is_left_out_and_only_its_digest_kept() -> None:
    lying, refused = _refused_demand(f"请打电话 {PHONE}")
    assert refused.code == "personal_data"
    draft = dead_letter(lying, refused, at=NOW)
    letter = letter_of(lying, refused)
    assert letter.value is None
    assert letter.value_sha256 == hashlib.sha256(lying.value or b"").hexdigest()
    assert (letter.key, letter.code) == (b"310105", "personal_data")
    for hidden in (PHONE.encode(), base64.b64encode(lying.value or b"")):
        assert hidden not in (draft.value or b"")


@pytest.mark.parametrize("code", ["invalid_json", "unknown_event_type", "wrong_key"])
def test_personal_data_is_left_out_whatever_the_reason(code: str) -> None:
    lying = record(
        f"call {PHONE}!".encode(), key=PHONE.encode(), headers=[("x", PHONE.encode()), ("y", b"fine"), (PHONE, b"")]
    )
    letter = letter_of(lying, Refused(code, f"the key is {PHONE}"))
    assert (letter.value, letter.key, letter.detail) == (None, None, "")
    assert letter.headers == (("y", b"fine"),)
    assert {(part.part, part.reason, part.names) for part in letter.left_out} == {
        ("key", "personal_data", ()),
        ("headers", "personal_data", ("x",)),
        ("value", "personal_data", ()),
        ("detail", "personal_data", ()),
    }
    draft = dead_letter(lying, Refused(code, f"the key is {PHONE}"), at=NOW)
    whole = b"".join([draft.key or b"", draft.value or b"", *(value for _, value in draft.headers)])
    assert PHONE.encode() not in whole
    assert base64.b64encode(PHONE.encode())[:-1] not in whole


def test_a_record_too_large_for_the_log_still_gets_its_dead_letter() -> None:
    lying = record(b"x" * (MAX_VALUE_BYTES + 1), key=b"k" * 100_000, headers=[("h", b"v" * 9_000_000)])
    draft = dead_letter(lying, Refused("record_too_large", "d" * 9000), at=NOW)
    assert draft.value is not None
    assert len(draft.value) < MAX_VALUE_BYTES
    letter = letter_of(lying, Refused("record_too_large", "d" * 9000))
    assert (letter.key, letter.headers, letter.value, len(letter.detail)) == (None, (), None, 2000)
    assert letter.value_sha256 == hashlib.sha256(lying.value or b"").hexdigest()
    assert {(part.part, part.reason, part.names) for part in letter.left_out} == {
        (part, "too_large", names) for part, names in (("key", ()), ("headers", ("h",)), ("value", ()))
    }


def test_a_digit_that_json_spells_by_its_number_is_a_digit() -> None:
    letter = letter_of(record(b'{"call": "\\u0031\\u0033812345678"}'), Refused("unknown_event_type"))
    assert letter.value is None
    assert letter_of(record(b'{"call": "\\u0031 or so"}'), Refused("invalid_value")).value is not None


@example(key=None, value=None, headers=[("\ud800", None)], detail="\udfff\x00")
@given(
    key=st.none() | st.binary(max_size=40),
    value=st.none() | st.binary(max_size=200),
    headers=st.lists(st.tuples(st.text(ANYTHING, max_size=9), st.none() | st.binary(max_size=20)), max_size=5),
    detail=st.text(ANYTHING, max_size=50),
)
def test_whatever_bytes_a_record_is_made_of_its_dead_letter_holds_them(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]], detail: str
) -> None:
    lying = record(value, key=key, headers=headers)
    letter = letter_of(lying, Refused("invalid_value", detail))
    assert "\x00" not in letter.detail
    assert letter.value_sha256 == hashlib.sha256(value or b"").hexdigest()
    if not letter.left_out:
        assert (letter.key, letter.value) == (key, value)
        assert [held for _, held in letter.headers] == [given_value or b"" for _, given_value in headers]
        assert [name for name, _ in letter.headers] == [
            name.encode("utf-8", "backslashreplace").decode() for name, _ in headers
        ]


async def test_dead_letters_are_listed_once_with_their_place_and_reason(tmp_path: Path) -> None:
    log, model = FakeLog(), ReadModel(f"sqlite:///{tmp_path / 'readmodel'}", catalogue=CATALOGUE)
    for code, offset in (("invalid_json", 4), ("invalid_json", 4), ("wrong_key", 7)):
        await log.append(DEADLETTERS.name, [dead_letter(record(b"?", offset=offset), Refused(code), at=NOW)])
    again = RecordReplayed(
        topic=DEMANDS.name, partition=2, offset=7, new_partition=1, new_offset=9, new_key="310105", replayed_at=NOW
    )
    key, headers, value = encode(new_event(again, id="again", source="tests", key="310105", time=NOW))
    await log.append(DEADLETTERS.name, [Draft(key=key, value=value, headers=headers)])
    projector = Projector(log, model)
    await projector.catch_up()
    await projector.close()
    with model.read() as connection:
        rows = list_dead_letters(connection).rows
        assert [(row.topic, row.partition, row.offset, row.code) for row in rows] == [
            (DEMANDS.name, 2, 7, "wrong_key"),
            (DEMANDS.name, 2, 4, "invalid_json"),
        ]
        assert [row.offset for row in list_dead_letters(connection, code="wrong_key").rows] == [7]
        assert list_dead_letters(connection, topic=DEADLETTERS.name).rows == ()
        whole = get_dead_letter(connection, topic=DEMANDS.name, partition=2, offset=4)
    assert whole is not None
    assert whole.value == b"?"


async def test_a_forged_letter_stops_nobody(tmp_path: Path) -> None:
    log, model = FakeLog(), ReadModel(f"sqlite:///{tmp_path / 'readmodel'}", catalogue=CATALOGUE)
    letter = dead_letter(record(b"?"), Refused("invalid_json"), at=NOW)
    for number in (2**63, -1, 10**30):
        forged = (letter.value or b"").replace(b'"offset":4', b'"offset":%d' % number)
        await log.append(DEADLETTERS.name, [Draft(key=letter.key, value=forged, headers=letter.headers)])
    await log.append(DEADLETTERS.name, [letter])
    projector = Projector(log, model)
    await projector.catch_up()
    await projector.close()
    with model.read() as connection:
        assert [row.offset for row in list_dead_letters(connection).rows] == [4]
    assert projector.skipped == 3


async def test_a_forged_assignment_stops_nobody(tmp_path: Path) -> None:
    log, model = FakeLog(), ReadModel(f"sqlite:///{tmp_path / 'readmodel'}", catalogue=CATALOGUE)
    key, headers, value = encode(EXAMPLES["cn.cobuild.assignment.proposed.v1"])
    for name in (b"round_no", b"value", b"line", b"seat", b"resource_version"):
        forged = re.sub(rb'"%s":[0-9]+' % name, b'"%s":%d' % (name, 10**30), value)
        assert forged != value
        await log.append(ASSIGNMENTS.name, [Draft(key=key, value=forged, headers=headers)])
    projector = Projector(log, model)
    await projector.catch_up()
    await projector.close()
    assert projector.skipped == 5
