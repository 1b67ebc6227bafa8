"""The rules of the plan, each alone."""

from datetime import UTC, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from api.notices.plan import Digest, Drop, Fold, Hold, Pending, Send, next_digest, plan
from api.notices.wishes import QuietHours, Wishes

NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)  # of a Saturday in Shanghai
NIGHT = datetime(2026, 11, 21, 15, tzinfo=UTC)  # 23:00
DAILY, OFF = Wishes(), Wishes(digest="off")


def made(name: str, at: datetime = NOON, **more: object) -> Pending:
    return Pending(notice_id=name, made_at=at, **more)  # type: ignore[arg-type]


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def test_the_default_tells_two_a_day_at_once_and_the_rest_in_the_evening() -> None:
    found = plan(wishes=DAILY, pending=[made(name) for name in "abcd"], sent=[], now=NOON)
    evening = Fold(shanghai(21, 18))
    assert found == {"a": Send(), "b": Send(), "c": evening, "d": evening}
    folded = [made(name, folded_until=shanghai(21, 18)) for name in "cd"]
    at_six = plan(wishes=DAILY, pending=folded, sent=[NOON, NOON], now=shanghai(21, 18))
    assert at_six == {"c": Digest(), "d": Digest()}


def test_after_the_digest_what_is_left_of_the_budget_is_for_single_ones() -> None:
    assert plan(wishes=DAILY, pending=[made("a")], sent=[NOON, NOON], now=shanghai(21, 18, 1)) == {"a": Send()}


def test_without_a_digest_the_rest_waits_for_the_morning() -> None:
    found = plan(wishes=OFF, pending=[made("a")], sent=[NOON] * 3, now=NOON)
    assert found == {"a": Hold(shanghai(22, 8), "budget")}


def test_yesterday_does_not_count() -> None:
    assert plan(wishes=OFF, pending=[made("a")], sent=[shanghai(20, 23, 59)] * 3, now=NOON) == {"a": Send()}


def test_what_would_be_too_late_in_the_digest_waits_for_the_morning_instead() -> None:
    weekly = Wishes(digest="weekly", budget=1)
    urgent_soon = made("soon", expires_at=shanghai(22, 20))
    found = plan(wishes=weekly, pending=[made("a"), urgent_soon], sent=[NOON], now=NOON)
    assert found == {"a": Fold(shanghai(23, 18)), "soon": Hold(shanghai(22, 8), "budget")}


def test_at_night_only_the_urgent_is_told_and_even_it_not_beyond_the_budget() -> None:
    pending = [made("a", NIGHT), made("fire", NIGHT, urgent=True)]
    assert plan(wishes=DAILY, pending=pending, sent=[], now=NIGHT) == {
        "a": Hold(shanghai(22, 8), "quiet_hours"),
        "fire": Send(),
    }
    spent = plan(wishes=DAILY, pending=pending, sent=[NOON] * 3, now=NIGHT)
    assert spent["fire"] == Hold(shanghai(22, 0), "budget")


def test_urgent_ones_go_first() -> None:
    found = plan(wishes=OFF, pending=[made("a"), made("fire", urgent=True)], sent=[NOON] * 2, now=NOON)
    assert found == {"fire": Send(), "a": Hold(shanghai(22, 8), "budget")}


def test_a_digest_waits_while_it_is_quiet_or_the_budget_is_spent() -> None:
    folded = [made("a", folded_until=NOON)]
    assert plan(wishes=DAILY, pending=folded, sent=[NOON] * 3, now=NOON) == {"a": Fold(shanghai(22, 8))}
    assert plan(wishes=DAILY, pending=folded, sent=[], now=NIGHT) == {"a": Fold(shanghai(22, 8))}


@pytest.mark.parametrize("reason", ["said_no", "answered", "over"])
def test_what_was_overtaken_is_dropped_even_from_a_digest(reason: str) -> None:
    pending = [made("a", overtaken=reason, folded_until=NOON), made("b", overtaken=reason, urgent=True)]
    assert set(plan(wishes=DAILY, pending=pending, sent=[], now=NOON).values()) == {Drop(reason)}  # type: ignore[arg-type]


def test_a_digest_whose_hour_is_quiet_comes_when_the_night_ends() -> None:
    late = Wishes(digest_at=time(23))
    assert next_digest(late, NOON) == shanghai(22, 8)
    assert next_digest(Wishes(digest="weekly"), NOON) == shanghai(23, 18)
    assert next_digest(OFF, NOON) is None


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    """In New York the clocks go back at 2:00 on 1 November 2026: 1:00 to 2:00 comes again."""
    wishes = Wishes(zone="America/New_York", quiet_hours=QuietHours(start=time(22), end=time(1, 30)), digest="off")
    second_ten_past_one = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
    assert wishes.local(second_ten_past_one).strftime("%H:%M") == "01:10"
    found = plan(wishes=wishes, pending=[made("a", second_ten_past_one)], sent=[], now=second_ten_past_one)
    assert found == {"a": Hold(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "quiet_hours")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars/Olympus"},
        {"budget": 0},
        {"budget": 21},
        {"quiet_hours": {"start": "22:00", "end": "22:00"}},
        {"digest_at": "18:00:30"},
        {"channel": "webhook"},
        {"webhook_id": "wh-1"},
    ],
)
def test_wishes_that_cannot_be_kept_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Wishes.model_validate(wrong)
