"""Where a simulation may write, what time it spans, and its figures as the read model has them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.readmodel.model import ReadModel
from deploy.simulate.boston import WorkDays, capacity_of, span, summarise
from deploy.simulate.cast import offers, posting
from deploy.simulate.departments import every_day
from deploy.simulate.directory import DirectoryInUseError, prepare
from deploy.simulate.source import read_cells, read_requests
from deploy.simulate.summary import Capacity, UnaccountedError
from schemas.catalogue import builtin
from schemas.deadletters import RecordRefused
from schemas.envelope import new_event

START, END = span(date(2015, 1, 3))
CAPACITY = Capacity(work_days="every", seat_days_offered=1, closings_observed=1)


def test_an_empty_or_missing_directory_is_taken(tmp_path):
    prepare(tmp_path / "new" / "deep", fresh=False)
    assert (tmp_path / "new" / "deep").is_dir()


def test_an_earlier_run_is_kept_unless_fresh_is_said(tmp_path):
    (tmp_path / "log.sqlite3").write_text("x")
    (tmp_path / "log.sqlite3-wal").write_text("x")
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "1").write_text("x")
    with pytest.raises(DirectoryInUseError, match="--fresh"):
        prepare(tmp_path, fresh=False)
    assert (tmp_path / "log.sqlite3").exists()
    prepare(tmp_path, fresh=True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_is_never_removed(tmp_path):
    (tmp_path / "log.sqlite3").write_text("x")
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(DirectoryInUseError, match=r"thesis\.docx"):
        prepare(tmp_path, fresh=True)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("until", [date(2015, 1, 1), date(2014, 5, 1), date(2016, 1, 2)])
def test_days_outside_the_log_are_refused(until):
    with pytest.raises(ValueError, match="2015-01-02"):
        span(until)


def test_the_whole_year_and_a_part_of_it_are_spanned_by_local_days():
    assert span(None) == (datetime(2015, 1, 1, 5, tzinfo=UTC), datetime(2016, 1, 1, 5, tzinfo=UTC))
    assert span(date(2015, 7, 1))[1] == datetime(2015, 7, 1, 4, tzinfo=UTC)


def test_capacity_counts_the_seats_of_the_working_days_in_the_span():
    cells = read_cells()[:3]
    ends = every_day(cells, [START + timedelta(hours=17), END + timedelta(hours=17)])
    capacity = capacity_of(cells, ends, start=START, end=END, work_days=WorkDays.EVERY)
    assert capacity.seat_days_offered == sum(cell.per_active_day for cell in cells)
    assert capacity.closings_observed == sum(cell.closed_total for cell in cells)


class Lists:
    """A read model, filled event by event as the projector would."""

    def __init__(self, path):
        self.model = ReadModel(f"sqlite:///{path}", catalogue=builtin("boston"))
        self.offsets = {}

    def take(self, events):
        for event in events:
            topic = event.topic.name
            offset = self.offsets.get(topic, 0)
            self.offsets[topic] = offset + 1
            self.model.apply([((topic, 0, offset), event)], {(topic, 0): offset + 1})


@pytest.fixture
def lists(tmp_path):
    found = Lists(tmp_path / "readmodel.sqlite3")
    yield found
    found.model.close()


def summary_of(lists, requests):
    return summarise(
        lists.model.engine, requests, start=START, end=END, policy="boston", capacity=CAPACITY, offered=frozenset()
    )


def postings(requests):
    return [posting(one, catalogue=builtin("boston"), stays_until=datetime(2016, 2, 1, tzinfo=UTC)) for one in requests]


def refusal_of(request):
    data = RecordRefused(
        topic="cobuild.demands.v1", partition=0, offset=99, code="unknown_item", value_sha256="0" * 64, refused_at=END
    )
    return new_event(data, id="refused", source="/test", key="990101", time=request.opened_at)


def test_figures_come_from_the_lists(lists):
    requests = read_requests(until=date(2015, 1, 3))
    lists.take(offers(read_cells(), catalogue=builtin("boston"), at=START))
    lists.take(postings(requests))
    total = summary_of(lists, requests).total
    assert (total.posted, total.open, total.matched) == (len(requests), len(requests), 0)


def test_a_refused_request_is_counted_by_its_dead_letter(lists):
    requests = read_requests(until=date(2015, 1, 2))
    lists.take(postings(requests[1:]))
    with pytest.raises(UnaccountedError):
        summary_of(lists, requests)
    lists.take([refusal_of(requests[0])])
    total = summary_of(lists, requests).total
    assert (total.open, total.refused) == (len(requests) - 1, 1)


def test_a_demand_that_nobody_posted_spoils_the_accounts(lists):
    requests = read_requests(until=date(2015, 1, 2))
    lists.take(postings(requests))
    with pytest.raises(UnaccountedError, match="1 never posted"):
        summary_of(lists, requests[1:])
