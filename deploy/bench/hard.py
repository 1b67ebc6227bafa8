"""The hard district: everything of one category, everybody there at all hours, so that nearly every pair is allowed."""

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.bench.memory import forget_peak, peak_mib
from deploy.bench.peers import matrix_of, ortools_flow, scipy_dense, scipy_sparse, seat_pairs, whole_market
from deploy.bench.population import District, drawn, typical
from deploy.bench.report import Figure, Goal, Report, in_turns, timed
from deploy.bench.solve import FLOW, OURS, SPARSE, certified, opened, round_of, without_bound
from matcher.round.matched import Matching
from matcher.state.pool import Frozen
from schemas.catalogue import load_catalogue
from schemas.policy import Policy
from schemas.regions import Regions

QUESTION = "One category, all hours, nearly every pair allowed; from the frozen pool to the certificate."
SHARD: Final = "310105"
CATEGORY: Final = "health"
MEMBERS: Final = 200_000
SEATS: Final = 2_000
TENTH: Final = 10
"""The peers that need every pair of seats as an arc are run on a tenth of the members and of the seats."""


def run(*, repeats: int = 3) -> Report:
    """Measure and return the report; raise AssertionError where two solvers disagree on the optimum."""
    policy = without_bound(Policy())
    whole = _drawn(MEMBERS, SEATS)
    forget_peak()
    before = peak_mib()
    ours, matching = timed(lambda: round_of(whole, policy), repeats=repeats)
    memory = peak_mib() - before
    taken, value, note = _dense_peer(whole, policy)
    _agree("SciPy dense", value, certified(matching))
    tenth, flow = _tenth(policy, repeats=repeats)
    return Report(
        "solve-hard",
        QUESTION,
        (
            Figure(OURS, ours * 1e3, "ms", 1.0, _size(matching)),
            Figure("ours: memory beyond the pool", memory, "MiB", None, "peak"),
            Figure("bare SciPy dense solve, finished matrix", taken * 1e3, "ms", taken / ours, note),
            *tenth,
        ),
        (Goal(f"faster than SimpleMinCostFlow on a tenth: {flow:.1f} x", flow >= 1),),
    )


def _tenth(policy: Policy, *, repeats: int) -> tuple[list[Figure], float]:
    """Return the figures of a tenth, and how many times longer OR-Tools took than ours."""
    frozen = _drawn(MEMBERS // TENTH, SEATS // TENTH)
    ours, matching = timed(lambda: round_of(frozen, policy), repeats=repeats)
    board, seats = opened(frozen, policy)
    pairs = seat_pairs(whole_market(board, seats, lines=seats.lines))
    matrix = matrix_of(pairs)
    peers = in_turns({SPARSE: lambda: scipy_sparse(matrix, pairs), FLOW: lambda: ortools_flow(pairs)}, repeats=1)
    figures = [Figure("a tenth of both, ours", ours * 1e3, "ms", 1.0, _size(matching))]
    for name, (taken, value) in peers.items():
        _agree(name, value, certified(matching))
        figures.append(Figure(f"a tenth of both, {name}", taken * 1e3, "ms", taken / ours, "same optimum"))
    return figures, peers[FLOW][0] / ours


def _drawn(members: int, seats: int) -> Frozen:
    place = typical(SHARD, Regions.builtin("cn"))
    return drawn(District(SHARD, place.communities, members, seats), load_catalogue(), category=CATEGORY)


def _dense_peer(frozen: Frozen, policy: Policy) -> tuple[float, int, str]:
    """Return how long a dense solve took, what it found, and a note; its matrix is gone afterwards."""
    matrix = _dense(frozen, policy)
    begin = time.process_time()
    value = scipy_dense(matrix)
    taken = time.process_time() - begin
    return taken, value, f"same optimum; its matrix of {matrix.nbytes / 2**30:.1f} GiB was finished before"


def _dense(frozen: Frozen, policy: Policy) -> NDArray[np.float64]:
    """Return the matrix of all demand seats with all resources, filled line by line."""
    board, seats = opened(frozen, policy)
    matrix = np.zeros((int(seats.need.sum()), len(seats.resources)))
    first = np.cumsum(seats.need) - seats.need
    for line in seats.lines:
        market = whole_market(board, seats, lines=np.array([line]))
        matrix[first[line] : first[line] + seats.need[line], market.resource] = market.worth
    return matrix


def _agree(name: str, theirs: int, ours: int) -> None:
    if theirs != ours:
        raise AssertionError(f"{name} found {theirs}, ours {ours}")


def _size(matching: Matching) -> str:
    return f"{matching.allowed:,} pairs, {len(matching.pairs.line):,} of them in the market that was solved"
