"""What a replay found: counts, and where each round that differs does so."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """A round that did not come out as recorded: ``where`` in the record, and both values there."""

    shard: str
    round_no: int
    partition: int
    offset: int
    where: str
    recorded: Any
    recomputed: Any

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"shard {self.shard} round {self.round_no} (partition {self.partition} offset {self.offset}): "
            f"{self.where}: recorded {self.recorded!r}, recomputed {self.recomputed!r}"
        )


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many rounds came out equal, how many were void or unreadable, and each one that differs.

    ``unchecked`` are rounds of a shard after one that could not follow; it is among the differences.
    """

    equal: int = 0
    void: int = 0
    unreadable: int = 0
    unchecked: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def all_equal(self) -> bool:
        """Whether every round that counts came out as recorded."""
        return not self.differences

    def __add__(self, other: "ReplayReport") -> "ReplayReport":
        """Return both together."""
        return ReplayReport(
            self.equal + other.equal,
            self.void + other.void,
            self.unreadable + other.unreadable,
            self.unchecked + other.unchecked,
            self.differences + other.differences,
        )


def first_difference(recorded: Any, recomputed: Any, where: str = "") -> tuple[str, Any, Any]:
    """Return the path of the first place where two JSON values differ, and both values there."""
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        for key in [*recorded, *(key for key in recomputed if key not in recorded)]:
            if recorded.get(key) != recomputed.get(key):
                return first_difference(recorded.get(key), recomputed.get(key), f"{where}.{key}".lstrip("."))
    if isinstance(recorded, list) and isinstance(recomputed, list):
        for place, (one, other) in enumerate(zip(recorded, recomputed, strict=False)):
            if one != other:
                return first_difference(one, other, f"{where}[{place}]")
        if len(recorded) != len(recomputed):
            return f"{where}.length", len(recorded), len(recomputed)
    if recorded == recomputed:
        return where or "bytes", "written otherwise", "the same content"
    return where, recorded, recomputed
