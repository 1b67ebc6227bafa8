"""Who wins and who loses: demand by demand, one run beside another; small cells are not shown."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from api.readmodel.queries.suppression import SMALLEST_CELL
from deploy.backtest.entries import Asked
from deploy.backtest.ledger import Held
from deploy.backtest.result import Comparison, Group

NOTICED = timedelta(hours=1)
"""A first seat that comes so much earlier or later counts as sooner or later."""

Counts = list[int]
"""Wins, losses, the same."""


def compare(
    policy: str,
    ours: Sequence[Held],
    recorded: Sequence[Held],
    demands: Mapping[str, Asked],
    *,
    title_of: Callable[[str], str] = str,
) -> Comparison:
    """Return who gets more seats under a policy than under the record, and who fewer; ``title_of`` names streets."""
    mine, theirs = _by_demand(ours), _by_demand(recorded)
    outcomes = {name: _outcome(mine.get(name, []), theirs.get(name, [])) for name in demands}
    total = _sum(outcomes.values())
    sooner, later = _shifted(mine, theirs, demands)
    return Comparison(
        policy=policy,
        total=_groups({"all": total})[0],
        sooner=_shown(sooner),
        later=_shown(later),
        streets=_groups(_sorted_out(outcomes, lambda name: demands[name].street), title_of),
        categories=_groups(_sorted_out(outcomes, lambda name: demands[name].category)),
    )


def suppressed(table: Sequence[Sequence[int]]) -> list[list[int | None]]:
    """Return a table of counts, those from 1 to 4 as None, and as many others as it takes that none follows.

    Whole and parts of each row and column may be known, so a single hidden cell in one of them would follow: the
    smallest other of it that is not zero is hidden, too, or a zero where there is nothing else.
    """
    hidden = [[0 < count < SMALLEST_CELL for count in row] for row in table]
    lines = [[(row, column) for column in range(len(table[row]))] for row in range(len(table))]
    if len(table) > 1:
        lines += [[(row, column) for row in range(len(table))] for column in range(len(table[0]))]
    while True:
        alone = next((line for line in lines if sum(hidden[row][column] for row, column in line) == 1), None)
        if alone is None:
            break
        row, column = min(
            (place for place in alone if not hidden[place[0]][place[1]]),
            key=lambda place: (table[place[0]][place[1]] == 0, table[place[0]][place[1]], place),
        )
        hidden[row][column] = True
    return [
        [None if hides else count for count, hides in zip(row, hides_row, strict=True)]
        for row, hides_row in zip(table, hidden, strict=True)
    ]


def _groups(counts: Mapping[str, Counts], title_of: Callable[[str], str] = str) -> tuple[Group, ...]:
    """Return the groups, those with most changes first."""
    names = sorted(counts, key=lambda name: (-counts[name][0] - counts[name][1], name))
    shown = suppressed([[sum(counts[name]), *counts[name]] for name in names])
    return tuple(
        Group(name=name, title=title_of(name), demands=demands, wins=wins, loses=loses, same=same)
        for name, (demands, wins, loses, same) in zip(names, shown, strict=True)
    )


def _sorted_out(outcomes: Mapping[str, int], group_of: Callable[[str], str]) -> dict[str, Counts]:
    groups: dict[str, list[int]] = defaultdict(list)
    for name, outcome in outcomes.items():
        groups[group_of(name)].append(outcome)
    return {group: _sum(members) for group, members in groups.items()}


def _sum(outcomes: Iterable[int]) -> Counts:
    found = list(outcomes)
    return [sum(each > 0 for each in found), sum(each < 0 for each in found), sum(each == 0 for each in found)]


def _outcome(mine: Sequence[Held], theirs: Sequence[Held]) -> int:
    return len(mine) - len(theirs)


def _shifted(
    mine: Mapping[str, list[Held]], theirs: Mapping[str, list[Held]], demands: Mapping[str, Asked]
) -> tuple[int, int]:
    """Return how many demands with as many seats get their first one sooner, and later."""
    both = [name for name in demands if name in mine and len(mine[name]) == len(theirs.get(name, []))]
    steps = [_first(mine[name]) - _first(theirs[name]) for name in both]
    return sum(step <= -NOTICED for step in steps), sum(step >= NOTICED for step in steps)


def _first(seats: Sequence[Held]) -> datetime:
    return min(held.at for held in seats)


def _by_demand(served: Sequence[Held]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for held in served:
        found[held.demand_id].append(held)
    return found


def _shown(count: int) -> int | None:
    return count if count >= SMALLEST_CELL or not count else None
