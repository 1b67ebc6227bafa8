"""The life of a land over many rounds of many shards: whatever happens, every seat sits in one place."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.land_life import LandLife
from tests.property.land_progress import hold_progress

STEPS = 80


@settings(max_examples=max(settings().max_examples // 25, 8))
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_every_seat_sits_in_one_place_and_nobody_waits_beside_who_would_help(seed: int) -> None:
    life = LandLife(Random(seed))
    for _ in range(STEPS):
        life.step()
        life.hold_seats()
    life.settle()
    life.hold_seats()
    life.hold_quiet()
    life.hold_retold()
    hold_progress(life)
    life.hold_seats()
    life.hold_quiet()
