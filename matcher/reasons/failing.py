"""Which rule keeps a resource from serving a line: the first that fails, in the order of ``schemas.rules.Rule``."""

from typing import Final, get_args

import numpy as np

from matcher.pairs.rules import Board, trials
from matcher.round.matched import Seats
from matcher.state.columns import Ints
from schemas.rules import Rule

ORDER: Final[tuple[Rule, ...]] = get_args(Rule)
"""In which order a resource's first failing rule is told."""


def of_category(board: Board, line: int) -> Ints:
    """Return the resources of the line's category; rows, sorted."""
    frozen, category = board.frozen, board.frozen.items.category
    return np.flatnonzero(category[frozen.resources["item"]] == category[frozen.lines["item"][line]])


def first_failures(board: Board, seats: Seats, line: int, resources: Ints) -> tuple[Ints, dict[Rule, int]]:
    """Return the resources that pass every rule, and how many of the others fail which rule first."""
    row = np.full(len(resources), line)
    tests = trials(board, row, resources, supply=seats.supply)
    passing, failing = np.ones(len(resources), bool), dict.fromkeys(ORDER, 0)
    for rule in ORDER[:-1]:
        failing[rule] = int((passing & ~tests[rule]).sum())
        passing &= tests[rule]
    return resources[passing], failing
