"""The figures of a simulation: every request accounted for, both sides judged alike."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count

import pytest
from rich.console import Console

from deploy.simulate.outcome import Outcome
from deploy.simulate.report import print_report, write_json
from deploy.simulate.source import Request
from deploy.simulate.summary import (
    Capacity,
    Case,
    Summary,
    UnaccountedError,
    by_category,
    cases_of,
    check_accounts,
    group,
)

OPENED = datetime(2015, 3, 2, 14, 0, tzinfo=UTC)
END = OPENED + timedelta(days=30)
_numbers = count(1)


def after(hours: float | None) -> datetime | None:
    return None if hours is None else OPENED + timedelta(hours=hours)


def request(*, due: float | None = None, closed: float | None = None, item: str = "trees.fallen") -> Request:
    return Request(
        request_id=str(next(_numbers)),
        opened_at=OPENED,
        due_at=after(due),
        closed_at=after(closed),
        item=item,
        department="Parks",
        community="990101001001",
        channel="twitter",
    )


def case(
    state: str | None, *, assigned: float | None = None, done: float | None = None, offered: bool = True, **of: object
) -> Case:
    outcome = None if state is None else Outcome(state, after(assigned), after(done))
    return Case(request(**of), outcome, offered)


def test_every_state_is_counted_once_and_the_sum_is_all():
    cases = [
        case("fulfilled", assigned=1, done=7),
        case("matched", assigned=1),
        case("open"),
        case("lapsed", due=10),
        case(None),
    ]
    total = group("all", cases, end=END)
    assert (total.matched, total.done, total.open, total.expired, total.refused) == (2, 1, 1, 1, 1)
    check_accounts(cases, total, outcomes=4, refused=1)


@pytest.mark.parametrize(("outcomes", "refused"), [(4, 0), (4, 2), (5, 1), (3, 1)])
def test_a_request_that_is_lost_or_counted_twice_is_told(outcomes, refused):
    cases = [case("open") for _ in range(4)] + [case(None)]
    with pytest.raises(UnaccountedError, match="5 posted"):
        check_accounts(cases, group("all", cases, end=END), outcomes=outcomes, refused=refused)


def test_a_state_that_a_request_cannot_have_is_told():
    cases = [case("withdrawn")]
    with pytest.raises(UnaccountedError, match="0 accounted"):
        check_accounts(cases, group("all", cases, end=END), outcomes=1, refused=0)


def test_waits_are_medians_and_90th_percentiles_in_hours():
    total = group("all", [case("fulfilled", assigned=hours, done=2 * hours) for hours in range(1, 12)], end=END)
    assert (total.to_assignment.served, total.to_assignment.median_hours, total.to_assignment.p90_hours) == (11, 6, 10)
    assert total.to_done.median_hours == 12


def test_where_nobody_was_served_there_is_no_wait():
    waits = group("all", [case("open")], end=END).to_done
    assert (waits.served, waits.median_hours, waits.p90_hours) == (0, None, None)


def test_what_the_city_closed_after_the_end_counts_as_not_closed():
    total = group("all", [case("open", closed=24 * 40), case("open", closed=5)], end=END)
    assert (total.city_to_close.served, total.city_to_close.median_hours) == (1, 5)


def test_a_close_logged_before_the_opening_counts_as_no_wait():
    assert group("all", [case("open", closed=-0.5)], end=END).city_to_close.median_hours == 0


def test_means_are_of_the_closed_and_of_all_where_the_open_waited_to_the_end():
    cases = [case("fulfilled", done=4, closed=10), case("open", closed=24 * 40), case("lapsed", due=2)]
    total = group("all", cases, end=END)
    month = 24 * 30
    assert (total.to_done.mean_hours, total.city_to_close.mean_hours) == (4, 10)
    assert total.all_ours == pytest.approx((4 + 2 * month) / 3, abs=0.01)
    assert total.all_city == pytest.approx((10 + 2 * month) / 3, abs=0.01)
    nobody = group("all", [], end=END)
    assert (nobody.all_ours, nobody.all_city, nobody.to_done.mean_hours) == (None, None, None)


def test_waits_of_both_are_over_the_same_requests():
    total = group(
        "all", [case("fulfilled", done=2, closed=4), case("fulfilled", done=90), case("open", closed=9)], end=END
    )
    assert (total.both_ours.served, total.both_ours.median_hours) == (1, 2)
    assert (total.both_city.served, total.both_city.median_hours) == (1, 4)


def test_in_time_is_by_jobs_done_on_both_sides_among_those_that_fell_due():
    total = group(
        "all",
        [
            case("fulfilled", assigned=1, done=9, due=10, closed=11),  # ours in time, the city late
            case("fulfilled", assigned=9, done=12, due=10, closed=9),  # assigned in time, done late: late
            case("lapsed", due=10),  # neither
            case("open", due=24 * 31, closed=1),  # falls due after the end
            case("open", closed=1),  # no due time
        ],
        end=END,
    )
    assert (total.on_time.due, total.on_time.ours, total.on_time.city) == (3, 1, 1)


def test_lapsed_requests_that_the_city_closed_are_told():
    total = group("all", [case("lapsed", due=3, closed=30), case("lapsed", due=3), case("open", closed=1)], end=END)
    assert total.expired_but_closed_by_city == 1


def test_categories_come_largest_first():
    cases = [case("open", item="a.x"), case("open", item="b.x"), case("open", item="b.y")]
    groups = by_category(cases, end=END)
    assert list(groups) == ["b", "a"]
    assert groups["b"].posted == 2


def test_requests_meet_their_outcomes_and_know_whether_anybody_offers_the_item_there():
    known, unknown = request(item="trees.fallen"), request(item="trees.new")
    outcomes = {f"boston-{known.request_id}": Outcome("open", None, None)}
    cases = cases_of([known, unknown], outcomes, offered=frozenset({("trees.fallen", "990101001")}))
    assert [found.outcome for found in cases] == [Outcome("open", None, None), None]
    assert [found.offered for found in cases] == [True, False]


def test_the_report_says_what_became_of_all_and_that_lapsed_is_not_unserved_by_the_city(tmp_path):
    cases = [
        case("fulfilled", done=7, due=10, closed=20),
        case("lapsed", due=10, closed=30),
        case("open", offered=False),
    ]
    summary = Summary(
        start=OPENED,
        end=END,
        policy="boston",
        rounds=12,
        certificates_hold=True,
        capacity=Capacity(work_days="every", seat_days_offered=5000, closings_observed=1234),
        total=group("all", cases, end=END),
        categories=by_category(cases, end=END),
    )
    console = Console(file=StringIO(), width=200)
    print_report(summary, console)
    text = console.file.getvalue()
    assert "33.3%" in text
    assert "12 rounds, every certificate holds" in text
    assert "it did close 1 of these 1" in text
    assert "1,234" in text
    assert "at the same capacity" not in text
    write_json(summary, tmp_path / "report.json")
    assert Summary.model_validate_json((tmp_path / "report.json").read_text()) == summary
