"""The overview: numbers that add up, from the country down to the community."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from api.readmodel.queries.overview import overview, trend
from api.readmodel.queries.parties import count_member_classes
from api.readmodel.queries.suppression import shown_among
from api.readmodel.views import Overview
from schemas.enrolment import EnrolmentKind, MemberClass, MemberEnrolled
from tests.unit.readmodel.story import START, Story
from tests.unit.readmodel.world import model_of

ACCEPT, DECLINE, DONE, NO_SHOW = range(4)


def view(story: Story, *, region: str = "", now: datetime | None = None) -> Overview:
    with model_of(story).read() as connection:
        return overview(connection, now=now or story.now, region=region)


def busy() -> Story:
    """Two districts: in 310105 three seats asked and two filled, one of them done; in 310104 one seat asked."""
    story = Story()
    story.offer(0, item=0)
    story.offer(2, item=0)
    story.post(0, lines=[(0, 2), (2, 1)])
    story.post(1, lines=[(0, 1)])
    story.wait(2)
    story.decide(0)
    story.answer(0, kind=DONE)
    story.decide(0)
    return story


def test_the_numbers_of_a_region() -> None:
    counts = view(busy()).counts
    assert (counts.asked, counts.filled, counts.fulfilled, counts.open_seats) == (4, 2, 1, 2)
    assert (counts.open_demands, counts.resources, counts.live) == (2, 2, 1)
    assert counts.fill_rate == 0.5


def test_child_regions_and_categories_add_up_to_the_whole() -> None:
    story = busy()
    for region in ("", "31", "3101"):
        found = view(story, region=region)
        for name in ("open_demands", "open_seats", "asked", "filled", "fulfilled", "resources", "live", "units"):
            assert getattr(found.counts, name) == sum(getattr(row.counts, name) for row in found.regions)
    found = view(story, region="310105")
    assert [row.region for row in found.regions] == ["310105001", "310105003"]
    assert {row.category: row.counts.asked for row in found.categories} == {"culture": 2, "party_life": 1}
    assert found.counts.open_demands == 1


def test_a_region_where_nothing_is_has_zeros_and_no_rate() -> None:
    found = view(busy(), region="44")
    assert (found.counts.asked, found.counts.resources, found.counts.fill_rate) == (0, 0, None)
    assert found.regions == found.categories == ()
    assert found.median_wait_s is None


def test_a_community_has_no_regions_below() -> None:
    found = view(busy(), region="310105001001")
    assert found.counts.asked == 3
    assert found.regions == ()


def test_a_region_that_emptied_is_not_listed() -> None:
    story = Story()
    story.offer(0, item=0)
    with model_of(story).read() as connection:
        assert overview(connection, now=story.now).regions
    story.end_resource(0, suspend=False)
    assert view(story).regions == ()


def test_what_was_withdrawn_unfilled_was_not_asked_for() -> None:
    story = busy()
    story.change_demand(1, whistle=False)
    story.change_demand(0, whistle=False)
    counts = view(story).counts
    assert (counts.asked, counts.filled, counts.fulfilled, counts.open_seats, counts.open_demands) == (2, 2, 1, 0, 0)


def test_the_last_minute_and_the_last_day() -> None:
    story = busy()
    first = story.rounds[0].decided_at
    at_first = view(story, now=first)
    assert (at_first.rounds_last_minute, at_first.matches_last_minute) == (1, 2)
    assert at_first.median_wait_s == timedelta(hours=3).total_seconds()
    assert view(story, now=first + timedelta(seconds=60)).rounds_last_minute == 0
    assert view(story, now=first + timedelta(seconds=59), region="310104").rounds_last_minute == 0
    assert view(story, now=first + timedelta(seconds=59), region="310105003").rounds_last_minute == 1
    assert view(story, now=first + timedelta(days=1)).median_wait_s is None


def test_dead_letters_are_counted() -> None:
    story = Story()
    for number in (1, 2, 2):
        story.refuse(number)
    assert view(story).dead_letters == 2


def test_the_trend_has_every_step_and_every_match_in_its_own() -> None:
    story = busy()
    at = story.rounds[0].decided_at
    with model_of(story).read() as connection:
        points = trend(connection, now=at + timedelta(minutes=2, seconds=30), points=5)
        assert [point.matches for point in points] == [0, 0, 2, 0, 0]
        assert points[2].at == at
        assert _matches(connection, now=at + timedelta(hours=1), step=timedelta(hours=1)) == 2
        assert _matches(connection, now=at - timedelta(seconds=1), step=timedelta(minutes=1)) == 0
        assert sum(point.matches for point in trend(connection, now=at, region="310104")) == 0


def _matches(connection: Connection, *, now: datetime, step: timedelta) -> int:
    return sum(point.matches for point in trend(connection, now=now, step=step))


def members(*counts: tuple[str, int]) -> Story:
    story = Story()
    for community, count in counts:
        for number in range(count):
            story.say(
                MemberEnrolled(
                    member_ref=f"{community}-{number}",
                    member_class=MemberClass.RETIRED if number else MemberClass.MOBILE,
                    kind=EnrolmentKind.RESIDENCE,
                    community=community,
                    enrolled_at=START,
                ),
                shard=community[:6],
            )
    return story


def test_fewer_than_five_members_are_never_shown() -> None:
    found = view(members(("310105001001", 5), ("310105001002", 4), ("310105001003", 1)), region="310105001")
    assert found.counts.members == 10
    assert [row.counts.members for row in found.regions] == [5, None, None]
    assert view(members(("310105001001", 4))).counts.members is None
    assert view(members(), region="31").counts.members is None


def test_a_single_hidden_count_cannot_be_worked_out() -> None:
    found = view(members(("310105001001", 9), ("310105001002", 6), ("310105001003", 1)), region="310105001")
    assert [row.counts.members for row in found.regions] == [9, None, None]
    assert shown_among([3]) == [None]
    assert shown_among([0, 8, 7]) == [None, 8, 7]


def test_member_classes_hide_small_cells() -> None:
    with model_of(members(("310105001001", 9))).read() as connection:
        found = count_member_classes(connection, region="310105")
        assert count_member_classes(connection, region="44") == ()
    assert {row.member_class: row.members for row in found} == {"mobile": None, "retired": None}
