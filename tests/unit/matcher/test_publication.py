"""From a round to what the world reads."""

from matcher.round.publication import SOURCE, events_of
from schemas.envelope import Event
from schemas.topics import ASSIGNMENTS
from tests.builders import LAMP, NOON, SHARD, at, demand_gone, line, offered, posted, resource_gone
from tests.town import Town, over_the_wire


def words(events: list[Event]) -> list[tuple[str, str | None]]:
    """Return (kind, reason) of each event."""
    return [
        (event.type.removeprefix("cn.cobuild.assignment.").removesuffix(".v1"), getattr(event.data, "reason", None))
        for event in events
    ]


def test_a_round_without_decisions_publishes_nothing() -> None:
    assert events_of(Town(offered()).round()) == []


def test_a_proposal_is_published_whole() -> None:
    decided = Town(offered(), posted()).round()
    (published,) = events_of(decided)
    assert words([published]) == [("proposed", None)]
    assert published.data.assignment == decided.proposals[0]
    assert (published.key, published.source, published.time) == (SHARD, SOURCE, NOON)
    assert (published.data.shard, published.data.round_no, published.data.at) == (SHARD, 1, NOON)
    assert published.topic == ASSIGNMENTS


def test_who_accepts_beforehand_is_proposed_and_confirmed_at_once() -> None:
    decided = Town(offered(auto_accept=True), posted()).round()
    assert words(events_of(decided)) == [("proposed", None), ("confirmed", "auto_accepted")]


def test_endings_come_before_beginnings() -> None:
    town = Town(offered("r1"), posted("d1"))
    town.round()
    town.tell(offered("r2"), resource_gone("r1"))
    assert words(events_of(town.round())) == [("revoked", "resource_gone"), ("proposed", None)]


def test_every_ending_has_its_event_and_reason() -> None:
    town = Town(*(offered(f"r{n}") for n in range(5)), posted("d1", line(quantity=5)), posted("d6", line(LAMP)))
    town.tell(offered("r6", item=LAMP))
    first = {proposal.resource_id: proposal for proposal in town.round().proposals}
    for name, word in {"r0": "accepted", "r1": "declined", "r2": "done", "r3": "no_show"}.items():
        town.answer(first[name], word)
    town.tell(demand_gone("d6"))
    published = events_of(town.round(at(9)))
    told = {event.data.resource_id: word for event, word in zip(published, words(published), strict=True)}
    assert told == {
        "r0": ("confirmed", "accepted"),
        "r1": ("revoked", "declined"),
        "r2": ("fulfilled", "done"),
        "r3": ("revoked", "no_show"),
        "r4": ("expired", "no_answer"),
        "r6": ("revoked", "demand_gone"),
    }
    assert {event.data.assignment_id for event in published} == {p.assignment_id for p in first.values()}


def test_ids_say_the_same_again_and_differ_from_all_others() -> None:
    town, ids = Town(offered("r1", capacity=3, auto_accept=True), posted("d1", line(quantity=3))), []
    for hour in range(4):
        decided = town.round(at(hour / 10))
        assert [e.id for e in events_of(decided)] == [e.id for e in events_of(decided)]
        ids += [event.id for event in events_of(decided)]
        for proposal in decided.proposals[:1]:
            town.answer(proposal, "done")
            town.tell(posted(f"d{hour + 2}"))
    assert len(ids) > 8
    assert len(ids) == len(set(ids))


def test_the_same_pair_again_is_another_assignment() -> None:
    town = Town(offered(), posted("d1"), posted("d2"))
    (first,) = town.round().proposals
    town.answer(first, "done")
    (second,) = town.round().proposals
    assert first.assignment_id != second.assignment_id
    assert first.resource_seat == second.resource_seat == 0


def test_published_events_survive_the_wire() -> None:
    town = Town(offered("r1", auto_accept=True), offered("r2"), posted("d1", line(quantity=2)))
    first = town.round()
    town.answer(next(p for p in first.proposals if not p.auto_accepted), "declined")
    town.tell(resource_gone("r1"))
    for decided in (first, town.round(at(1))):
        for event in events_of(decided):
            assert over_the_wire(event) == event
