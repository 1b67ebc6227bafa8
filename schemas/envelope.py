"""CloudEvents 1.0 in Kafka's binary mode: attributes in ``ce_*`` headers, data as JSON in the value.

Written by hand because the fold reads headers a million times; ``tests`` hold it against the CloudEvents SDK.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import ValidationError

from schemas.base import Fact
from schemas.refusals import Refused, refusals_of
from schemas.topics import EVENT_NAME, TOPIC_BY_NAME, TOPIC_OF_MODEL, Topic

Headers = Sequence[tuple[str, bytes]]
Data = TypeVar("Data", bound=Fact)
Data_co = TypeVar("Data_co", bound=Fact, covariant=True)

ROUND_OFFSET = "ce_roundoffset"
"""Header of an assignment event: every round of its partition below this offset has been published whole."""
REPLAY_OF = "cobuild_replay_of"
"""Header of an input that was appended once more: ``topic/partition/offset`` of the refused record."""
MAX_VALUE_BYTES = 8 * 1024 * 1024
"""No record is larger; the Kafka topics are created with the same bound."""


@dataclass(frozen=True, slots=True)
class Event(Generic[Data_co]):
    """A fact with its CloudEvents attributes; ``key`` is the shard."""

    id: str
    source: str
    type: str
    key: str
    time: datetime
    data: Data_co

    @property
    def topic(self) -> Topic:
        """Where events of this type travel."""
        return TOPIC_OF_MODEL[type(self.data)]


def new_event(data: Data, *, id: str, source: str, key: str, time: datetime) -> Event[Data]:
    """Return ``data`` as an event; the type follows from the model."""
    return Event(id=id, source=source, type=EVENT_NAME[type(data)], key=key, time=time, data=data)


def encode(event: Event[Fact]) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    """Return key, headers and value of the record that carries ``event``."""
    time = event.time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event.id.encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", event.type.encode()),
        ("ce_time", time.encode()),
        ("content-type", b"application/json"),
    ]
    return event.key.encode(), headers, event.data.model_dump_json().encode()


def decode(*, topic: str, key: bytes | None, headers: Headers, value: bytes | None) -> Event[Fact]:
    """Return the event that a record carries.

    Raises:
        Refused: it is not a valid event of this topic; the code says why.
    """
    found = dict(headers)
    try:
        kind = found["ce_type"].decode()
        event_id, source = found["ce_id"].decode(), found["ce_source"].decode()
    except (KeyError, UnicodeDecodeError) as error:
        raise Refused("not_a_cloud_event", f"missing or unreadable header {error}") from None
    model = TOPIC_BY_NAME[topic].model(kind)
    if model is None:
        raise Refused("unknown_event_type", f"{kind[:200]} on {topic}")
    if value is None or len(value) > MAX_VALUE_BYTES:
        raise Refused("invalid_json" if value is None else "record_too_large", "no value" if value is None else "")
    try:
        data = model.model_validate_json(value)
    except ValidationError as error:
        fields = refusals_of(error)
        code = next((field.code for field in fields if field.code == "personal_data"), fields[0].code)
        raise Refused(code, "; ".join(f"{field.field}: {field.detail}" for field in fields)[:2000]) from None
    try:
        shard = (key or b"").decode("ascii")
    except UnicodeDecodeError:
        raise Refused("wrong_key", "the key is not a region prefix") from None
    return Event(id=event_id, source=source, type=kind, key=shard, time=_time(found.get("ce_time")), data=data)


def _time(text: bytes | None) -> datetime:
    try:
        moment = datetime.fromisoformat((text or b"1970-01-01T00:00:00Z").decode())
    except (ValueError, UnicodeDecodeError):
        raise Refused("not_a_cloud_event", "ce_time is no RFC 3339 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
