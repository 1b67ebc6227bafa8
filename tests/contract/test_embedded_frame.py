"""The bytes of one record, and how a poll is shared out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import MAX_VALUE_BYTES
from streams.embedded.frame import OFFSET_BITS, OFFSET_MASK, decode, encode, identity_at, stamp
from streams.embedded.turns import shares
from streams.log import Draft, LogError, Record

names = st.sampled_from(["ce_id", "ce_source"]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
blobs = st.binary(max_size=40) | st.integers(250, 260).map(bytes)
drafts = st.builds(
    Draft, key=st.none() | blobs, value=st.none() | blobs, headers=st.lists(st.tuples(names, blobs), max_size=5)
)


@given(st.lists(st.tuples(drafts, st.integers(0, 2**63 - 1), st.integers(-(2**40), 2**62)), max_size=6))
def test_frames_in_a_row_come_apart_as_they_went_in(given_: list[tuple[Draft, int, int]]) -> None:
    buffer = b"".join(stamp(identity, time, encode(draft)) for draft, identity, time in given_)
    at = 0
    for draft, identity, time in given_:
        assert identity_at(buffer, at) == identity
        record, at = decode(buffer, at, "topic", 3)
        assert record == Record(
            topic="topic",
            partition=3,
            offset=identity & OFFSET_MASK,
            key=draft.key,
            value=draft.value,
            headers=tuple(draft.headers),
            timestamp_ms=time,
        )
    assert identity_at(buffer, at) == -1


def test_the_layout_of_a_frame_does_not_change() -> None:
    draft = Draft(key=b"310105", value=b"{}", headers=[("ce_id", b"7"), ("头", b"xy")])
    assert stamp((5 << OFFSET_BITS) + 9, 1_700_000_000_000, encode(draft)).hex(" ", -4) == LAYOUT


LAYOUT = "09000000 00050000 0068e5cf 8b010000 02000000 0d000000 01020006 01020200 0300e5a4 b4333130 31303537 78797b7d"
"""Files in the field hold it; see the table in ``streams/embedded/frame.py``."""


@given(st.lists(st.tuples(names, blobs), max_size=5))
def test_headers_read_like_any_sequence_of_pairs(pairs: list[tuple[str, bytes]]) -> None:
    headers = decode(stamp(0, 0, encode(Draft(key=None, value=None, headers=pairs))), 0, "topic", 0)[0].headers
    as_list: object = pairs
    as_tuple: object = tuple(pairs)
    longer: object = [*pairs, ("more", b"")]
    assert headers == as_list
    assert as_tuple == headers
    assert headers != longer
    assert dict(headers) == dict(pairs)
    assert len(headers) == len(pairs)
    assert [headers[place] for place in range(len(pairs))] == pairs
    assert list(headers[1:]) == pairs[1:]
    assert hash(headers) == hash(tuple(pairs))
    assert repr(headers) == repr(tuple(pairs))


@pytest.mark.parametrize("part", ["key", "value", "header"])
def test_a_record_may_be_as_large_as_the_bound_and_no_larger(part: str) -> None:
    def draft(size: int) -> Draft:
        blob = bytes(size)
        headers = [("h", blob)] if part == "header" else []
        return Draft(key=blob if part == "key" else None, value=blob if part == "value" else None, headers=headers)

    record, _ = decode(stamp(0, 0, encode(draft(MAX_VALUE_BYTES))), 0, "topic", 0)
    assert MAX_VALUE_BYTES in {len(record.key or b""), len(record.value or b""), *(len(v) for _, v in record.headers)}
    with pytest.raises(LogError, match="larger"):
        encode(draft(MAX_VALUE_BYTES + 1))


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=40), st.integers(1, 3000), st.integers(0, 10**6))
def test_a_poll_is_shared_out_fairly_and_wholly(available: list[int], most: int, turn: int) -> None:
    taken = shares(available, most=most, turn=turn)
    assert sum(taken) == min(most, sum(available))
    equal = most // len(available)
    for count, had in zip(taken, available, strict=True):
        assert min(had, equal) <= count <= had


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(1, 5), st.integers(0, 1000))
def test_everyone_has_a_turn_within_as_many_polls_as_there_are_partitions(
    available: list[int], most: int, turn: int
) -> None:
    served = set()
    for step in range(len(available)):
        taken = shares(available, most=most, turn=turn + step)
        served |= {place for place, count in enumerate(taken) if count}
    assert served == set(range(len(available)))
