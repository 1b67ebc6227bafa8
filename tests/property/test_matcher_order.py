"""In what order things are heard does not matter, as long as each topic keeps its own order."""

import random
from itertools import groupby
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from matcher.state import snapshot
from matcher.state.fold import Fold
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.policy import Policy
from schemas.rounds import RoundDecided
from tests.builders import SHARD, SMALL_CATALOGUE, at
from tests.property.life import Life, lived
from tests.property.strategies import FEWER, policies, pools
from tests.town import Entry, Town, name_of, tell_again

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Draw a town that saw news, nonsense, answers and rounds."""
    return lived(draw, draw(st.just(Policy()) | policies()), steps=draw(st.integers(4, 14)))


@given(facts=pools(), policy=policies(), data=st.data())
def test_rounds_do_not_depend_on_who_came_first(facts: list[Fact], policy: Policy, data: Any) -> None:
    town, other = Town(*facts, policy=policy), Town(*data.draw(st.permutations(facts)), policy=policy)
    assert without_inputs(town.decide(at())) == without_inputs(other.decide(at()))


@FEWER
@given(life=lives(), seed=SEEDS)
def test_rounds_do_not_depend_on_how_the_lives_of_entries_were_shuffled(life: Life, seed: int) -> None:
    """Entities keep their own order, everything else is shuffled; no rounds in between, so all is decided at once."""
    facts = [entry.event.data for entry in life.town.journal if not isinstance(entry.event.data, RoundDecided)]
    one, other = told(facts, life.policy), told(shuffled_by_entity(facts, seed), life.policy)
    first, second = one.decide(life.now), other.decide(life.now)
    assert without_inputs(first) == without_inputs(second)
    one.round(life.now)
    other.round(life.now)
    assert without_inputs(one.decide(at(9))) == without_inputs(other.decide(at(9)))


@FEWER
@given(life=lives(), seed=SEEDS)
def test_topics_interleaved_in_any_way_make_the_same_state(life: Life, seed: int) -> None:
    journal = life.town.journal
    mixed = interleaved(journal, seed)
    one, other = ShardState(SHARD, SMALL_CATALOGUE), ShardState(SHARD, SMALL_CATALOGUE)
    became = {(entry.topic, entry.offset): tell_again(one, entry) for entry in journal}
    became_mixed = {(entry.topic, entry.offset): tell_again(other, entry) for entry in mixed}
    assert became_mixed == became
    assert snapshot.dump(other) == snapshot.dump(one) == snapshot.dump(life.town.state)


@FEWER
@given(life=lives(), data=st.data())
def test_reading_a_stretch_again_changes_nothing(life: Life, data: Any) -> None:
    journal, state = life.town.journal, life.town.state
    first = data.draw(st.integers(0, len(journal)))
    before = snapshot.dump(state)
    assert {state.fold(e.event, topic=e.topic, offset=e.offset) for e in journal[first:]} <= {Fold.SEEN}
    assert snapshot.dump(state) == before


@FEWER
@given(life=lives(), data=st.data())
def test_going_on_from_a_snapshot_is_like_never_having_stopped(life: Life, data: Any) -> None:
    """The snapshot is older than some of what is read again after it: folding what it knows changes nothing."""
    journal = life.town.journal
    taken_at = data.draw(st.integers(0, len(journal)))
    rewound_to = data.draw(st.integers(0, taken_at))
    halfway = life.town.retold(journal[:taken_at])
    resumed = snapshot.load(snapshot.dump(halfway), SMALL_CATALOGUE)
    assert snapshot.dump(resumed) == snapshot.dump(halfway)
    for entry in journal[rewound_to:]:
        tell_again(resumed, entry)
    assert snapshot.dump(resumed) == snapshot.dump(life.town.state)
    town = life.town.restored()
    town.state = resumed
    assert town.decide(life.now) == life.town.decide(life.now)


def without_inputs(decided: RoundDecided) -> bytes:
    """Return the record as bytes, but for how far it had read."""
    return decided.model_copy(update={"inputs": ()}).model_dump_json().encode()


def told(facts: list[Fact], policy: Policy) -> Town:
    """Return a town that heard these facts, refused ones too, from the wire."""
    town = Town(policy=policy)
    for fact in facts:
        try:
            town.tell(fact)
        except ValueError:
            continue
    return town


def shuffled_by_entity(facts: list[Fact], seed: int) -> list[Fact]:
    """Shuffle, but keep what concerns one entity in its order."""

    def entity(fact: Fact) -> str:
        return "-".join(part for part in name_of(fact).split("-")[1:2])

    lanes = {name: list(group) for name, group in groupby(sorted(facts, key=entity), key=entity)}
    draw = random.Random(seed)
    order = [name for name, lane in lanes.items() for _ in lane]
    draw.shuffle(order)
    return [lanes[name].pop(0) for name in order]


def interleaved(journal: list[Entry], seed: int) -> list[Entry]:
    """Shuffle the topics into each other; each keeps its own order."""
    lanes = {topic: [e for e in journal if e.topic == topic] for topic in sorted({e.topic for e in journal})}
    draw = random.Random(seed)
    order = [topic for topic, lane in lanes.items() for _ in lane]
    draw.shuffle(order)
    return [lanes[topic].pop(0) for topic in order]
