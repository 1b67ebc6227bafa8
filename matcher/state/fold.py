"""What folding one event did, and the small rules that all folds share.

1. An entity carries a version. Only a newer one changes it.
2. The event that set the present version may come again: seen, nothing changes.
3. Any other event that is not newer is refused as stale, so that it is kept as a dead letter, never lost.
4. Withdrawn is final.
"""

from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import blake2b

from schemas.refusals import Refused

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

UNKNOWN, OPEN, SUSPENDED, WITHDRAWN = range(4)
"""States of an entity; UNKNOWN: only mentioned so far."""


class Fold(Enum):
    """What became of an event."""

    APPLIED = "applied"
    SEEN = "seen"
    VOID = "void"
    ASIDE = "aside"


class StateBrokenError(Exception):
    """Something that cannot be was read from the log: the worker must stop."""


def to_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down."""
    return (moment - EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """Return the UTC instant of ``ms`` milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=int(ms))


def event_mark(event_id: str) -> int:
    """Return a 62-bit fingerprint of an event's id."""
    return int.from_bytes(blake2b(event_id.encode(), digest_size=8).digest(), "big") >> 2


def is_news(*, status: int, version: int, mark: int, new_version: int, new_mark: int) -> bool:
    """Return True where the event changes its entity, False where it was seen.

    Raises:
        Refused: stale_version or already_withdrawn.
    """
    if new_version == version and new_mark == mark:
        return False
    if new_version <= version:
        raise Refused("stale_version", f"version {new_version} came after version {version}")
    if status == WITHDRAWN:
        raise Refused("already_withdrawn", f"version {version} withdrew it")
    return True
