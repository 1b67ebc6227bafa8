"""What one writes first: Python loops over pairs, then a dense assignment."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from deploy.bench.district import NOON
from matcher.round.matched import Matching
from matcher.state.fold import to_ms
from matcher.state.pool import Frozen
from schemas.policy import Policy


def loop_and_dense(frozen: Frozen, policy: Policy, matching: Matching) -> int:
    """Two nested loops over pairs, each asking every rule, then a dense assignment."""
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
