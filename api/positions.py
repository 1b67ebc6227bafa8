"""Log positions as clients see them, ``demands:2:1234``: what was written, and what a read must have seen.

A write answers with ``Cobuild-Position``; a read that carries it in ``Cobuild-At-Least`` (or ``?at_least=``)
waits until the lists have got there, so that everybody reads their own writes.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.refusals import Refused
from schemas.topics import TOPICS

HEADER = "Cobuild-Position"
AT_LEAST = "Cobuild-At-Least"
MOST = 64
"""How many positions one header may hold: one for every partition of a large import."""

_SHORT = {topic.name: topic.name.removeprefix("cobuild.").removesuffix(".v1") for topic in TOPICS}
_LONG = {short: name for name, short in _SHORT.items()}
_LAST = 2**63 - 1


class Position(NamedTuple):
    """Where one record lies in the log."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{_SHORT.get(self.topic, self.topic)}:{self.partition}:{self.offset}"


def parse(text: str) -> tuple[Position, ...]:
    """Read positions separated by commas; raise Refused ``bad_position``."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or len(parts) > MOST:
        raise Refused("bad_position", f"between 1 and {MOST} positions, such as demands:2:1234")
    return tuple(_one(part) for part in parts)


def _one(text: str) -> Position:
    match text.split(":"):
        case [short, partition, offset] if short in _LONG and _number(partition) and _number(offset):
            return Position(_LONG[short], int(partition), int(offset))
        case _:
            raise Refused("bad_position", "a position looks like demands:2:1234")


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= _LAST


def latest(positions: Iterable[Position]) -> tuple[Position, ...]:
    """Return the highest position of each partition, in order."""
    highest: dict[tuple[str, int], int] = {}
    for topic, partition, offset in positions:
        highest[topic, partition] = max(offset, highest.get((topic, partition), 0))
    return tuple(Position(topic, partition, offset) for (topic, partition), offset in sorted(highest.items()))


def seen(positions: Iterable[Position], offsets: Mapping[tuple[str, int], int]) -> bool:
    """Whether a reader whose next offsets are ``offsets`` has read every one of ``positions``."""
    return all(offsets.get((topic, partition), 0) > offset for topic, partition, offset in positions)
