"""Small pools that go the way of large ones, so that a brute-force oracle can follow."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from matcher.pairs.rules import Board
from matcher.round import matching
from matcher.round.matched import Seats
from matcher.round.settling import board_after, settle
from matcher.solving import alike, grid, pricing, shortlist
from matcher.state.fold import to_ms
from matcher.state.pool import freeze
from schemas.policy import Policy
from tests.builders import at
from tests.town import Town


@contextmanager
def as_if_large(*, spare: int = 0, block: int = 7, together: bool = True, changes: int = 1) -> Iterator[None]:
    """Let every pool go the way of large ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "LARGE", -1)
        patch.setattr(shortlist, "SPARE", spare)
        patch.setattr(grid, "BLOCK", block)
        patch.setattr(alike, "PAYS", 1 if together else 0)
        patch.setattr(pricing, "SPARE", 1)
        patch.setattr(pricing, "CHANGES", changes)
        yield


def opened(town: Town, policy: Policy) -> tuple[Board, Seats]:
    """Return the board of a town at noon and what is open on it."""
    frozen, now_ms = freeze(town.state), to_ms(at())
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    return board_after(frozen, settled, policy=policy, now_ms=now_ms), settled.seats
