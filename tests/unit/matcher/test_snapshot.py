"""A state as bytes and back."""

import json
from collections.abc import Callable

import pytest

from matcher.state import snapshot
from matcher.state.fold import Fold
from matcher.state.snapshot import SnapshotError
from schemas.catalogue import load_catalogue
from tests.builders import (
    HAIR,
    HERE,
    LAMP,
    SHARD,
    SMALL_CATALOGUE,
    at,
    changed,
    demand,
    demand_gone,
    line,
    offered,
    posted,
    resource,
    resource_gone,
    revised,
    window,
)
from tests.town import Town, pairs_of


def busy() -> Town:
    """Return a town with something of everything: live, done, used up, declined, expired, lapsed, withdrawn."""
    town = Town(
        offered("r1", capacity=3, renewable=False, windows=(window(0, 4), window(5, 9))),
        offered("r2", scope=(HERE[:9],), provider="team:one"),
        offered("r3", item=LAMP, provider="team:one"),
        offered("r4"),
        resource_gone("r4"),
        resource_gone("never-offered", version=4),
        posted("d1", line(HAIR, 4), line(LAMP)),
        posted("d2", deadline=at(0.5)),
        posted("d3"),
        demand_gone("d3"),
    )
    for proposal, word in zip(town.round().proposals, ("done", "declined", "accepted"), strict=False):
        town.answer(proposal, word)
    town.round(at(0.6))
    town.tell(revised(demand("d1", line(HAIR, 4), line(LAMP)), line(HAIR, 3), window=window(0, 30)))
    town.tell(changed(resource("r2", scope=(HERE[:9],), provider="team:one"), capacity=2))
    town.round(at(0.7))
    town.round(at(25))
    return town


def test_a_state_comes_back_the_same() -> None:
    town = busy()
    data = snapshot.dump(town.state)
    back = snapshot.load(data, SMALL_CATALOGUE)
    assert snapshot.dump(back) == data
    assert (back.shard, back.offsets, back.round_no) == (SHARD, town.state.offsets, town.state.round_no)
    assert back.round_at_ms == town.state.round_at_ms


def test_an_empty_state_comes_back_empty() -> None:
    back = snapshot.load(snapshot.dump(Town().state), SMALL_CATALOGUE)
    assert (back.offsets, back.round_no, len(back.resources.ids), len(back.demands.ids)) == ({}, 0, 0, 0)


def test_life_goes_on_as_if_nothing_had_happened() -> None:
    town = busy()
    other = town.restored()
    for each in (town, other):
        each.tell(offered("r9"), posted("d9", window=window(26, 40)))
        assert each.decide(at(26)).proposals
    assert town.round(at(26)) == other.round(at(26))
    assert snapshot.dump(town.state) == snapshot.dump(other.state)


def test_what_was_seen_before_the_snapshot_is_seen_after_it() -> None:
    town = busy().restored()
    assert town.tell(offered("r3", item=LAMP, provider="team:one")) is Fold.SEEN


def test_a_declined_pair_is_remembered() -> None:
    town = Town(offered(), posted())
    town.answer(town.round().proposals[0], "declined")
    town.round()
    assert town.restored().round(at(1)).proposals == ()


def rests_of(town: Town) -> int:
    """Return how many resting pairs a snapshot of the town holds."""
    return len(snapshot.load(snapshot.dump(town.state), SMALL_CATALOGUE).rounds.rests)


def test_a_pair_whose_side_is_gone_for_good_is_not_remembered() -> None:
    for gone in (resource_gone("r1"), demand_gone("d1")):
        town = Town(offered("r1"), posted("d1"))
        town.answer(town.round().proposals[0], "declined")
        town.round()
        assert rests_of(town) == 1
        town.tell(gone)
        assert rests_of(town) == 0


def test_a_pair_that_has_rested_is_not_remembered() -> None:
    town = Town(offered(windows=(window(0, 900),)), posted(window=window(0, 900)))
    due = town.round().proposals[0].answer_by
    assert due is not None
    over = town.round(due).transitions[0].barred_until
    assert over is not None
    assert rests_of(town) == 1
    restored = town.restored()
    assert town.round(over) == restored.round(over)
    assert rests_of(town) == rests_of(restored) == 0
    assert snapshot.dump(town.state) == snapshot.dump(restored.state)


