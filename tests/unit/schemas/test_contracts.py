"""The written contract: up to date, whole, and true to the models."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from schemas import asyncapi, contracts
from schemas.envelope import REPLAY_OF, ROUND_OFFSET, decode, encode
from schemas.examples import EXAMPLES
from schemas.topics import ASSIGNMENTS, DEFAULT_PARTITIONS, INPUTS, TOPICS
from schemas.uscc import parse_uscc

DOCUMENT = json.loads((contracts.DOCS / "contracts" / "asyncapi.json").read_text(encoding="utf-8"))
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
EVENTS = [pytest.param(topic, event, id=event.name) for topic in TOPICS for event in topic.events]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _resolved(reference: str) -> Any:
    node = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def _bundled(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema | {"components": DOCUMENT["components"]}, validate_formats=True)


def test_the_committed_contract_has_not_drifted() -> None:
    assert contracts.drifted(contracts.DOCS) == []


def test_drift_is_found_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "events.md" in contracts.write(tmp_path)
    assert contracts.drifted(tmp_path) == []
    edited = "contracts/schemas/cn.cobuild.demand.posted.v1.json"
    (tmp_path / edited).write_text("{}", encoding="utf-8")
    (tmp_path / "contracts" / "schemas" / "cn.cobuild.gone.v1.json").write_text("{}", encoding="utf-8")
    (tmp_path / "events.md").unlink()
    drifted = [edited, "contracts/schemas/cn.cobuild.gone.v1.json", "events.md"]
    assert contracts.drifted(tmp_path) == sorted(drifted)
    monkeypatch.setattr("sys.argv", ["contracts", "check", "--docs", str(tmp_path)])
    assert contracts.main() == 1
    contracts.write(tmp_path)
    assert contracts.drifted(tmp_path) == []
    assert contracts.main() == 0


def test_there_is_one_example_of_every_event() -> None:
    assert list(EXAMPLES) == [event.name for topic in TOPICS for event in topic.events]
    assert len({event.id for event in EXAMPLES.values()}) == len(EXAMPLES)


@pytest.mark.parametrize(("topic", "event"), EVENTS)
def test_an_example_travels_and_comes_back_equal(topic: Any, event: Any) -> None:
    example = EXAMPLES[event.name]
    key, headers, value = encode(example)
    assert decode(topic=topic.name, key=key, headers=headers, value=value) == example
    assert example.topic is topic


@pytest.mark.parametrize(("topic", "event"), EVENTS)
def test_an_example_holds_in_its_json_schema(topic: Any, event: Any) -> None:
    path = contracts.DOCS / "contracts" / "schemas" / f"{event.name}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    example = json.loads(encode(EXAMPLES[event.name])[2])
    assert schema["examples"] == [example]
    assert validator.is_valid(example)
    assert not validator.is_valid(example | {"surprise": 1})
    assert not validator.is_valid({name: part for name, part in example.items() if name != schema["required"][0]})


def test_every_reference_resolves() -> None:
    references = list(_references(DOCUMENT))
    assert len(references) > 100
    for reference in references:
        assert reference.startswith("#/"), reference
        assert isinstance(_resolved(reference), dict), reference


def test_channels_are_the_topics_of_the_registry() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    channels = DOCUMENT["channels"].values()
    assert [channel["address"] for channel in channels] == [topic.name for topic in TOPICS]
    for channel, topic in zip(channels, TOPICS, strict=True):
        assert list(channel["messages"]) == [event.name for event in topic.events]
        assert channel["bindings"]["kafka"]["topic"] == topic.name
        assert channel["bindings"]["kafka"]["topicConfiguration"]["retention.ms"] == topic.retention_ms
        assert channel["bindings"]["kafka"]["partitions"] == DEFAULT_PARTITIONS
        assert "murmur2" in channel["description"]


def test_cobuild_receives_the_inputs_and_sends_the_rest() -> None:
    actions = {
        _resolved(operation["channel"]["$ref"])["address"]: operation["action"]
        for operation in DOCUMENT["operations"].values()
    }
    assert actions == {topic.name: "receive" if topic in INPUTS else "send" for topic in TOPICS}
    for operation in DOCUMENT["operations"].values():
        listed = [_resolved(_resolved(message["$ref"])["$ref"])["name"] for message in operation["messages"]]
        assert listed == list(_resolved(operation["channel"]["$ref"])["messages"])


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_message_has_a_payload_headers_a_key_and_a_valid_example(name: str) -> None:
    message = MESSAGES[name]
    (example,) = message["examples"]
    assert _bundled(message["payload"]).is_valid(example["payload"])
    headers = _bundled(message["headers"])
    assert headers.is_valid(example["headers"])
    assert not headers.is_valid(example["headers"] | {"ce_type": "cn.cobuild.other.v1"})
    assert not headers.is_valid({key: value for key, value in example["headers"].items() if key != "ce_id"})
    key = jsonschema_rs.validator_for(message["bindings"]["kafka"]["key"])
    assert key.is_valid("310105")
    assert key.is_valid("cobuild.demands.v1") == (name.startswith("cn.cobuild.record."))
    assert key.is_valid("31010") == (name.startswith("cn.cobuild.record."))


def test_headers_of_ours_beside_those_of_cloud_events_are_told() -> None:
    names = {name: set(message["headers"]["properties"]) - {"ce_type"} for name, message in MESSAGES.items()}
    for topic in TOPICS:
        told = {ROUND_OFFSET} if topic is ASSIGNMENTS else {REPLAY_OF} if topic in INPUTS else set()
        assert [names[event.name] for event in topic.events] == [told] * len(topic.events)
    (example,) = MESSAGES["cn.cobuild.assignment.proposed.v1"]["examples"]
    headers = _bundled(MESSAGES["cn.cobuild.assignment.proposed.v1"]["headers"])
    assert headers.is_valid(example["headers"] | {ROUND_OFFSET: "17"})
    assert not headers.is_valid(example["headers"] | {ROUND_OFFSET: "-1"})


def test_examples_name_real_places_and_valid_units() -> None:
    text = json.dumps([asyncapi.payload(event) for topic in TOPICS for event in topic.events])
    units = {part[:18] for part in text.split("unit:")[1:]} | {EXAMPLES["cn.cobuild.unit.enrolled.v1"].data.uscc}  # type: ignore[attr-defined]
    assert units
    assert all(parse_uscc(unit) == unit for unit in units)
