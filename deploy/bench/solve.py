"""``cobuild bench solve``: one district's round beside bare solvers, same pairs, same optimum."""

from collections.abc import Callable
from typing import Final

from deploy.bench.district import NOON, district_state
from deploy.bench.loops import loop_and_dense
from deploy.bench.peers import (
    SeatPairs,
    dense_of,
    highs,
    lapx_dense,
    matrix_of,
    ortools_assignment,
    ortools_flow,
    scipy_dense,
    scipy_sparse,
    seat_pairs,
)
from deploy.bench.report import Figure, Goal, Report, in_turns
from matcher.pairs.rules import Board
from matcher.round.matched import Matching, Seats
from matcher.round.matching import match
from matcher.round.settling import board_after, settle
from matcher.state.fold import to_ms
from matcher.state.pool import Frozen, freeze
from schemas.catalogue import load_catalogue
from schemas.policy import Policy
from schemas.regions import Regions

QUESTION = "One district, one round: candidates + values + solve + prices + certificate, beside bare solvers."
OURS: Final = "ours: candidates + values + solve + certificate"
SPARSE: Final = "bare SciPy sparse solve, finished matrix"
FLOW: Final = "OR-Tools SimpleMinCostFlow, same pairs"
LOOP: Final = "Python loop + dense LSA"


def run(*, repeats: int = 7) -> Report:
    """Measure and return the report; raise AssertionError where two solvers disagree on the optimum."""
    state = district_state(shard="310105", catalogue=load_catalogue(), regions=Regions.builtin("cn"))
    frozen, policy = freeze(state), Policy()
    matching = round_of(frozen, policy, rivals=True)
    pairs = seat_pairs(matching.market)
    matrix, dense = matrix_of(pairs), dense_of(pairs)
    groups: list[tuple[dict[str, Callable[[], int]], int]] = [
        ({OURS: lambda: certified(round_of(frozen, policy)), SPARSE: lambda: scipy_sparse(matrix, pairs)}, repeats),
        (
            {
                "bare SciPy dense solve, finished matrix": lambda: scipy_dense(dense),
                "lapx lapjvx, finished dense matrix": lambda: lapx_dense(dense),
                FLOW: lambda: ortools_flow(pairs),
                "OR-Tools SimpleLinearSumAssignment, same pairs": lambda: ortools_assignment(pairs),
            },
            max(1, repeats // 3),
        ),
        (
            {
                "HiGHS, linear program over pairs": lambda: highs(matching.market),
                LOOP: lambda: loop_and_dense(frozen, policy, matching),
            },
            1,
        ),
    ]
    found = {name: one for tasks, times in groups for name, one in in_turns(tasks, repeats=times).items()}
    ours, value = found.pop(OURS)
    figures = [Figure(OURS, ours * 1e3, "ms", 1.0, _size(matching, pairs))]
    for name, (taken, theirs) in found.items():
        if theirs != value:
            raise AssertionError(f"{name} found {theirs}, ours {value}")
        figures.append(Figure(name, taken * 1e3, "ms", taken / ours, "same optimum"))
    sparse, flow, loop = (found[name][0] for name in (SPARSE, FLOW, LOOP))
    return Report(
        "solve",
        QUESTION,
        tuple(figures),
        (
            Goal(f"at most 4 x the bare SciPy sparse solve: {ours / sparse:.2f} x", ours <= 4 * sparse),
            Goal(f"at least 5 x faster than SimpleMinCostFlow: {flow / ours:.1f} x", flow >= 5 * ours),
            Goal(f"at least 50 x faster than the Python loop: {loop / ours:.0f} x", loop >= 50 * ours),
        ),
    )


def certified(matching: Matching) -> int:
    """Return the value of a matching, whose certificate holds; raise AssertionError where it does not."""
    if not matching.certificate.holds:
        raise AssertionError("the certificate does not hold")
    return matching.certificate.value


def opened(frozen: Frozen, policy: Policy) -> tuple[Board, Seats]:
    """Return the board of a pool at the benchmarks' moment, and what is open on it."""
    now_ms = to_ms(NOON)
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    return board_after(frozen, settled, policy=policy, now_ms=now_ms), settled.seats


def round_of(frozen: Frozen, policy: Policy, *, rivals: bool = False) -> Matching:
    """Return what a round of a pool gives, from the frozen pool to the certificate."""
    return match(*opened(frozen, policy), rivals=rivals)


def without_bound(policy: Policy) -> Policy:
    """Return the policy without a bound on the seats of one round: the whole pool in one pass, whatever its record."""
    return policy.model_copy(update={"pace": policy.pace.model_copy(update={"most_seats": 2**31})})


def _size(matching: Matching, pairs: SeatPairs) -> str:
    return f"{matching.allowed:,} pairs, {pairs.rows:,} demand seats, {int(matching.market.supply.sum()):,} offered"
