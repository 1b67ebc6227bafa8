"""The shard host alone: what it makes of records, one by one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Fact
from schemas.demands import Urgency
from schemas.policy import Policy
from schemas.rounds import InputOffset, RoundDecided
from schemas.topics import DEMANDS, EVENT_NAME, PROJECTS, RESOURCES, RESPONSES, ROUNDS, TOPIC_OF_MODEL, TRANSFERS
from streams.host import TOPICS, Folded, ShardHost, ShardHostBrokenError, Sleeper
from streams.log import Draft, Record, TopicPartition
from streams.pace import Due, Pace
from streams.partitioner import partition_of
from tests.builders import NOON, SHARD, SMALL_CATALOGUE, at, offered, posted
from tests.loops import dumps, record_draft

PARTITIONS = 8
HOME = partition_of(SHARD.encode(), PARTITIONS)


class Desk:
    """A host with one log of records, each at the next offset of its partition."""

    def __init__(self) -> None:
        self.host = ShardHost(
            catalogue=SMALL_CATALOGUE, policy=Policy(), partition_of=lambda key: partition_of(key, PARTITIONS)
        )
        for partition in range(PARTITIONS):
            self.host.adopt(partition, positions={}, sleepers={})

    def put(self, topic: str, draft: Draft, *, partition: int = HOME) -> Folded:
        offset = self.host.positions[TopicPartition(topic, partition)]
        return self.host.fold(
            Record(topic, partition, offset, draft.key, draft.value, tuple(draft.headers), timestamp_ms=0)
        )

    def tell(self, *facts: Fact) -> Folded:
        done = Folded()
        for fact in facts:
            done = self.put(TOPIC_OF_MODEL[type(fact)].name, record_draft(fact))
        return done

    def decide(self, now: Any = NOON) -> RoundDecided:
        (due,) = self.host.due(now)
        return self.host.begin(due, now=now)()

    def code(self, topic: str, draft: Draft, **options: Any) -> str | None:
        refusal = self.put(topic, draft, **options).refusal
        return refusal and refusal.code


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_round_carries_the_positions_it_was_decided_at(desk: Desk) -> None:
    desk.tell(offered("r1"), offered("r2"), posted("d1"))
    desk.code(RESPONSES.name, Draft(key=None, value=b"junk"), partition=HOME)
    assert desk.decide().inputs == (
        InputOffset(topic=RESOURCES.name, partition=HOME, offset=2),
        InputOffset(topic=DEMANDS.name, partition=HOME, offset=1),
        InputOffset(topic=RESPONSES.name, partition=HOME, offset=1),
        InputOffset(topic=TRANSFERS.name, partition=HOME, offset=0),
        InputOffset(topic=PROJECTS.name, partition=HOME, offset=0),
        InputOffset(topic=ROUNDS.name, partition=HOME, offset=0),
    )


def test_a_whistle_heard_before_the_round_begins_is_its_cause(desk: Desk) -> None:
    desk.tell(offered("r1"))
    (due,) = desk.host.due(NOON)
    assert due.cause == "interval"
    desk.tell(posted("d1", urgency=Urgency.WHISTLE))
    assert desk.host.begin(due, now=NOON)().cause == "whistle"


def test_a_round_is_decided_of_what_was_known_when_it_began(desk: Desk) -> None:
    desk.tell(offered("r1"), posted("d1"))
    solve = desk.host.begin(Due(SHARD, "interval"), now=NOON)
    desk.tell(posted("d0"), offered("r2"))
    assert [(pair.demand_id, pair.resource_id) for pair in solve().proposals] == [("d1", "r1")]


def test_a_round_counts_when_it_is_read_back_and_once(desk: Desk) -> None:
    desk.tell(offered("r1"), posted("d1"))
    decided = desk.decide()
    assert desk.host.due(at(1)) == [], "it is in flight"
    assert desk.tell(decided).decided == decided
    assert desk.tell(decided).decided is None
    assert desk.tell(decided.model_copy(update={"proposals": ()})).decided is None
    state = desk.host.state(SHARD)
    assert state is not None
    assert state.round_no == 1


def test_a_record_read_again_changes_nothing(desk: Desk) -> None:
    desk.tell(offered("r1"), posted("d1"))
    before = dumps(desk.host)
    draft = record_draft(posted("d2"))
    record = Record(DEMANDS.name, HOME, 0, draft.key, draft.value, tuple(draft.headers), 0)
    assert desk.host.fold(record) == Folded()
    assert dumps(desk.host) == before


@pytest.mark.parametrize("key", [b"310106", b"31010", b"310105001", b"3101 5", b"", None, b"\xff\xfe"])
def test_a_key_that_is_not_the_shard_is_refused(desk: Desk, key: bytes | None) -> None:
    draft = record_draft(posted("d1"))
    assert desk.code(DEMANDS.name, Draft(key=key, value=draft.value, headers=draft.headers)) == "wrong_key"
    assert desk.host.shards() == []


def test_a_record_in_a_partition_that_is_not_the_shards_is_refused(desk: Desk) -> None:
    elsewhere = (HOME + 1) % PARTITIONS
    assert desk.code(DEMANDS.name, record_draft(posted("d1")), partition=elsewhere) == "wrong_key"
    desk.tell(posted("d1"))
    assert desk.code(DEMANDS.name, record_draft(posted("d2")), partition=elsewhere) == "wrong_key"


def test_every_record_moves_the_position(desk: Desk) -> None:
    desk.tell(posted("d1"), posted("d1", title="another first version"))
    desk.code(DEMANDS.name, Draft(key=None, value=None))
    assert desk.host.positions[TopicPartition(DEMANDS.name, HOME)] == 3


def test_a_round_that_cannot_follow_stops_the_host_and_names_the_record(desk: Desk) -> None:
    desk.tell(offered("r1"), posted("d1"))
    decided = desk.decide()
    with pytest.raises(ShardHostBrokenError, match=f"{ROUNDS.name} partition {HOME} offset 0"):
        desk.tell(decided.model_copy(update={"round_no": 2}))


def test_nothing_is_due_until_the_inputs_of_the_last_round_are_read(desk: Desk) -> None:
    """Another worker decided of more than we have read: deciding now would take its demands for gone."""
    ahead = Desk()
    ahead.tell(offered("r1"), posted("d1"))
    decided = ahead.decide()
    desk.tell(offered("r1"))
    desk.tell(decided)
    assert desk.host.due(at(9)) == []
    desk.tell(posted("d1"))
    desk.tell(posted("d2"))
    assert desk.host.due(at(9)) == [Due(SHARD, "interval")]
    assert desk.decide(at(0.5)).transitions == ()


def test_enrolments_and_rounds_make_no_shard_dirty(desk: Desk) -> None:
    desk.tell(offered("r1"))
    desk.tell(desk.decide())
    assert desk.host.due(at(9)) == []


def test_a_dropped_partition_is_forgotten(desk: Desk) -> None:
    desk.tell(offered("r1"), posted("d1"))
    desk.host.drop(HOME)
    assert desk.host.shards() == []
    assert desk.host.due(at(9)) == []
    assert desk.host.state(SHARD) is None
    desk.host.adopt(HOME, positions={}, sleepers={})
    desk.tell(offered("r1"), posted("d1"))
    assert len(desk.decide().proposals) == 1


def test_a_sleeping_shard_wakes_when_it_is_needed_and_not_before(desk: Desk) -> None:
    woken = []
    desk.tell(offered("r1"), posted("d1"))
    state = desk.host.state(SHARD)
    assert state is not None

    def wake() -> Any:
        woken.append(SHARD)
        return state

    heir = Desk()
    heir.host.adopt(HOME, positions=state.offsets, sleepers={SHARD: Sleeper(dict(state.offsets), Pace(), wake)})
    draft = record_draft(posted("d1"))
    heir.host.fold(Record(DEMANDS.name, HOME, 0, draft.key, draft.value, tuple(draft.headers), 0))
    assert heir.host.due(at(1)) == []
    assert woken == [], "its snapshot holds that record; it need not be loaded for it"
    heir.tell(posted("d2"))
    assert woken == [SHARD]
    assert len(heir.decide().proposals) == 1


TYPES = sorted(EVENT_NAME.values())
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_type", "ce_id", "ce_source", "ce_time", "ce_specversion", "x"]),
        st.one_of(st.binary(max_size=12), st.sampled_from([name.encode() for name in TYPES])),
    ),
    max_size=6,
)
TEXTS = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers(-(2**70), 2**70) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=6,
    ).map(lambda value: repr(value).replace("'", '"').encode("utf-8", "replace")),
)


@given(
    topic=st.sampled_from(TOPICS),
    key=st.one_of(st.none(), st.binary(max_size=8), st.just(SHARD.encode())),
    value=st.one_of(st.none(), TEXTS),
    headers=HEADERS,
    partition=st.integers(0, PARTITIONS - 1),
)
def test_whatever_bytes_come_they_are_refused_and_stop_nothing(
    topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]], partition: int
) -> None:
    desk = Desk()
    desk.tell(offered("r1"))
    before = dumps(desk.host)
    folded = desk.put(topic, Draft(key=key, value=value, headers=headers), partition=partition)
    assert folded.refusal is not None
    assert dumps(desk.host) == before


_GOOD = [record_draft(fact, event_id=f"g{n}") for n, fact in enumerate([posted("d1"), offered("r1")])]


@given(data=st.data())
def test_a_valid_record_with_bytes_changed_is_folded_or_refused_and_stops_nothing(data: st.DataObject) -> None:
    desk = Desk()
    good = data.draw(st.sampled_from(_GOOD))
    value = bytearray(good.value or b"")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(value) - 1))
        value[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    topic = DEMANDS.name if good is _GOOD[0] else RESOURCES.name
    desk.put(topic, Draft(key=good.key, value=bytes(value), headers=good.headers))
    desk.tell(offered("r9", capacity=10_000), posted("d9"))
    assert "d9" in {proposal.demand_id for proposal in desk.decide().proposals}
