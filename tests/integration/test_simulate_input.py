"""What the simulation of Boston is made of: valid demands, and virtual time true to the clock on the wall."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from deploy.simulate.calendar import closes, hours, midnight, working_days
from deploy.simulate.cast import CITY, demand_id_of, offers, posting
from deploy.simulate.source import LOCAL, read_cells, read_requests, utc_of
from schemas.catalogue import builtin
from schemas.envelope import decode, encode
from schemas.regions import Regions

STAYS = datetime(2016, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def requests():
    return read_requests()


def test_all_121145_requests_are_valid_demands_with_ids_of_their_own(requests):
    catalogue = builtin("boston")
    ids, event_ids = set(), set()
    for request in requests:
        event = posting(request, catalogue=catalogue, stays_until=STAYS)
        key, headers, value = encode(event)
        read = decode(topic="cobuild.demands.v1", key=key, headers=headers, value=value)
        assert read == event
        assert key == b"990101"
        ids.add(read.data.demand.demand_id)
        event_ids.add(read.id)
    assert len(requests) == len(ids) == len(event_ids) == 121_145


def test_requests_come_in_the_order_in_which_they_were_opened(requests):
    opened = [request.opened_at for request in requests]
    assert opened == sorted(opened)
    assert opened[0] == datetime(2015, 1, 1, 5, 20, 9, tzinfo=UTC)
    assert midnight(date(2015, 12, 31)) < opened[-1] < midnight(date(2016, 1, 1))


def test_a_demand_carries_the_due_time_as_deadline_and_stays_open_without_one(requests):
    catalogue = builtin("boston")
    for request in requests[:2000]:
        demand = posting(request, catalogue=catalogue, stays_until=STAYS).data.demand
        assert demand.posted_at == request.opened_at
        assert demand.lapses_at == (min(request.due_at, STAYS) if request.due_at else STAYS)


def test_communities_and_items_are_known(requests):
    regions, catalogue = Regions.builtin("boston"), builtin("boston")
    assert all(regions.known(community) for community in {request.community for request in requests})
    assert {request.item for request in requests} <= catalogue.items.keys()


def test_until_cuts_at_local_midnight(requests):
    first_days = read_requests(until=date(2015, 1, 15))
    assert first_days == [request for request in requests if request.opened_at < datetime(2015, 1, 15, 5, tzinfo=UTC)]
    assert 0 < len(first_days) < 6_000


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2015-01-01T00:20:09", "2015-01-01T05:20:09"),
        ("2015-03-08T01:59:59", "2015-03-08T06:59:59"),
        ("2015-03-08T03:00:00", "2015-03-08T07:00:00"),
        ("2015-07-01T12:00:00", "2015-07-01T16:00:00"),
        ("2015-11-01T00:59:59", "2015-11-01T04:59:59"),
        ("2015-11-01T01:30:00", "2015-11-01T05:30:00"),
        ("2015-11-01T02:00:00", "2015-11-01T07:00:00"),
    ],
)
def test_wall_clock_times_are_read_with_daylight_saving(local, utc):
    assert utc_of(local) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_no_time_is_no_instant():
    assert utc_of("") is None


def test_a_row_without_an_opening_time_is_named(tmp_path):
    path = tmp_path / "requests.tsv"
    path.write_text(
        "request_id\topened_at\tdue_at\tclosed_at\titem_id\tdepartment\tcommunity_code\tchannel\n"
        "77\t\t\t\ta.b\tD\t990101010003\ttwitter\n"
    )
    with pytest.raises(ValueError, match="request 77"):
        read_requests(path=path)


def test_every_department_item_and_neighbourhood_offers_its_median_day():
    cells, catalogue = read_cells(), builtin("boston")
    resources = [event.data.resource for event in offers(cells, catalogue=catalogue, at=midnight(date(2015, 1, 1)))]
    assert len({resource.resource_id for resource in resources}) == len(cells) == 806
    assert len({resource.provider for resource in resources}) == 11
    assert sum(resource.capacity for resource in resources) == 1_126
    assert all(resource.auto_accept and resource.renewable for resource in resources)
    assert all(resource.scope == (resource.home[:9],) for resource in resources)
    potholes = next(cell for cell in cells if cell.most_in_a_day == max(one.most_in_a_day for one in cells))
    assert next(r for r in resources if r.resource_id.endswith(f"{potholes.number:04d}")).item == potholes.item


def test_the_year_has_8760_hours_and_the_working_days_of_its_log(requests):
    start, end = midnight(date(2015, 1, 1)), midnight(date(2016, 1, 1))
    assert sum(1 for _ in hours(start=start, end=end)) == 8_760
    days = working_days(requests, year=2015)
    assert len(days) == 250
    assert date(2015, 12, 25) not in days  # Christmas
    assert date(2015, 4, 20) not in days  # Patriots' Day, a holiday of this state
    assert date(2015, 4, 21) in days
    assert not any(day.weekday() >= 5 for day in days)


def test_working_days_end_at_five_by_the_clock_on_the_wall(requests):
    ends = closes(working_days(requests, year=2015))
    assert ends == sorted(ends)
    assert {moment.astimezone(LOCAL).hour for moment in ends} == {17}
    assert Counter(moment.hour for moment in ends).keys() == {21, 22}
    assert max(b - a for a, b in pairwise(ends)) <= timedelta(days=5)


def test_without_closings_every_weekday_is_a_working_day():
    assert len(working_days([], year=2015)) == 261


def test_demand_ids_name_the_request(requests):
    assert demand_id_of(requests[0]) == "boston-101001240734"


def test_where_crews_cross_the_neighbourhoods_every_offer_reaches_the_whole_city():
    found = offers(read_cells()[:5], catalogue=builtin("boston"), at=midnight(date(2015, 1, 1)), reach=CITY)
    assert {event.data.resource.scope for event in found} == {("990101",)}
    assert all(event.data.resource.home.startswith("990101") for event in found)
