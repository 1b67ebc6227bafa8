"""What a replay found: counts, and where each round that differs does so."""

from dataclasses import dataclass
from typing import Any

from schemas.rounds import RoundDecided


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
    ``solvers`` names the other solvers that decided, with how many of their rounds came out the same (they are among
    the equal ones) and how many broke ties otherwise for the same total value (they are in ``tied`` alone).
    """

    equal: int = 0
    void: int = 0
    unreadable: int = 0
    unchecked: int = 0
    differences: tuple[Difference, ...] = ()
    tied: int = 0
    solvers: tuple[tuple[str, int], ...] = ()

    @property
    def all_equal(self) -> bool:
        """Whether every round that counts came out as recorded."""
        return not self.differences

    @property
    def checked(self) -> int:
        """How many rounds were compared."""
        return self.equal + self.tied + len(self.differences)

    def __add__(self, other: "ReplayReport") -> "ReplayReport":
        """Return both together."""
        return ReplayReport(
            self.equal + other.equal,
            self.void + other.void,
            self.unreadable + other.unreadable,
            self.unchecked + other.unchecked,
            self.differences + other.differences,
            self.tied + other.tied,
            _together(self.solvers, other.solvers),
        )


def judge(recorded: RoundDecided, recomputed: RoundDecided) -> ReplayReport | None:
    """Return what a round counts as, or None where the decision is another one."""
    solvers = () if recorded.solver == recomputed.solver else ((recorded.solver, 1),)
    same_solver = recomputed.model_copy(update={"solver": recorded.solver})
    if recorded.model_dump_json() == same_solver.model_dump_json():
        return ReplayReport(equal=1, solvers=solvers)
    if solvers and _outcome(recorded) == _outcome(recomputed):
        return ReplayReport(tied=1, solvers=solvers)
    return None


def _outcome(decided: RoundDecided) -> dict[str, Any]:
    """Return what every exact solver agrees on: all but which of equally good pairs were chosen, and their prices."""
    left = {"solver", "proposals", "line_prices", "resource_prices", "certificate", "team_parts", "size"}
    whole = decided.model_dump(exclude=left)
    return whole | {"value": decided.value, "holds": decided.certificate.holds}


def _together(one: tuple[tuple[str, int], ...], other: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    if not one or not other:
        return one or other
    counts = dict(one)
    for solver, rounds in other:
        counts[solver] = counts.get(solver, 0) + rounds
    return tuple(sorted(counts.items()))


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
