"""What is told now, what waits, what goes into a digest, what is dropped: values in, values out.

1. Whoever wishes no messages gets none: everything is dropped (``not_wanted``).
2. What is no longer true is dropped: the pair got a "no" (``said_no``), the question was answered (``answered``), it is
   over (``over``), its time has passed (``too_late``), or it has waited for a week (``stale``).
3. In one civil day of the person's zone no more messages are sent than the budget says, whatever happens: a digest is
   one, and so is an urgent one.
4. In quiet hours nothing is sent but what is urgent (a whistle, an emergency); the rest waits for their end.
5. While today's digest is still to come, one message of the budget is kept for it.
6. What is beyond the budget goes into the next digest. Where there is none, or it would come too late, and for what is
   urgent, it waits for the next day.
7. What went into a digest stays there. When its hour has come, one message tells all that is in it; where the budget is
   spent or it is quiet, the digest waits as rules 3 and 4 say.
8. Urgent ones go first, then the digest, then the others as they came.

So every notice ends as sent, as part of a digest that was sent, or dropped with a reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from api.notices.wishes import Wishes

Overtaken = Literal["said_no", "answered", "over"]
DropReason = Literal["not_wanted", "said_no", "answered", "over", "too_late", "stale"]
HoldReason = Literal["not_yet", "quiet_hours", "budget"]

MOST_HELD: Final = timedelta(days=8)
"""Longer than a week, so that whatever goes into a weekly digest comes with it."""
_MONDAY: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A notice that was not told yet. ``folded_until`` is when the digest is due that it went into."""

    notice_id: str
    made_at: datetime
    urgent: bool = False
    not_before: datetime | None = None
    expires_at: datetime | None = None
    folded_until: datetime | None = None
    overtaken: Overtaken | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Tell it now, in a message of its own."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Tell it now, in one message with all others of which this is said."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Look at it again then."""

    until: datetime
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class Fold:
    """It goes into the digest that is due then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """It is never told."""

    reason: DropReason


Decision = Send | Digest | Hold | Fold | Drop


def plan(*, wishes: Wishes, pending: Sequence[Pending], sent: Sequence[datetime], now: datetime) -> dict[str, Decision]:
    """Return a decision for each of ``pending``; ``sent`` are the instants of the messages of the last two days."""
    decided: dict[str, Decision] = {}
    for notice in pending:
        if reason := _dropped(notice, wishes, now):
            decided[notice.notice_id] = Drop(reason)
        elif notice.not_before is not None and notice.not_before > now:
            decided[notice.notice_id] = Hold(notice.not_before, "not_yet")
    left = wishes.budget - messages_today(sent, wishes=wishes, now=now)
    # The sort is stable: those of one instant stay in the order given.
    open_ones = sorted((notice for notice in pending if notice.notice_id not in decided), key=lambda one: one.made_at)
    urgent = [notice for notice in open_ones if notice.urgent]
    folded = [notice for notice in open_ones if not notice.urgent and notice.folded_until is not None]
    plain = [notice for notice in open_ones if not notice.urgent and notice.folded_until is None]
    for notice in urgent:
        decided[notice.notice_id] = Send() if left > 0 else Hold(_next_day(wishes, now), "budget")
        left -= 1
    told = _digested(folded, wishes, left=left, now=now)
    decided |= told
    left -= any(isinstance(decision, Digest) for decision in told.values())
    for notice, decision in _one_by_one(plain, wishes, left=left, now=now):
        decided[notice.notice_id] = decision
    return decided


def messages_today(sent: Sequence[datetime], *, wishes: Wishes, now: datetime) -> int:
    """Return how many messages were sent on the civil day that it is now."""
    today = wishes.local(now).date()
    return sum(wishes.local(moment).date() == today for moment in sent)


def _dropped(notice: Pending, wishes: Wishes, now: datetime) -> DropReason | None:
    if wishes.channel == "none":
        return "not_wanted"
    if notice.overtaken is not None:
        return notice.overtaken
    if notice.expires_at is not None and notice.expires_at <= now:
        return "too_late"
    return "stale" if now - max(notice.made_at, notice.not_before or notice.made_at) > MOST_HELD else None


def _digested(folded: Sequence[Pending], wishes: Wishes, *, left: int, now: datetime) -> dict[str, Decision]:
    """Decide about what is in a digest: all of it is told as soon as any of it is due."""
    due = min((notice.folded_until for notice in folded if notice.folded_until), default=None)
    if due is None:
        return {}
    if due <= now and wishes.is_quiet(now):
        due = _loud(wishes, now)
    elif due <= now and left <= 0:
        due = _loud(wishes, _next_day(wishes, now))
    decision = Digest() if due <= now else Fold(due)
    return {notice.notice_id: decision for notice in folded}


def _one_by_one(
    plain: Sequence[Pending], wishes: Wishes, *, left: int, now: datetime
) -> Iterator[tuple[Pending, Decision]]:
    quiet = wishes.is_quiet(now)
    digest = next_digest(wishes, now)
    if digest is not None and wishes.local(digest).date() == wishes.local(now).date():
        left -= 1
    for notice in plain:
        if quiet:
            yield notice, Hold(_loud(wishes, now), "quiet_hours")
        elif left > 0:
            left -= 1
            yield notice, Send()
        elif digest is None or (notice.expires_at is not None and notice.expires_at <= digest):
            yield notice, Hold(_loud(wishes, _next_day(wishes, now)), "budget")
        else:
            yield notice, Fold(digest)


def next_digest(wishes: Wishes, after: datetime) -> datetime | None:
    """Return when the next digest is due: at its hour, on its day, or when the quiet hours end that cover it."""
    if wishes.digest == "off":
        return None
    today = wishes.local(after).date()
    days = (today + timedelta(days=count) for count in range(9))
    wanted = (day for day in days if wishes.digest == "daily" or day.weekday() == _MONDAY)
    slots = (_loud(wishes, _at(wishes, day, wishes.digest_at)) for day in wanted)
    return next(slot for slot in slots if slot > after)


def _loud(wishes: Wishes, moment: datetime) -> datetime:
    """Return ``moment``, or when the quiet hours end that it lies in."""
    if wishes.quiet_hours is None or not wishes.is_quiet(moment):
        return moment
    day = wishes.local(moment).date()
    ends = (
        _at(wishes, day + timedelta(days=count), wishes.quiet_hours.end, fold=fold)
        for count in range(3)
        for fold in (0, 1)
    )
    # Where clocks go back, the same hour comes twice, and the second time it is quiet again.
    return next(end for end in ends if end > moment and not wishes.is_quiet(end))


def _next_day(wishes: Wishes, now: datetime) -> datetime:
    return _at(wishes, wishes.local(now).date() + timedelta(days=1), time())


def _at(wishes: Wishes, day: date, clock: time, *, fold: int = 0) -> datetime:
    """Return the instant, in UTC, at which the clock of the person shows this."""
    local = datetime.combine(day, clock, tzinfo=ZoneInfo(wishes.zone)).replace(fold=fold)
    return local.astimezone(ZoneInfo("UTC"))
