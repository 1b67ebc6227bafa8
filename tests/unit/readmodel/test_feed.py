"""The match stream: everything once, resumable, filters included."""

from sqlalchemy import Connection

from api.readmodel.queries.feed import feed_after, feed_head, feed_tail, seq_of
from api.readmodel.views import FeedRow
from schemas.topics import ASSIGNMENTS
from tests.unit.readmodel.story import Story
from tests.unit.readmodel.world import fill, new_model


def follow(connection: Connection, *, limit: int, **filters: object) -> list[FeedRow]:
    """Read from the beginning until nothing more comes."""
    rows: list[FeedRow] = []
    seq = 0
    while True:
        page = feed_after(connection, seq=seq, limit=limit, **filters)  # type: ignore[arg-type]
        assert len(page.rows) <= limit
        if page.next_seq == seq:
            return rows
        rows += page.rows
        seq = page.next_seq


def test_a_reader_sees_everything_in_order_whatever_the_page(connection: Connection, story: Story) -> None:
    everything = follow(connection, limit=500)
    ids = {event.id for (topic, _), events in story.log.items() if topic == ASSIGNMENTS.name for event in events}
    assert {row.event_id for row in everything} == ids
    assert [row.seq for row in everything] == sorted({row.seq for row in everything})
    for limit in (1, 2, 7):
        assert follow(connection, limit=limit) == everything


def test_filters_leave_out_and_still_move_on(connection: Connection) -> None:
    everything = follow(connection, limit=500)
    for types in (["proposed"], ["confirmed", "fulfilled"], []):
        expected = [row for row in everything if row.type in types]
        assert follow(connection, limit=2, types=types) == expected
    for region in ("310105", "310104", "310105001", "44"):
        expected = [row for row in everything if row.community.startswith(region)]
        assert follow(connection, limit=2, region=region) == expected
    for category in {row.category for row in everything}:
        expected = [row for row in everything if row.category == category]
        assert follow(connection, limit=2, category=category) == expected


def test_what_the_filters_leave_out_is_not_read_again(connection: Connection) -> None:
    page = feed_after(connection, seq=0, region="44", limit=2)
    assert (page.rows, page.next_seq) == ((), feed_head(connection))


def test_the_tail_goes_on_without_a_gap() -> None:
    story, model = Story(), new_model()
    story.offer(0, item=0, capacity=3)
    for number in (0, 2, 4):
        story.post(number, lines=[(0, 1)])
        story.decide(0)
    fill(model, [story.located()])
    with model.read() as connection:
        tail = feed_tail(connection, limit=2)
        assert [row.demand_id for row in tail.rows] == ["d-2", "d-4"]
        assert tail.next_seq == feed_head(connection)
        assert feed_tail(connection, region="44", limit=2).rows == ()
    story.answer(0, kind=0)
    story.decide(0)
    fill(model, [story.located()])
    with model.read() as connection:
        (row,) = feed_after(connection, seq=tail.next_seq).rows
    assert (row.type, row.demand_id) == ("confirmed", "d-0")


def test_a_row_holds_what_the_stream_shows() -> None:
    story, model = Story(), new_model()
    story.offer(0, item=1, auto=True)
    story.post(0, lines=[(0, 1)])
    decided = story.decide(0)
    fill(model, [story.located()])
    (proposal,) = decided.proposals
    with model.read() as connection:
        proposed, confirmed = feed_tail(connection).rows
        assert seq_of(connection, event_id=proposed.event_id) == proposed.seq
        assert seq_of(connection, event_id="none") is None
    assert (proposed.type, confirmed.type, confirmed.reason) == ("proposed", "confirmed", "auto_accepted")
    for row in (proposed, confirmed):
        assert (row.at, row.shard, row.round_no) == (decided.decided_at, "310105", 1)
        assert (row.community, row.category) == ("310105001001", "culture")
        assert (row.demand_title, row.resource_title) == ("需求 0", "资源 0")
        for name in ("assignment_id", "item", "offered_item", "provider", "requester", "value", "margin", "starts_at"):
            assert getattr(row, name) == getattr(proposal, name)


def test_what_is_published_twice_appears_once() -> None:
    story, model = Story(), new_model()
    story.offer(0, item=0)
    story.post(0, lines=[(0, 1)])
    story.decide(0)
    story.answer(0, kind=0)
    story.decide(0)
    for decided in story.rounds:
        story.publish(decided)
    fill(model, [[located] for located in story.located()])
    with model.read() as connection:
        assert [row.type for row in follow(connection, limit=500)] == ["proposed", "confirmed"]


def test_titles_come_when_the_entries_do() -> None:
    story, model = Story(), new_model()
    story.offer(0, item=0)
    story.post(0, lines=[(0, 1)])
    story.decide(0)
    found = story.located()
    fill(model, [[located for located in found if located[0][0] == ASSIGNMENTS.name]])
    with model.read() as connection:
        (row,) = feed_tail(connection).rows
        assert (row.demand_title, row.demand_id, row.provider) == (None, "d-0", "member:m-0")
    fill(model, [[located for located in found if located[0][0] != ASSIGNMENTS.name]])
    with model.read() as connection:
        (row,) = feed_tail(connection).rows
        assert (row.demand_title, row.resource_title) == ("需求 0", "资源 0")
