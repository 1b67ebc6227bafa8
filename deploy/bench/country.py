"""The whole country, district by district through a pool of processes; and how time and memory grow with districts.

A process holds one district at a time: it draws the pool, decides on it, says a few figures and forgets it. Largest
districts first, so that no process is left with a large one at the end.
"""

import math
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise
from typing import Final

import numpy as np

from deploy.bench.memory import peak_mib
from deploy.bench.peers import matrix_of, scipy_sparse, seat_pairs, whole_market
from deploy.bench.population import District, country, drawn, typical
from deploy.bench.report import Figure, Goal, Report
from deploy.bench.solve import OURS, SPARSE, opened, round_of, without_bound
from deploy.commands.terminal import bar_of
from matcher.pairs.candidates import cells
from matcher.pairs.rules import Board
from matcher.round.matched import Seats
from matcher.state.columns import Ints
from matcher.state.pool import Frozen
from schemas.catalogue import Catalogue, load_catalogue
from schemas.policy import Policy
from schemas.regions import Regions

QUESTION = "Districts of the whole country, drawn from real communities, matched in one pass, beside bare solves."
PROCESSES: Final = 2
WHOLE: Final = 3_000_000
"""Districts with more pairs of one category are handed to SciPy category by category, so that it has the memory."""
DOUBLINGS: Final = 7
TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one district; times in seconds of CPU, the peak of the process that had it in MiB."""

    pairs: int
    seats: int
    given: int
    value: int
    certified: bool
    ours: float
    bare: float
    peak: float


def run(*, share: float = 1.0) -> Report:
    """Measure a share (0 < share <= 1) of the districts; raise AssertionError where SciPy finds another optimum.

    Two passes. The first is ours alone: its wall time and its peak memory are those of the work. The second solves each
    district twice in the same process, ours and bare SciPy one after another, and counts the CPU's time of both, which
    says less about the neighbours on a shared machine.
    """
    every = country(Regions.builtin("cn"))
    districts = sampled(every, share)
    begin = time.perf_counter()
    alone = list(_each(districts, beside=False))
    wall = time.perf_counter() - begin
    peak = (peak_mib() + PROCESSES * max(one.peak for one in alone)) / 1024
    beside = list(_each(districts, beside=True))
    ours, bare = sum(one.ours for one in beside), sum(one.bare for one in beside)
    certified = sum(one.certified for one in alone)
    size = (
        f"{sum(len(one.communities) for one in districts):,} communities, "
        f"{sum(one.members for one in districts):,} members, {sum(one.seats for one in alone):,} demand seats, "
        f"{sum(one.pairs for one in alone):,} pairs"
    )
    figures = (
        Figure("districts", len(districts), f"of {len(every):,}", None, size),
        Figure(OURS, ours, "s", 1.0),
        Figure(SPARSE, bare, "s", bare / ours, "same optima"),
        Figure("ours: from start to end, drawing the pools included", wall, "s", None, f"{PROCESSES} processes"),
        Figure("ours: peak memory of all processes together", peak, "GiB"),
        Figure("seats given", sum(one.given for one in alone), "seats"),
    )
    goals = (
        Goal(f"at most 2.5 x the bare SciPy sparse solves: {ours / bare:.2f} x", ours <= 2.5 * bare),
        Goal(f"at most 8 GiB: {peak:.2f} GiB", peak <= 8),
        Goal(f"optimum certified in every district: {certified} of {len(districts)}", certified == len(districts)),
    )
    return Report("solve-country", QUESTION, figures, goals)


def growth() -> Report:
    """Measure 1, 2, 4 … typical districts, each row in a new process."""
    sizes = [2**doubling for doubling in range(DOUBLINGS)]
    one = typical("310105", Regions.builtin("cn"))
    rows = []
    with bar_of("rows") as bar:
        for size in bar.track(sizes):
            with _processes(1) as pool:
                rows.append(pool.submit(_stream, [replace(one, seed=number) for number in range(size)]).result())
    times, peaks = [row[0] for row in rows], [row[1] for row in rows]
    figures = [
        figure
        for size, taken, peak in zip(sizes, times, peaks, strict=True)
        for figure in (
            Figure(f"{size} districts: time", taken * 1e3, "ms", None, f"{taken * 1e3 / size:.1f} ms each"),
            Figure(f"{size} districts: peak memory", peak, "MiB"),
        )
    ]
    return Report(
        "solve-growth",
        "1, 2, 4 … districts of the design's size, one after another in one process.",
        tuple(figures),
        (_growth_goal("time", times), _growth_goal("memory", peaks)),
    )


def sampled(districts: Sequence[District], share: float) -> list[District]:
    """Return a share of the districts, of all sizes, largest first."""
    ranked = sorted(districts, key=lambda district: (-district.members, district.shard))
    count = max(1, round(share * len(ranked)))
    return [ranked[int((place + 0.5) * len(ranked) / count)] for place in range(count)]


def exponent(values: Sequence[float]) -> float:
    """Return b of values ~ size ** b, fitted to values at sizes 1, 2, 4 … by least squares of the logarithms."""
    return float(np.polyfit(np.arange(len(values)) * math.log(2), np.log(values), 1)[0])


def _growth_goal(what: str, values: Sequence[float]) -> Goal:
    power, steepest = exponent(values), max(after / before for before, after in pairwise(values))
    text = (
        f"twice the districts, at most 2.1 x the {what}: {2**power:.2f} x by the fitted exponent of {power:.2f}, "
        f"{steepest:.2f} x at the steepest"
    )
    return Goal(text, 2**power <= 2.1)


def _each(districts: Sequence[District], *, beside: bool) -> Iterator[Measured]:
    """Yield what came of each district, in their order, with a bar on standard error."""
    with _processes(PROCESSES) as pool, bar_of("districts, ours and bare SciPy" if beside else "districts") as bar:
        yield from bar.track(pool.map(partial(_measured, beside=beside), districts), total=len(districts))


def _processes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def _measured(district: District, *, beside: bool) -> Measured:
    frozen, policy = drawn(district, _catalogue()), without_bound(Policy())
    begin = time.process_time()
    matching = round_of(frozen, policy)
    ours, value = time.process_time() - begin, matching.certificate.value
    bare = _bare(frozen, policy, value) if beside else 0.0
    return Measured(
        pairs=matching.allowed,
        seats=int(matching.market.need.sum()),
        given=int(matching.solution.taken.sum()),
        value=value,
        certified=matching.certificate.holds,
        ours=ours,
        bare=bare,
        peak=peak_mib(),
    )


def _bare(frozen: Frozen, policy: Policy, expected: int) -> float:
    """Return how long SciPy solves the finished matrices of a district, category by category where they are large."""
    taken, value = 0.0, 0
    board, seats = opened(frozen, policy)
    for lines in _portions(board, seats):
        market = whole_market(board, seats, lines=lines)
        if not len(market.line):
            continue
        pairs = seat_pairs(market)
        matrix = matrix_of(pairs)
        begin = time.process_time()
        value += scipy_sparse(matrix, pairs)
        taken += time.process_time() - begin
    if value != expected:
        raise AssertionError(f"{frozen.shard}: SciPy found {value}, ours {expected}")
    return taken


def _portions(board: Board, seats: Seats) -> Iterator[Ints]:
    if cells(board, seats.lines, seats.resources) <= WHOLE:
        yield seats.lines
        return
    category = board.frozen.items.category[board.frozen.lines["item"][seats.lines]]
    for number in np.unique(category):
        yield seats.lines[category == number]


def _stream(districts: Sequence[District]) -> tuple[float, float]:
    """Return how long rounds of these districts take, one after another (s of CPU), and the peak of this process (MiB).

    Of each round the quickest of a few counts: on a shared machine the others say more about the neighbours.
    """
    policy, taken = without_bound(Policy()), 0.0
    for district in districts:
        frozen, times = drawn(district, _catalogue()), []
        for _ in range(TRIES):
            begin = time.process_time()
            round_of(frozen, policy)
            times.append(time.process_time() - begin)
        taken += min(times)
    return taken, peak_mib()


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()
