"""Shares: what open lives take of something that has room for so much at any one moment.

A slot of a venue, places at an activity, seats of a line that were ordered. Pure, so that whoever reads the log comes
to the same answer.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from schemas.base import Window

EVER: Final = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(9999, 12, 31, tzinfo=UTC))
"""The span of a share that is taken for as long as its life is open."""


class Share(NamedTuple):
    """So much of ``name`` during ``span``, where ``room`` is all there is; ``refusal`` is the code when it is too much.

    ``room`` is what there was when the share was asked for: who comes later may see more, or less.
    """

    name: str
    amount: int
    room: int
    refusal: str
    span: Window = EVER


def overlap(one: Window, other: Window) -> bool:
    """Return whether two spans have a moment in common."""
    return one.start < other.end and other.start < one.end


def peak(taken: Iterable[tuple[Window, int]], *, within: Window) -> int:
    """Return the most that is taken at any one moment of ``within``."""
    spans = [(span, amount) for span, amount in taken if overlap(span, within)]
    # What is taken only grows where a span begins.
    moments = {within.start, *(span.start for span, _ in spans if span.start > within.start)}
    return max(sum(amount for span, amount in spans if span.start <= moment < span.end) for moment in moments)
