"""Dead letters 死信: a refused record as an event of its own, so that nothing is dropped in silence.

1. The id is a function of where the record lies: refused twice, it is the same fact.
2. Where a part holds personal data it is left out, and only the value's digest kept (invariant 7).
3. So is a part that would make the dead letter too large for the log; the record itself still lies where it lay.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.base import no_personal_data
from schemas.deadletters import RecordRefused
from schemas.envelope import Event, encode, new_event
from schemas.refusals import Refused
from streams.log import Draft, Record

SOURCE: Final = "cobuild/dead-letters"
MOST_BYTES: Final = 1024 * 1024
"""A larger value is left out; so are a key or headers of more than ``MOST_HEADER_BYTES``."""
MOST_HEADER_BYTES: Final = 64 * 1024

_SHARD = re.compile(rb"[1-9][0-9]{5}(?:[0-9]{3})?")  # a mobile number has eleven digits


def refusal_of(record: Record, refused: Refused, *, at: datetime) -> Event[RecordRefused]:
    """Return the event that says why ``record`` was refused; ``at`` is when."""
    data = RecordRefused(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        code=refused.code,
        detail=_detail(refused),
        key=_key(record),
        headers=_headers(record),
        value=_value(record, refused),
        value_sha256=hashlib.sha256(record.value or b"").hexdigest(),
        refused_at=at,
    )
    place = f"{record.topic}/{record.partition}/{record.offset}"
    event_id = hashlib.sha256(place.encode()).hexdigest()[:32]
    return new_event(data, id=event_id, source=SOURCE, key=_event_key(record), time=at)


def dead_letter(record: Record, refused: Refused, *, at: datetime) -> Draft:
    """Return the record to append to ``cobuild.deadletters.v1``."""
    key, headers, value = encode(refusal_of(record, refused, at=at))
    return Draft(key=key, value=value, headers=headers)


def _event_key(record: Record) -> str:
    """Return the shard the record was meant for; where it names none, the topic, so that its place stays the same."""
    key = record.key or b""
    return key.decode() if _SHARD.fullmatch(key) else record.topic


def _detail(refused: Refused) -> str:
    detail = refused.detail[:2000]
    return detail if _is_clean(detail.encode("utf-8", "replace")) else ""


def _key(record: Record) -> bytes | None:
    keep = record.key is not None and len(record.key) <= MOST_HEADER_BYTES and _is_clean(record.key)
    return b64encode(record.key) if keep and record.key is not None else None


def _headers(record: Record) -> Sequence[tuple[str, bytes]]:
    if sum(len(name) + len(value or b"") for name, value in record.headers) > MOST_HEADER_BYTES:
        return ()
    return tuple(
        (name, b64encode(value or b""))
        for name, value in record.headers
        if _is_clean(value or b"") and _is_clean(name.encode("utf-8", "replace"))
    )


def _value(record: Record, refused: Refused) -> bytes | None:
    value = record.value
    if value is None or len(value) > MOST_BYTES or refused.code == "personal_data" or not _is_clean(value):
        return None
    return b64encode(value)


def _is_clean(content: bytes) -> bool:
    try:
        no_personal_data(content.decode("utf-8", "replace"))
    except ValueError:
        return False
    return True