def test_an_answer_that_no_round_has_seen_yet_is_remembered() -> None:
    town = Town(offered(), posted())
    town.answer(town.round().proposals[0], "declined")
    assert len(town.restored().round().transitions) == 1


def test_lines_that_a_revision_replaced_are_dropped() -> None:
    town, current = Town(posted()), demand()
    for _ in range(50):
        fact = revised(current, *[line()] * 20)
        town.tell(fact)
        current = fact.demand
    assert len(town.restored().state.demands.lines.rows) == 20
    assert len(snapshot.dump(town.state)) == len(snapshot.dump(town.restored().state))


def test_the_same_knowledge_is_the_same_bytes_whoever_was_named_first() -> None:
    one = Town(offered("r1", scope=("31",)), offered("r2", scope=("3101",)), posted("d1"))
    other = Town(posted("d1"), offered("r2", scope=("3101",)), offered("r1", scope=("31",)))
    assert snapshot.dump(one.state) == snapshot.dump(other.state)


def test_a_large_seat_number_survives() -> None:
    town = Town(offered(capacity=10_000, renewable=False), posted("d1", line(quantity=900)))
    for proposal in town.round().proposals[800:]:
        town.answer(proposal, "done")
    town.round()
    back = town.restored()
    assert snapshot.dump(back.state) == snapshot.dump(town.state)
    assert back.why_line().filled == 900


# -- what is refused ----------------------------------------------------------------------------------------------


def test_another_catalogue_is_refused() -> None:
    with pytest.raises(SnapshotError):
        snapshot.load(snapshot.dump(busy().state), load_catalogue())


@pytest.mark.parametrize("broken", [b"", b"\0" * 7, b"\0" * 8, b"\0" * 400, b"garbage" * 99, b"\xff" * 64])
def test_what_is_no_snapshot_is_refused(broken: bytes) -> None:
    with pytest.raises(SnapshotError):
        snapshot.load(broken, SMALL_CATALOGUE)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"x"', "{}", '{"format": 1}'])
def test_a_head_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(SnapshotError):
        snapshot.load(len(text).to_bytes(8, "big") + text.encode(), SMALL_CATALOGUE)


def test_a_snapshot_cut_off_anywhere_is_refused() -> None:
    data = snapshot.dump(busy().state)
    for size in [*range(0, len(data), 7), len(data) - 1]:
        with pytest.raises(SnapshotError):
            snapshot.load(data[:size], SMALL_CATALOGUE)


def test_a_snapshot_with_something_after_it_is_refused() -> None:
    with pytest.raises(SnapshotError):
        snapshot.load(snapshot.dump(busy().state) + b"\0", SMALL_CATALOGUE)


def with_head(data: bytes, change: Callable[[dict[str, object]], None]) -> bytes:
    """Return the snapshot with its head changed."""
    size = int.from_bytes(data[:8], "big")
    head = json.loads(data[8 : 8 + size])
    change(head)
    packed = json.dumps(head).encode()
    return len(packed).to_bytes(8, "big") + packed + data[8 + size :]


def test_another_format_is_refused() -> None:
    data = snapshot.dump(busy().state)
    with pytest.raises(SnapshotError):
        snapshot.load(with_head(data, lambda head: head.update(format=99)), SMALL_CATALOGUE)


@pytest.mark.parametrize("field", ["rows", "offsets", "resource_ids", "live_ids", "said", "scopes", "rests"])
def test_a_head_that_lacks_something_is_refused(field: str) -> None:
    data = with_head(snapshot.dump(busy().state), lambda head: head.pop(field))
    with pytest.raises(SnapshotError):
        snapshot.load(data, SMALL_CATALOGUE)


def test_a_restored_town_matches_like_the_first() -> None:
    town = Town(offered("r2"), offered("r1"), posted("d2"), posted("d1"))
    assert pairs_of(town.restored().round()) == pairs_of(town.round())
