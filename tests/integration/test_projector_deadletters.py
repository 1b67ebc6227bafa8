"""Refused records as dead letters: complete, but without personal data, and readable in the lists."""

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.readmodel.model import ReadModel
from api.readmodel.queries.deadletters import get_dead_letter, list_dead_letters
from schemas.deadletters import RecordRefused
from schemas.envelope import MAX_VALUE_BYTES, decode, encode
from schemas.refusals import Refused
from schemas.topics import DEADLETTERS, DEMANDS
from streams.deadletters import dead_letter
from streams.log import Record
from streams.projector import Projector
from streams.reading import read_event
from tests.fakes.log import FakeLog
from tests.unit.readmodel.story import CATALOGUE, Story

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PHONE = "13812345678"


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


async def test_dead_letters_are_listed_once_with_their_place_and_reason(tmp_path: Path) -> None:
    log, model = FakeLog(), ReadModel(f"sqlite:///{tmp_path / 'readmodel'}", catalogue=CATALOGUE)
    for code, offset in (("invalid_json", 4), ("invalid_json", 4), ("wrong_key", 7)):
        await log.append(DEADLETTERS.name, [dead_letter(record(b"?", offset=offset), Refused(code), at=NOW)])
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
