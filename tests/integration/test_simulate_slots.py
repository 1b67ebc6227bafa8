"""The city's own closings as capacity: the same work at the same time, and what that says of waiting."""

from collections import Counter
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from deploy.settings import BUILT_IN_POLICIES, CobuildSettings
from deploy.simulate.boston import course_of, simulate
from deploy.simulate.calendar import HOUR, midnight
from deploy.simulate.cast import posting, resource_id_of
from deploy.simulate.report import print_report
from deploy.simulate.slots import SOON, changes, city_cells, closes_of, slots_of
from deploy.simulate.source import Request, read_requests
from deploy.simulate.stage import open_stage
from schemas.catalogue import builtin
from schemas.resources import ResourceOffered, ResourceRevised, ResourceSuspended

START, END = midnight(date(2015, 1, 1)), midnight(date(2015, 1, 5))
CATALOGUE = builtin("boston")


def request(number: int, *, opened: float, closed: float | None, street: str = "990101009") -> Request:
    """Return a request by hours after the beginning."""
    return Request(
        request_id=f"{number}",
        opened_at=START + timedelta(hours=opened),
        due_at=START + timedelta(hours=opened + 1),
        closed_at=None if closed is None else START + timedelta(hours=closed),
        item=next(iter(CATALOGUE.items)),
        department="Works",
        community=f"{street}001",
        channel="twitter",
    )


def seats(*requests: Request) -> dict[datetime, int]:
    cells = city_cells(requests)
    slots = slots_of(cells, requests, start=START, end=END)
    return dict(sum((Counter(hours) for hours in slots.values()), Counter()))


def test_a_close_is_a_seat_at_the_end_of_its_hour() -> None:
    found = seats(*[request(number, opened=0, closed=closed) for number, closed in enumerate((0.1, 0.9, 1, 5.5, None))])
    assert found == {START + HOUR: 2, START + 2 * HOUR: 1, START + 6 * HOUR: 1}


def test_what_was_closed_outside_the_time_is_no_seat() -> None:
    assert seats(request(1, opened=0, closed=1000)) == {}
    assert seats(request(1, opened=0, closed=None)) == {}


def test_every_department_item_and_neighbourhood_that_closed_anything_is_a_cell() -> None:
    closed = [request(number, opened=0, closed=hours) for number, hours in enumerate((1, 30, 2, None))]
    cells = city_cells([*closed, request(9, opened=0, closed=3, street="990101010")])
    assert [(cell.street, cell.closed_total, cell.active_days, cell.most_in_a_day) for cell in cells] == [
        ("990101009", 3, 2, 2),
        ("990101010", 1, 1, 1),
    ]


def test_between_its_hours_a_cell_rests_and_versions_count_on() -> None:
    requests = [request(number, opened=0, closed=closed) for number, closed in enumerate((0.5, 0.6, 1.5, 5.5))]
    cells = city_cells(requests)
    found = changes(cells, slots_of(cells, requests, start=START, end=END), catalogue=CATALOGUE)
    assert [event.time for event in found] == sorted(event.time for event in found)
    told = [(type(event.data), (event.time - START) // HOUR) for event in found]
    assert told == [
        (ResourceOffered, 0), (ResourceRevised, 1), (ResourceSuspended, 2), (ResourceRevised, 5), (ResourceSuspended, 6)
    ]  # fmt: skip
    versions = [getattr(event.data, "version", None) or event.data.resource.version for event in found]
    assert versions == [1, 2, 3, 4, 5]
    assert [event.data.resource.capacity for event in found if hasattr(event.data, "resource")] == [2, 1, 1]
    assert len({event.id for event in found}) == 5
    slots = slots_of(cells, requests, start=START, end=END)
    assert closes_of(slots, cells)[resource_id_of(cells[0])] == [START + number * HOUR + SOON for number in (1, 2, 6)]


def test_a_request_need_not_lapse() -> None:
    one = request(1, opened=0, closed=None)
    assert posting(one, catalogue=CATALOGUE, stays_until=END, lapses=False).data.demand.deadline is None
    assert posting(one, catalogue=CATALOGUE, stays_until=END).data.demand.deadline == one.due_at


def test_the_whole_log_has_a_seat_for_each_of_its_closings() -> None:
    requests, start, end = read_requests(), midnight(date(2015, 1, 1)), midnight(date(2016, 1, 1))
    cells = city_cells(requests)
    slots = slots_of(cells, requests, start=start, end=end)
    closed = sum(one.closed_at is not None and one.closed_at < end for one in requests)
    assert sum(each.total() for each in slots.values()) == closed
    assert sum(cell.closed_total for cell in cells) == sum(one.closed_at is not None for one in requests)


@pytest.mark.slow
async def test_the_same_work_is_done_and_all_together_wait_as_long(tmp_path) -> None:
    policy = BUILT_IN_POLICIES / "boston.toml"
    course = course_of(until=date(2015, 1, 8), speed="max", work_days="city", policy=policy)
    settings = CobuildSettings(data_dir=tmp_path, partitions=2, log_sync="normal")
    async with open_stage(settings, catalogue="boston", policy=policy) as stage:
        summary = await simulate(stage, course, console=Console(file=StringIO(), width=120))
    total = summary.total
    assert summary.certificates_hold
    assert total.expired == 0
    assert total.to_assignment.served == summary.capacity.seat_days_offered == total.city_to_close.served > 400
    assert total.all_ours == pytest.approx(total.all_city, abs=1.0)  # a round comes at the end of the hour
    out = StringIO()
    print_report(summary, Console(file=out, width=100))
    assert "at the same capacity" in out.getvalue()


def test_the_citys_work_is_where_the_city_did_it() -> None:
    with pytest.raises(ValueError, match="--reach street"):
        course_of(until=None, speed="max", work_days="city", policy=BUILT_IN_POLICIES / "boston.toml", reach="city")
