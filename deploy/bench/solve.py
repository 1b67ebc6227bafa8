"""``cobuild bench solve``: a whole round's matching beside bare solvers, same pairs, same optimum."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from deploy.bench.district import NOON, district_state
from deploy.bench.report import Figure, Goal, Report, timed
from matcher.columns import Ints, ragged
from matcher.fold import to_ms
from matcher.market import Market
from matcher.matching import Matching, match
from matcher.pool import Frozen, freeze
from matcher.rules import board_of
from matcher.settling import settle
from schemas.catalogue import load_catalogue
from schemas.policy import Policy
from schemas.regions import Regions

QUESTION = "One district, one round: candidates + values + solve + prices + certificate, beside bare solvers."


@dataclass(frozen=True, slots=True)
class SeatPairs:
    """The market seat by seat; ``row``, ``column``, ``worth`` have shape (seat pairs,)."""

    row: Ints
    column: Ints
    worth: Ints
    rows: int
    columns: int


def run(*, repeats: int = 7) -> Report:
    """Measure and return the report; raise AssertionError where two solvers disagree on the optimum."""
    state = district_state(shard="310105", catalogue=load_catalogue(), regions=Regions.builtin("cn"))
    frozen, policy = freeze(state), Policy()
    ours, matching = timed(lambda: _ours(frozen, policy), repeats=repeats)
    if not matching.certificate.holds:
        raise AssertionError("the certificate does not hold")
    pairs = seat_pairs(matching.market)
    matrix = _matrix(pairs)
    peers: list[tuple[str, Callable[[], int], int]] = [
        ("bare SciPy sparse solve, finished matrix", lambda: _scipy_sparse(matrix, pairs), repeats),
        ("OR-Tools SimpleMinCostFlow, same pairs", lambda: _ortools(pairs), max(1, repeats // 3)),
        ("Python loop + dense LSA", lambda: _loop_and_dense(frozen, policy, matching), 1),
    ]
    figures = [Figure("ours: candidates + values + solve + certificate", ours * 1e3, "ms", 1.0, _size(matching))]
    times = []
    for name, task, times_run in peers:
        taken, value = timed(task, repeats=times_run)
        if value != matching.certificate.value:
            raise AssertionError(f"{name} found {value}, ours {matching.certificate.value}")
        times.append(taken)
        figures.append(Figure(name, taken * 1e3, "ms", taken / ours, "same optimum"))
    sparse, flow, loop = times
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


def _ours(frozen: Frozen, policy: Policy) -> Matching:
    now_ms = to_ms(NOON)
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    return match(board_of(frozen, policy=policy, now_ms=now_ms), settled.seats)


def _size(matching: Matching) -> str:
    market = matching.market
    return f"{len(market.line):,} pairs, {int(market.need.sum()):,} demand seats, {int(market.supply.sum()):,} offered"


def seat_pairs(market: Market) -> SeatPairs:
    """Return the market spelt out seat by seat."""
    supply = market.reach()
    row_start, column_start = np.cumsum(market.need) - market.need, np.cumsum(supply) - supply
    copies = market.need[market.line] * supply[market.resource]
    pair, copy = np.repeat(np.arange(len(market.line)), copies), ragged(np.zeros(len(copies), np.int64), copies)
    width = supply[market.resource[pair]]
    return SeatPairs(
        row=row_start[market.line[pair]] + copy // width,
        column=column_start[market.resource[pair]] + copy % width,
        worth=market.worth[pair],
        rows=int(market.need.sum()),
        columns=int(supply.sum()),
    )


def _matrix(pairs: SeatPairs) -> csr_array:
    """Return the finished matrix: one private dummy for each demand seat, all worths raised by one."""
    own = np.arange(pairs.rows)
    weights = np.concatenate([pairs.worth + 1, np.ones(pairs.rows, np.int64)]).astype(np.float64)
    where = (np.concatenate([pairs.row, own]), np.concatenate([pairs.column, pairs.columns + own]))
    return csr_array((weights, where), shape=(pairs.rows, pairs.columns + pairs.rows))


def _scipy_sparse(matrix: csr_array, pairs: SeatPairs) -> int:
    rows, columns = min_weight_full_bipartite_matching(matrix, maximize=True)
    return int(matrix[rows, columns].sum()) - pairs.rows


def _ortools(pairs: SeatPairs) -> int:
    """Source to demand seats to resource seats to sink; a demand seat may go straight to the sink for nothing."""
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - a peer for the benchmark, no dependency of ours

    flow = min_cost_flow.SimpleMinCostFlow()
    source, sink = 0, 1
    row, column = 2 + np.arange(pairs.rows), 2 + pairs.rows + np.arange(pairs.columns)
    tails = np.concatenate([np.full(pairs.rows, source), row[pairs.row], column, row])
    heads = np.concatenate([row, column[pairs.column], np.full(pairs.columns, sink), np.full(pairs.rows, sink)])
    costs = np.concatenate(
        [np.zeros(pairs.rows, np.int64), -pairs.worth, np.zeros(pairs.columns + pairs.rows, np.int64)]
    )
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, np.ones(len(tails), np.int64), costs)
    flow.set_nodes_supplies(np.array([source, sink]), np.array([pairs.rows, -pairs.rows]))
    if flow.solve() != flow.OPTIMAL:
        raise AssertionError("SimpleMinCostFlow did not reach the optimum")
    return -int(flow.optimal_cost())


def _loop_and_dense(frozen: Frozen, policy: Policy, matching: Matching) -> int:
    """What one writes first: two nested loops over pairs, each asking every rule, then a dense assignment."""
    now_ms = to_ms(NOON)
    rows = [line for line in range(len(frozen.lines)) for _ in range(int(matching.market.need[line]))]
    offers = [row for row in range(len(frozen.resources)) for _ in range(int(matching.market.supply[row]))]
    lines = {line: _line_facts(frozen, line) for line in set(rows)}
    resources = {row: _resource_facts(frozen, row) for row in set(offers)}
    cost = np.zeros((len(rows), len(offers)))
    for place, line in enumerate(rows):
        for column, row in enumerate(offers):
            cost[place, column] = -_worth(lines[line], resources[row], policy, now_ms)
    chosen_rows, chosen = linear_sum_assignment(cost)
    return -int(cost[chosen_rows, chosen].sum())


def _line_facts(frozen: Frozen, line: int) -> dict[str, object]:
    demand = frozen.demands[frozen.line_demand[line]]
    item = int(frozen.lines["item"][line])
    return {
        "item": item,
        "category": int(frozen.items.category[item]),
        "siblings": bool(frozen.lines["siblings"][line]),
        "need": int((frozen.items.risky_gate if demand["risky"] else frozen.items.gate)[item]),
        "place": str(demand["place"]),
        **{name: int(demand[name]) for name in ("start", "end", "duration", "posted", "urgency")},
    }


def _resource_facts(frozen: Frozen, row: int) -> dict[str, object]:
    offer = frozen.resources[row]
    return {
        "item": int(offer["item"]),
        "category": int(frozen.items.category[offer["item"]]),
        "qualified": int(offer["qualified"]),
        "scope": frozen.scopes[offer["scope"]],
        "calendar": frozen.calendars[offer["calendar"]],
        "notice": int(offer["notice"]),
        "home": str(offer["home"]),
    }


def _worth(line: dict, offer: dict, policy: Policy, now_ms: int) -> int:  # type: ignore[type-arg]
    exact = line["item"] == offer["item"]
    if not exact and not (line["siblings"] and line["category"] == offer["category"]):
        return 0
    if offer["qualified"] & line["need"] != line["need"] or not line["place"].startswith(offer["scope"]):
        return 0
    begin = max(line["start"], now_ms + offer["notice"])
    if not any(
        max(begin, start) <= line["end"] - line["duration"] and max(begin, start) + line["duration"] <= end
        for start, end in offer["calendar"]
    ):
        return 0
    hours = min(max((now_ms - line["posted"]) // 3_600_000, 0), policy.waiting.cap_hours)
    urgency = (policy.urgency.normal, policy.urgency.urgent, policy.urgency.whistle, policy.urgency.emergency)
    near, home, place = policy.nearness, offer["home"], line["place"]
    shared = next((points for digits, points in ((12, near.community), (9, near.street), (6, near.district),
                  (4, near.city)) if home[:digits] == place[:digits]), near.beyond)  # fmt: skip
    fit = policy.fit.exact if exact else policy.fit.sibling
    total: int = policy.service.base + urgency[line["urgency"]] + hours * policy.waiting.per_hour + shared + fit
    return max(total, 0)
