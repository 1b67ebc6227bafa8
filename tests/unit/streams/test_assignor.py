"""Partitions are shared out evenly and whole, and as few as can be move."""

from hypothesis import given
from hypothesis import strategies as some

from streams.worker.assignor import share_out

NAMES = [f"w-{number}" for number in range(6)]


@given(
    partitions=some.integers(0, 30),
    had=some.dictionaries(some.sampled_from(NAMES), some.sets(some.integers(0, 35)), min_size=1),
)
def test_every_partition_goes_to_one_and_nobody_has_two_more_than_another(
    partitions: int, had: dict[str, set[int]]
) -> None:
    shares = share_out(partitions, had)
    assert sorted(number for share in shares.values() for number in share) == list(range(partitions))
    sizes = [len(share) for share in shares.values()]
    assert max(sizes) - min(sizes) <= 1
    assert shares.keys() == had.keys()


@given(partitions=some.integers(1, 30), members=some.integers(1, 6))
def test_who_had_an_even_share_keeps_it(partitions: int, members: int) -> None:
    had = share_out(partitions, {name: set() for name in NAMES[:members]})
    assert share_out(partitions, had) == had


@given(partitions=some.integers(1, 30), members=some.integers(1, 5))
def test_a_newcomer_gets_its_share_and_no_other_partition_moves(partitions: int, members: int) -> None:
    had = share_out(partitions, {name: set() for name in NAMES[:members]})
    after = share_out(partitions, {**had, "w-9": set()})
    moved = {number for name, share in had.items() for number in share - after[name]}
    assert moved == after["w-9"]


@given(partitions=some.integers(1, 30), members=some.integers(2, 6))
def test_when_one_leaves_only_its_partitions_move(partitions: int, members: int) -> None:
    had = share_out(partitions, {name: set() for name in NAMES[:members]})
    gone = had.pop(NAMES[0])
    after = share_out(partitions, had)
    assert all(had[name] <= after[name] for name in had)
    assert {number for name in had for number in after[name] - had[name]} == gone


def test_what_two_say_they_had_goes_to_one() -> None:
    shares = share_out(4, {"w-1": {0, 1, 2, 3}, "w-2": {0, 1, 2, 3}})
    assert {len(share) for share in shares.values()} == {2}


def test_nobody_is_given_nothing() -> None:
    assert share_out(4, {}) == {}
