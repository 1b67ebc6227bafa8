"""When a round is due: the numbered rules of ``streams.pace``, one by one."""

import pytest

from streams.pace import NEVER_MS, Agenda, Due, Pace

SECOND = 1000


@pytest.fixture
def agenda() -> Agenda:
    agenda = Agenda()
    for shard in ("a", "b", "c"):
        agenda.adopt(shard, Pace())
    return agenda


def due(agenda: Agenda, now_ms: int) -> list[Due]:
    return agenda.due(now_ms=now_ms, interval_ms=SECOND)


def news(agenda: Agenda, shard: str, offset: int = 0, *, whistle: bool = False) -> None:
    agenda.note(shard, topic="demands", offset=offset, whistle=whistle)


def count(agenda: Agenda, shard: str, *, read_up_to: int, at_ms: int) -> None:
    """A round of the shard that had read the demands up to an offset is read back as the next record."""
    agenda.counted(shard, inputs={"demands": read_up_to}, round_at_ms=at_ms)
    agenda.passed(shard, offset=at_ms)


def test_a_quiet_shard_is_not_due(agenda: Agenda) -> None:
    assert due(agenda, 10**12) == []
    assert agenda.next_due_ms(now_ms=0, interval_ms=SECOND) == NEVER_MS


def test_the_first_change_after_quiet_is_due_at_once(agenda: Agenda) -> None:
    news(agenda, "a")
    assert due(agenda, 5 * SECOND) == [Due("a", "interval")]


def test_the_next_change_waits_until_the_interval_is_over(agenda: Agenda) -> None:
    news(agenda, "a")
    agenda.begun("a", now_ms=5000)
    count(agenda, "a", read_up_to=1, at_ms=5000)
    agenda.appended("a", offset=5000, read_up_to=5001)
    news(agenda, "a", 1)
    assert due(agenda, 5999) == []
    assert agenda.next_due_ms(now_ms=5999, interval_ms=SECOND) == 6000
    assert due(agenda, 6000) == [Due("a", "interval")]


def test_a_round_that_saw_everything_makes_the_shard_clean(agenda: Agenda) -> None:
    news(agenda, "a", 7)
    count(agenda, "a", read_up_to=8, at_ms=1)
    assert due(agenda, 10 * SECOND) == []


def test_a_change_that_came_while_the_round_was_in_flight_keeps_it_dirty(agenda: Agenda) -> None:
    news(agenda, "a", 7)
    agenda.begun("a", now_ms=0)
    news(agenda, "a", 8)
    count(agenda, "a", read_up_to=8, at_ms=1)
    agenda.appended("a", offset=1, read_up_to=2)
    assert due(agenda, 10 * SECOND) == [Due("a", "interval")]


def test_a_whistle_does_not_wait_for_the_interval(agenda: Agenda) -> None:
    count(agenda, "a", read_up_to=0, at_ms=5000)
    news(agenda, "a", 1, whistle=True)
    assert due(agenda, 5001) == [Due("a", "whistle")]


def test_a_whistle_is_heard_once(agenda: Agenda) -> None:
    news(agenda, "a", 1, whistle=True)
    count(agenda, "a", read_up_to=2, at_ms=5000)
    news(agenda, "a", 2)
    assert due(agenda, 5001) == []


def test_whistles_go_first_then_who_waits_longest(agenda: Agenda) -> None:
    count(agenda, "a", read_up_to=0, at_ms=3000)
    count(agenda, "b", read_up_to=0, at_ms=1000)
    for shard in ("a", "b"):
        news(agenda, shard, 1)
    news(agenda, "c", 1, whistle=True)
    assert due(agenda, 9000) == [Due("c", "whistle"), Due("b", "interval"), Due("a", "interval")]


def test_nothing_is_due_while_a_round_is_in_flight(agenda: Agenda) -> None:
    news(agenda, "a", 1, whistle=True)
    agenda.set_alarm("a", 10)
    agenda.begun("a", now_ms=5000)
    assert due(agenda, 10**9) == []
    assert agenda.next_due_ms(now_ms=0, interval_ms=SECOND) == NEVER_MS
    assert agenda.in_flight == 1


@pytest.mark.parametrize("append_returns_first", [True, False])
def test_a_round_is_in_flight_until_its_record_is_read(agenda: Agenda, append_returns_first: bool) -> None:
    agenda.begun("a", now_ms=0)
    if append_returns_first:
        agenda.appended("a", offset=4, read_up_to=4)
        assert agenda.in_flight == 1
        agenda.passed("a", offset=3)
        assert agenda.in_flight == 1, "that was another worker's record"
        agenda.passed("a", offset=4)
    else:
        agenda.passed("a", offset=4)
        assert agenda.in_flight == 1
        agenda.appended("a", offset=4, read_up_to=5)
    assert agenda.in_flight == 0


def test_an_alarm_rings_when_its_time_has_come(agenda: Agenda) -> None:
    agenda.set_alarm("a", 7000)
    assert agenda.next_due_ms(now_ms=0, interval_ms=SECOND) == 7000
    assert due(agenda, 6999) == []
    assert due(agenda, 7000) == due(agenda, 8000) == [Due("a", "alarm")]


def test_an_alarm_set_anew_does_not_ring_at_its_old_time(agenda: Agenda) -> None:
    agenda.set_alarm("a", 7000)
    agenda.set_alarm("a", 9000)
    assert due(agenda, 8000) == []
    assert due(agenda, 9000) == [Due("a", "alarm")]


def test_what_the_last_round_left_over_does_not_ring_again(agenda: Agenda) -> None:
    count(agenda, "a", read_up_to=0, at_ms=7000)
    agenda.set_alarm("a", 7000)
    assert due(agenda, 10**9) == []


def test_alarms_are_asked_for_again_after_each_round_and_only_once(agenda: Agenda) -> None:
    agenda.begun("a", now_ms=0)
    agenda.counted("a", inputs={}, round_at_ms=1)
    assert agenda.stale() == [], "while it is in flight, more may come"
    agenda.appended("a", offset=0, read_up_to=1)
    assert agenda.stale() == ["a"]
    assert agenda.stale() == []


def test_a_clock_that_was_set_back_holds_nobody_up(agenda: Agenda) -> None:
    count(agenda, "a", read_up_to=0, at_ms=10**9)
    news(agenda, "a", 1)
    assert due(agenda, 5000) == [Due("a", "interval")]


def test_a_shard_taken_over_keeps_its_pace(agenda: Agenda) -> None:
    news(agenda, "a", 3, whistle=True)
    agenda.set_alarm("a", 99_000)
    heir = Agenda()
    heir.adopt("a", agenda.paces["a"].copy())
    assert due(heir, 0) == [Due("a", "whistle")]
    agenda.drop("a")
    assert due(agenda, 10**9) == []
    count(heir, "a", read_up_to=4, at_ms=1)
    assert due(heir, 99_000) == [Due("a", "alarm")]
