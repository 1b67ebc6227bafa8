"""Dead letters 死信: a refused record as an event of its own, so that nothing is dropped in silence.

1. The id is a function of where the record lies: refused twice, it is the same fact.
2. Where a part holds personal data it is left out, and only the value's digest kept (invariant 7).
3. So is a part that would make the dead letter too large for the log; the record itself still lies where it lay.
4. What was left out is named, with why. Whatever bytes a record is made of, its dead letter can be written.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from schemas.base import no_personal_data
from schemas.deadletters import LeftOut, RecordRefused
from schemas.envelope import Event, encode, new_event
from schemas.refusals import Refused
from streams.log import Draft, Record

SOURCE: Final = "cobuild/dead-letters"
MOST_BYTES: Final = 1024 * 1024
"""A larger value is left out; so are a key or headers of more than ``MOST_HEADER_BYTES``."""
MOST_HEADER_BYTES: Final = 64 * 1024
MOST_DETAIL: Final = 2000
MOST_NAMES: Final = 50
"""So many of the headers that are left out are named."""

_SHARD = re.compile(rb"[1-9][0-9]{5}(?:[0-9]{3})?")  # a mobile number has eleven digits

Header = tuple[str, bytes]
Why = Literal["personal_data", "too_large"]


def refusal_of(record: Record, refused: Refused, *, at: datetime) -> Event[RecordRefused]:
    """Return the event that says why ``record`` was refused; ``at`` is when."""
    detail = _told(refused.detail)
    key = _why_not(record.key, MOST_HEADER_BYTES)
    value: Why | None = "personal_data" if refused.code == "personal_data" else _why_not(record.value, MOST_BYTES)
    headers, lost = _headers(record)
    gone = [
        *([LeftOut(part="key", reason=key)] if key else []),
        *lost,
        *([LeftOut(part="value", reason=value)] if value else []),
        *([LeftOut(part="detail", reason="personal_data")] if detail is None else []),
    ]
    data = RecordRefused(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        code=refused.code,
        detail=detail or "",
        key=None if record.key is None or key else b64encode(record.key),
        headers=tuple((name, b64encode(content)) for name, content in headers),
        value=None if record.value is None or value else b64encode(record.value),
        value_sha256=digest_of(record.value),
        left_out=tuple(gone),
        refused_at=at,
    )
    place = f"{record.topic}/{record.partition}/{record.offset}"
    event_id = hashlib.sha256(place.encode()).hexdigest()[:32]
    return new_event(data, id=event_id, source=SOURCE, key=_event_key(record), time=at)


def dead_letter(record: Record, refused: Refused, *, at: datetime) -> Draft:
    """Return the record to append to ``cobuild.deadletters.v1``."""
    key, headers, value = encode(refusal_of(record, refused, at=at))
    return Draft(key=key, value=value, headers=headers)


def digest_of(value: bytes | None) -> str:
    """Return the SHA-256 of a record's value, by which a dead letter knows its record."""
    return hashlib.sha256(value or b"").hexdigest()


def holds_personal_data(record: Record) -> bool:
    """Tell whether any part of ``record`` holds a phone or identity number."""
    headers = [part for name, value in record.headers for part in (_text(name).encode(), value)]
    return not all(_is_clean(part or b"") for part in (record.key, record.value, *headers))


def _event_key(record: Record) -> str:
    """Return the shard the record was meant for; where it names none, the topic, so that its place stays the same."""
    key = record.key or b""
    return key.decode() if _SHARD.fullmatch(key) else record.topic


def _told(detail: str) -> str | None:
    """Return the particulars, fit for any reader, or None where they hold personal data."""
    detail = _text(detail).replace("\x00", "\ufffd")[:MOST_DETAIL]  # no NUL: a database may not take it in a text
    return detail if _is_clean(detail.encode()) else None


def _headers(record: Record) -> tuple[Sequence[Header], Sequence[LeftOut]]:
    """Return the headers to keep, and what is left out of them; a header of no value is an empty one."""
    found = [(_text(name), value or b"") for name, value in record.headers]
    if sum(len(name.encode()) + len(value) for name, value in found) > MOST_HEADER_BYTES:
        return (), _lost("too_large", [name for name, _ in found])
    clean = [_is_clean(value) and _is_clean(name.encode()) for name, value in found]
    kept = [header for header, fine in zip(found, clean, strict=True) if fine]
    return kept, _lost("personal_data", [name for (name, _), fine in zip(found, clean, strict=True) if not fine])


def _lost(why: Why, names: Sequence[str]) -> Sequence[LeftOut]:
    clean = [name[:200] for name in names[:MOST_NAMES] if _is_clean(name.encode())]
    return [LeftOut(part="headers", reason=why, names=tuple(clean))] if names else []


def _why_not(part: bytes | None, most: int) -> Why | None:
    """Return why a part is left out, or None where it is kept."""
    if part is None:
        return None
    if len(part) > most:
        return "too_large"
    return None if _is_clean(part) else "personal_data"


def _text(text: str) -> str:
    """Return ``text`` without halves of characters, which no encoder takes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _is_clean(content: bytes) -> bool:
    text = content.decode("utf-8", "replace")
    try:
        no_personal_data(text)
        if "\\u" in text:  # JSON may spell a digit so
            no_personal_data(json.dumps(json.loads(text), ensure_ascii=False))
    except json.JSONDecodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return True
