"""What is too much for one round: it takes on some, the next follows at once, and nobody is left out for ever."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from matcher import decide as deciding
from matcher import endings
from matcher.fold import from_ms, to_ms
from matcher.pool import next_alarm_ms
from schemas.demands import Urgency
from schemas.policy import Pace, Policy
from schemas.rounds import RoundDecided
from tests.builders import NOON, at, offered, posted, window
from tests.town import Town

TIGHT = Policy(pace=Pace(most_seats=10))


def rounds_until_quiet(town: Town) -> Iterator[RoundDecided]:
    """Decide as the host does: again as soon as the alarm says so."""
    now = NOON
    for _ in range(50):
        decided = town.round(now)
        yield decided
        if not decided.size.left_out:
            return
        assert next_alarm_ms(town.state) == to_ms(now) + 1
        now = from_ms(next_alarm_ms(town.state))
    raise AssertionError("it never comes to rest")


def test_a_crowd_is_served_over_rounds_that_follow_at_once():
    town = Town(*[offered(f"r{n:02d}") for n in range(37)], *[posted(f"d{n:02d}") for n in range(37)], policy=TIGHT)
    rounds = list(rounds_until_quiet(town))
    assert [len(decided.proposals) for decided in rounds] == [10, 10, 10, 7]
    assert all(decided.certificate.holds for decided in rounds)
    assert len({proposal.demand_id for decided in rounds for proposal in decided.proposals}) == 37


def test_whistles_do_not_wait_their_turn():
    calls = [posted(f"z{n}", urgency=Urgency.WHISTLE) for n in range(3)]
    town = Town(
        *[offered(f"r{n:02d}") for n in range(40)], *[posted(f"d{n:02d}") for n in range(30)], *calls, policy=TIGHT
    )
    first = town.decide()
    assert {"z0", "z1", "z2"} <= {proposal.demand_id for proposal in first.proposals}


def test_one_large_line_is_taken_on_whole():
    town = Town(
        offered(capacity=50),
        posted("d1", *[posted().demand.lines[0].model_copy(update={"quantity": 25})]),
        policy=TIGHT,
    )
    assert len(town.decide().proposals) == 25


def test_a_line_left_out_is_told_that_the_next_round_takes_it_on():
    town = Town(*[offered(f"r{n:02d}") for n in range(30)], *[posted(f"d{n:02d}") for n in range(30)], policy=TIGHT)
    taken = {proposal.demand_id for proposal in town.decide().proposals}
    waiting = next(f"d{n:02d}" for n in range(30) if f"d{n:02d}" not in taken)
    assert town.why(waiting).lines[0].verdict == "next_round"


def test_more_endings_than_fit_are_said_by_the_next_round(monkeypatch: pytest.MonkeyPatch):
    town = Town(*[offered(f"r{n}") for n in range(7)], *[posted(f"d{n}", window=window(1, 90)) for n in range(7)])
    town.round()
    monkeypatch.setattr(endings, "MOST", 3)
    late = at(30)
    counts = []
    for _ in range(3):
        decided = town.round(late)
        counts.append((len(decided.transitions), decided.size.left_out))
        late += timedelta(milliseconds=1)
    assert [count for count, _ in counts] == [3, 3, 1]
    assert [left for _, left in counts] == [4, 1, 0]


def test_more_lapses_than_fit_are_said_by_the_next_round(monkeypatch: pytest.MonkeyPatch):
    town = Town(*[posted(f"d{n}") for n in range(5)])
    monkeypatch.setattr(deciding, "MOST_LAPSES", 2)
    lapsed, now = [], at(20)
    while len(lapsed) < 5:
        decided = town.round(now)
        assert 0 < len(decided.lapsed) <= 2
        lapsed += [lapse.demand_id for lapse in decided.lapsed]
        now += timedelta(milliseconds=1)
    assert sorted(lapsed) == [f"d{n}" for n in range(5)]
    assert not town.decide(now).lapsed
