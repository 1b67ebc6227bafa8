"""The demo's affairs: lives that their tables allow, at places of the district, none of them of tomorrow."""

from datetime import UTC, datetime

import pytest

from deploy.demo.affairs import COPIES, KINDS, affairs
from schemas.lifecycle import Life, take
from schemas.lives import OF_FACT
from schemas.parties import must_be_theirs
from schemas.stories import STORIES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLACES = ("310105001001", "310105002003")


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_life_is_one_that_its_table_allows_to_those_who_live_it(seed: int) -> None:
    lives: dict[tuple[str, str], Life] = {}
    for step in affairs(PLACES, now=NOW, seed=seed):
        lifecycle = OF_FACT[type(step)]
        name = lifecycle.kind, step.id
        before = lives.get(name)
        lives[name] = take(lifecycle, before, step)
        must_be_theirs(lifecycle, before, lives[name], step)
    told = {(kind, step.id) for kind in KINDS for step in STORIES.get(kind, ())}
    assert len(lives) == COPIES * len(told)
    assert {life.community for life in lives.values()} == set(PLACES)
    assert len({life.state for life in lives.values()}) > 1, "not all are over"


def test_nothing_lies_in_the_future_and_the_same_seed_tells_the_same() -> None:
    steps = list(affairs(PLACES, now=NOW, seed=1))
    assert max(step.at for step in steps) <= NOW
    assert steps == list(affairs(PLACES, now=NOW, seed=1))
    assert steps != list(affairs(PLACES, now=NOW, seed=2))
