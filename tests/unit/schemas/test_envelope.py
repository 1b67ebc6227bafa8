"""The envelope against the CloudEvents SDK, and what it says to records that are no events of ours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas.envelope import MAX_VALUE_BYTES, decode, encode
from schemas.examples import EXAMPLES
from schemas.refusals import Refused

POSTED = EXAMPLES["cn.cobuild.demand.posted.v1"]
KEY, HEADERS, VALUE = encode(POSTED)


def _refusal(**change: Any) -> Refused:
    record = {"topic": POSTED.topic.name, "key": KEY, "headers": HEADERS, "value": VALUE} | change
    with pytest.raises(Refused) as refused:
        decode(**record)
    return refused.value


def _headers(**change: bytes | None) -> list[tuple[str, bytes]]:
    return [(name, value) for name, value in (dict(HEADERS) | change).items() if value is not None]


@pytest.mark.parametrize("event_type", sorted(EXAMPLES))
def test_the_sdk_reads_what_we_write(event_type: str) -> None:
    event = EXAMPLES[event_type]
    key, headers, value = encode(event)
    read = from_binary(KafkaMessage(headers=dict(headers), key=key, value=value), JSONFormat(), CloudEvent)
    assert (read.get_id(), read.get_source(), read.get_type()) == (event.id, event.source, event.type)
    assert read.get_specversion() == "1.0"
    assert read.get_time() == event.time
    assert read.get_datacontenttype() == "application/json"
    assert read.get_extension("partitionkey") == event.key
    assert read.get_data() == json.loads(event.data.model_dump_json())


@pytest.mark.parametrize("event_type", sorted(EXAMPLES))
def test_we_read_what_the_sdk_writes(event_type: str) -> None:
    event = EXAMPLES[event_type]
    attributes = {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "specversion": "1.0",
        "time": event.time,
        "datacontenttype": "application/json",
        "partitionkey": event.key,
    }
    written = to_binary(CloudEvent(attributes, json.loads(event.data.model_dump_json())), JSONFormat())
    assert isinstance(written.key, str)
    read = decode(
        topic=event.topic.name, key=written.key.encode(), headers=list(written.headers.items()), value=written.value
    )
    assert read == event


def test_equal_events_are_equal_bytes_whatever_the_zone() -> None:
    assert dict(HEADERS)["ce_time"] == b"2026-11-17T01:05:00Z"
    assert encode(decode(topic=POSTED.topic.name, key=KEY, headers=HEADERS, value=VALUE)) == (KEY, HEADERS, VALUE)


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type"])
def test_a_missing_or_unreadable_attribute_is_no_cloud_event(name: str) -> None:
    assert _refusal(headers=_headers(**{name: None})).code == "not_a_cloud_event"
    assert _refusal(headers=_headers(**{name: b"\xff\xfe"})).code == "not_a_cloud_event"


def test_a_time_is_optional_and_when_given_a_time() -> None:
    read = decode(topic=POSTED.topic.name, key=KEY, headers=_headers(ce_time=None), value=VALUE)
    assert read.time == datetime(1970, 1, 1, tzinfo=UTC)
    assert _refusal(headers=_headers(ce_time=b"yesterday")).code == "not_a_cloud_event"


def test_a_type_must_belong_to_the_topic() -> None:
    assert _refusal(headers=_headers(ce_type=b"cn.cobuild.unit.enrolled.v1")).code == "unknown_event_type"
    assert _refusal(topic="cobuild.rounds.v1").code == "unknown_event_type"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "invalid_json"),
        (b"", "invalid_json"),
        (b"\x00\xff garbage", "invalid_json"),
        (b'{"demand": ', "invalid_json"),
        (b"[]", "invalid_value"),
        (b"{}", "invalid_value"),
        (VALUE.replace(b'"quantity":2', b'"quantity":1000000000'), "invalid_value"),
        (VALUE.replace("两位独居老人".encode(), b"13812345678 "), "personal_data"),
        (VALUE.replace("两位独居老人".encode(), b"\\u0000"), "invalid_value"),
        (VALUE.replace(b'"duration_minutes":60', b'"duration_minutes":600'), "impossible_window"),
        (b" " * (MAX_VALUE_BYTES + 1), "record_too_large"),
    ],
)
def test_a_bad_value_is_refused_by_its_reason(value: bytes | None, code: str) -> None:
    assert _refusal(value=value).code == code


def test_personal_data_outranks_other_reasons_and_is_not_repeated() -> None:
    both = VALUE.replace("两位独居老人".encode(), b"13812345678 ").replace(b'"quantity":2', b'"quantity":0')
    refused = _refusal(value=both)
    assert refused.code == "personal_data"
    assert "13812345678" not in refused.detail


def test_a_key_that_is_no_text_is_the_wrong_key() -> None:
    assert _refusal(key=b"\xff\xff").code == "wrong_key"
