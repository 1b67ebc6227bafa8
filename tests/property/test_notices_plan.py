"""Notices as they are planned, through days of any zone: the budget holds, nights are quiet, nothing is lost."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from api.notices.plan import MOST_HELD, Digest, Drop, Fold, Hold, Overtaken, Pending, Send, plan
from api.notices.wishes import QuietHours, Wishes

ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "Africa/Cairo")
CLOCKS = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
# Weeks in which clocks of one zone or another go on or back.
BEGINNINGS = st.sampled_from(
    [datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)]
)
HOURS = st.integers(0, 24 * 6).map(lambda hours: timedelta(minutes=hours * 60 + hours % 7))


@st.composite
def quiet(draw: st.DrawFn) -> QuietHours | None:
    start, end = draw(CLOCKS), draw(CLOCKS)
    return None if start == end else QuietHours(start=start, end=end)


WISHES = st.builds(
    Wishes,
    zone=st.sampled_from(ZONES),
    quiet_hours=quiet(),
    digest=st.sampled_from(["off", "daily", "weekly"]),
    digest_at=CLOCKS,
    budget=st.integers(1, 4),
)


@dataclass(frozen=True)
class Item:
    """When a notice is made, and what is to become of it."""

    after: timedelta
    urgent: bool
    waits: timedelta | None
    lives: timedelta | None
    overtaken: tuple[timedelta, Overtaken] | None


ITEMS = st.lists(
    st.builds(
        Item,
        after=HOURS,
        urgent=st.sampled_from([False, False, False, True]),
        waits=st.none() | HOURS,
        lives=st.none() | HOURS,
        overtaken=st.none() | st.tuples(HOURS, st.sampled_from(["said_no", "answered", "over"])),
    ),
    max_size=25,
)


@dataclass
class Story:
    """What became of notices and when messages were sent."""

    wishes: Wishes
    sent: list[tuple[datetime, tuple[str, ...], bool]]
    dropped: dict[str, tuple[str, datetime]]


def lived(wishes: Wishes, items: list[Item], begin: datetime) -> Story:
    """Live through it: plan whenever something comes or its time has come, never twice at one instant."""
    waiting: dict[str, tuple[Pending, datetime]] = {}
    story = Story(wishes, [], {})
    coming = sorted(enumerate(items), key=lambda each: each[1].after)
    while coming or waiting:
        now = min([*(begin + item.after for _, item in coming[:1]), *(at for _, at in waiting.values())])
        while coming and begin + coming[0][1].after <= now:
            number, item = coming.pop(0)
            made = Pending(
                notice_id=f"n-{number}",
                made_at=now,
                urgent=item.urgent,
                not_before=None if item.waits is None else now + item.waits,
                expires_at=None if item.lives is None else now + item.lives,
            )
            waiting[made.notice_id] = (made, now)
        _decide(story, waiting, items, now)
        assert all(at > now for _, at in waiting.values()), "what waits, waits for a later moment"
        assert now - begin < timedelta(days=60), "it comes to an end"
    return story


def _decide(story: Story, waiting: dict[str, tuple[Pending, datetime]], items: list[Item], now: datetime) -> None:
    pending = [_as_of(notice, items[int(notice.notice_id[2:])], now) for notice, _ in waiting.values()]
    urgent = {notice.notice_id: notice.urgent for notice in pending}
    decided = plan(wishes=story.wishes, pending=pending, sent=[at for at, *_ in story.sent], now=now)
    assert set(decided) == set(waiting)
    together = tuple(name for name, decision in decided.items() if isinstance(decision, Digest))
    if together:
        story.sent.append((now, together, False))
    for name, decision in decided.items():
        notice, _ = waiting[name]
        match decision:
            case Send():
                story.sent.append((now, (name,), urgent[name]))
                del waiting[name]
            case Digest():
                del waiting[name]
            case Drop(reason):
                story.dropped[name] = (reason, now)
                del waiting[name]
            case Hold(until):
                waiting[name] = (notice, until)
            case Fold(until):
                waiting[name] = (replace(notice, folded_until=until), until)


def _as_of(notice: Pending, item: Item, now: datetime) -> Pending:
    if item.overtaken is not None and now >= notice.made_at + item.overtaken[0]:
        return replace(notice, overtaken=item.overtaken[1])
    return notice


@given(wishes=WISHES, items=ITEMS, begin=BEGINNINGS)
@settings(deadline=None)
def test_the_budget_holds_nights_are_quiet_and_nothing_is_lost(
    wishes: Wishes, items: list[Item], begin: datetime
) -> None:
    story = lived(wishes, items, begin)
    days = Counter(wishes.local(at).date() for at, *_ in story.sent)
    assert max(days.values(), default=0) <= wishes.budget
    for at, _, urgent in story.sent:
        assert urgent or not wishes.is_quiet(at)
    ends = [name for _, names, _ in story.sent for name in names] + list(story.dropped)
    assert sorted(ends) == sorted(f"n-{number}" for number in range(len(items)))
    for name, (reason, at) in story.dropped.items():
        item = items[int(name[2:])]
        made = begin + item.after
        if reason == "too_late":
            assert item.lives is not None
            assert at >= made + item.lives
        elif reason == "stale":
            assert at - made > MOST_HELD
        else:
            assert item.overtaken is not None
            assert at >= made + item.overtaken[0]


@given(wishes=WISHES, items=ITEMS, begin=BEGINNINGS)
@settings(deadline=None)
def test_nothing_is_told_before_its_time_or_after_it_was_overtaken(
    wishes: Wishes, items: list[Item], begin: datetime
) -> None:
    for at, names, _ in lived(wishes, items, begin).sent:
        for item in (items[int(name[2:])] for name in names):
            made = begin + item.after
            assert at >= made + (item.waits or timedelta())
            assert item.lives is None or at < made + item.lives
            assert item.overtaken is None or at < made + item.overtaken[0]


@given(wishes=WISHES, items=ITEMS, begin=BEGINNINGS)
@settings(deadline=None)
def test_whoever_wants_nothing_gets_nothing(wishes: Wishes, items: list[Item], begin: datetime) -> None:
    silent = wishes.model_copy(update={"channel": "none"})
    story = lived(silent, items, begin)
    assert story.sent == []
    assert {reason for reason, _ in story.dropped.values()} <= {"not_wanted"}
