"""How many refused records are too many: a topic must not be drained into the dead letters.

1. Counted per topic-partition: how many in a row, and how many among the last 5,000 offsets.
2. The record that crosses a limit is not passed: the worker stops before it, and so does the next one that starts,
   because no snapshot is taken to cover a stretch that is nearly too bad (``oldest``).
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from schemas.refusals import Refused
from streams.log import Record, TopicPartition

WINDOW: Final = 5_000
"""So many offsets are looked back upon."""


class TooManyRefusedError(Exception):
    """Too much of a topic-partition is refused; the message names the record, the reason and the setting."""


@dataclass(slots=True)
class _Stretch:
    """The refused records of one topic-partition: the offsets in the window, and since where without a gap."""

    refused: deque[int] = field(default_factory=deque)
    row_from: int = 0


class RefusalLimits:
    """See the module's rules. Records that pass cost nothing: they show as gaps between the offsets refused."""

    def __init__(self, *, in_a_row: int = 1000, ratio: float = 0.5) -> None:
        """Take the limits: ``in_a_row`` 0 and ``ratio`` 1 are none."""
        self._in_a_row, self._ratio = in_a_row, ratio
        self._stretches: dict[TopicPartition, _Stretch] = {}

    def refuse(self, record: Record, refusal: Refused) -> None:
        """Count one refused record.

        Raises:
            TooManyRefusedError: with it there would be too many; it is not to be passed.
        """
        stretch = self._stretches.setdefault(TopicPartition(record.topic, record.partition), _Stretch())
        if not stretch.refused or stretch.refused[-1] != record.offset - 1:
            stretch.row_from = record.offset
        stretch.refused.append(record.offset)
        while stretch.refused[0] <= record.offset - WINDOW:
            stretch.refused.popleft()
        row, part = record.offset - stretch.row_from + 1, len(stretch.refused)
        if self._in_a_row and row > self._in_a_row:
            raise self._error(record, refusal, f"{row} in a row", "COBUILD_REFUSED_IN_A_ROW", self._in_a_row)
        if self._ratio < 1 and part > self._ratio * WINDOW:
            raise self._error(record, refusal, f"{part} of the last {WINDOW}", "COBUILD_REFUSED_RATIO", self._ratio)

    def oldest(self, place: TopicPartition) -> int | None:
        """Return from where the records must be counted again after a restart, or None where it does not matter."""
        stretch = self._stretches.get(place)
        if stretch is None:
            return None
        if self._ratio < 1 and len(stretch.refused) > self._ratio * WINDOW / 2:
            return stretch.refused[0]
        row = stretch.refused[-1] - stretch.row_from + 1
        return stretch.row_from if self._in_a_row and row > self._in_a_row / 2 else None

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        for place in [place for place in self._stretches if place.partition == partition]:
            del self._stretches[place]

    def _error(self, record: Record, refusal: Refused, what: str, setting: str, limit: float) -> TooManyRefusedError:
        return TooManyRefusedError(
            f"too much is refused of {record.topic} partition {record.partition}: {what}, up to offset "
            f"{record.offset} ({refusal.code}: {refusal.detail[:200]}). Nothing from there on is passed. "
            f"See who writes there; to let it pass, raise {setting} (now {limit:g})"
        )
