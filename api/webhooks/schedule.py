"""When a delivery is tried again: the schedule of the Standard Webhooks specification.

1. Any 2xx is a success. 410 says that the receiver is gone for good. Everything else is a failure: a redirect too, for
   who signs for one address does not hand the content to another.
2. After a failure it is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, then given up: ten
   attempts within three days and a bit.
3. Up to a fifth is added by chance, so that those who failed together do not come back together.
4. ``Retry-After`` (RFC 9110, section 10.2.3) puts a try off further, by a day at most; it never brings one forward.
5. The whole subscription rests after failures in a row, for a second, two, four, at most five minutes: a receiver that
   is down is asked with one delivery at a time, and the others wait in order.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from api.ports import Answered

Verdict = Literal["delivered", "gone", "failed"]

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_TRIES: Final = len(WAITS) + 1
LONGEST: Final = timedelta(days=1)
_SPREAD: Final = 0.2
_LONGEST_REST: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 9
"""After so many a rest is as long as it gets."""


def verdict(answered: Answered) -> Verdict:
    """Return what an answer means."""
    if answered.status is not None and 200 <= answered.status < 300:
        return "delivered"
    return "gone" if answered.status == 410 else "failed"


def next_try(*, tries: int, now: datetime, answered: Answered, chance: float) -> datetime | None:
    """Return when to try again after ``tries`` failures, or None: given up. ``chance`` lies within 0 and 1."""
    if tries >= MOST_TRIES:
        return None
    wait = WAITS[tries - 1] * (1 + _SPREAD * chance)
    return now + max(wait, min(_asked_for(answered.retry_after, now=now), LONGEST))


def rest(failures: int) -> timedelta:
    """Return how long a subscription rests after so many failures in a row."""
    return min(timedelta(seconds=2 ** min(failures - 1, _DOUBLINGS)), _LONGEST_REST)


def _asked_for(retry_after: str | None, *, now: datetime) -> timedelta:
    """Return the wait that ``Retry-After`` asks for: seconds or a date; nothing where it is neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST.total_seconds()))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # a stranger wrote it, and the parser is not strict
        return timedelta()
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
