"""The AsyncAPI 3.0 document: channels are the topics, the key is the shard, CloudEvents attributes are headers.

Sources: AsyncAPI 3.0.0; its Kafka bindings 0.5.0; CloudEvents 1.0.2, Kafka protocol binding, binary mode.
"""

import json
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from schemas.base import RegionPrefix
from schemas.envelope import REPLAY_OF, ROUND_OFFSET, encode
from schemas.examples import EXAMPLES
from schemas.topics import ASSIGNMENTS, DEADLETTERS, DEFAULT_PARTITIONS, INPUTS, TOPICS, EventType, Topic

Json = dict[str, Any]

VERSION: Final = "1.0.0"
"""Of the contract; every event type carries its own in its name."""

_KAFKA: Final = {"bindingVersion": "0.5.0"}


def document() -> Json:
    """Return the whole document, ready for ``json.dumps``."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Cobuild events",
            "version": VERSION,
            "description": "What units and members offer, what communities ask for, and who was matched with whom. "
            "Every record is a CloudEvent in Kafka's binary mode; its key is the shard, by default the six digits "
            "of the district. What does not validate goes to cobuild.deadletters.v1 with its reason.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {short_name(topic): _channel(topic) for topic in TOPICS},
        "operations": {_verb(topic) + short_name(topic).title(): _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {event.name: _message(topic, event) for topic in TOPICS for event in topic.events},
            "schemas": _schemas(),
        },
    }


def short_name(topic: Topic) -> str:
    """Return the middle of a topic's name: ``resources`` of ``cobuild.resources.v1``."""
    return topic.name.split(".")[1]


def payload(event: EventType) -> Json:
    """Return the data of the event type's example."""
    found: Json = json.loads(encode(EXAMPLES[event.name])[2])
    return found


def headers(event: EventType) -> dict[str, str]:
    """Return the headers of the event type's example."""
    return {name: value.decode() for name, value in encode(EXAMPLES[event.name])[1]}


def summary(event: EventType) -> str:
    """Return the first line of the model's docstring."""
    return (event.model.__doc__ or "").strip().splitlines()[0]


def _verb(topic: Topic) -> str:
    """Return what Cobuild does on a topic, seen from Cobuild, as AsyncAPI 3 has it."""
    return "receive" if topic in INPUTS else "send"


def _channel(topic: Topic) -> Json:
    return {
        "address": topic.name,
        "title": topic.title,
        "messages": {event.name: {"$ref": f"#/components/messages/{event.name}"} for event in topic.events},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": DEFAULT_PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup_policy],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                **_KAFKA,
            }
        },
        "description": "All topics have the same number of partitions: COBUILD_PARTITIONS, "
        f"{DEFAULT_PARTITIONS} unless it is set. The partition is murmur2 of the key, as Kafka's own clients have it; "
        "librdkafka's need partitioner=murmur2_random.",
        "x-written-by": list(topic.written_by),
        "x-read-by": list(topic.read_by),
    }


def _operation(topic: Topic) -> Json:
    channel = f"#/channels/{short_name(topic)}"
    return {
        "action": _verb(topic),
        "channel": {"$ref": channel},
        "summary": topic.title,
        "messages": [{"$ref": f"{channel}/messages/{event.name}"} for event in topic.events],
    }


def _message(topic: Topic, event: EventType) -> Json:
    return {
        "name": event.name,
        "title": event.model.__name__,
        "summary": summary(event),
        "contentType": "application/json",
        "headers": _headers_schema(topic, event),
        "payload": {"$ref": f"#/components/schemas/{event.model.__name__}"},
        "bindings": {"kafka": {"key": _key(topic), **_KAFKA}},
        "examples": [{"name": EXAMPLES[event.name].id, "headers": headers(event), "payload": payload(event)}],
    }


def _headers_schema(topic: Topic, event: EventType) -> Json:
    return {
        "type": "object",
        "allOf": [{"$ref": "#/components/schemas/CloudEventHeaders"}],
        "properties": {"ce_type": {"const": event.name}, **_headers_beside(topic)},
    }


def _headers_beside(topic: Topic) -> Json:
    """Return the headers that only events of this topic carry."""
    if topic is ASSIGNMENTS:
        meaning = "Every round of the same partition of cobuild.rounds.v1 below this offset has been published whole."
        return {ROUND_OFFSET: {"type": "string", "pattern": "^[0-9]+$", "description": meaning}}
    if topic in INPUTS:
        meaning = "topic/partition/offset of the refused record that was appended once more; set by operators alone."
        return {REPLAY_OF: {"type": "string", "description": meaning}}
    return {}


def _schemas() -> Json:
    models = [(event.model, "validation") for topic in TOPICS for event in topic.events]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {"CloudEventHeaders": _cloud_event_headers(), **dict(sorted(found["$defs"].items()))}


def _key(topic: Topic) -> Json:
    """Return the key's schema, in full: the official schema of AsyncAPI 3.0 refuses a reference here."""
    if topic is DEADLETTERS:
        return {"type": "string", "description": "The shard of the refused record, or its topic where it names none."}
    return TypeAdapter(RegionPrefix).json_schema() | {"description": "The shard: the leading digits of the region."}


def _cloud_event_headers() -> Json:
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "description": "CloudEvents 1.0 attributes. Who reads twice knows an event by its ce_id.",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
        "properties": {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": text,
            "ce_source": text | {"format": "uri-reference"},
            "ce_type": text,
            "ce_time": {"type": "string", "format": "date-time"},
            "content-type": {"type": "string", "const": "application/json"},
        },
    }
