"""How a demand stands: its state, its seats, and what it adds to the sums. Pure rules.

1. A seat is filled while an assignment holds it or when the job was done; no line counts more than it asks for.
2. Withdrawn is withdrawn; all done is fulfilled; all filled is matched.
3. Open seats that lapsed stay closed for the version that lapsed: a later version opens them again.
4. What was withdrawn before it was filled was not asked for, as far as rates go.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple


def fill(line: dict[str, Any], *, held: int, done: int) -> dict[str, Any]:
    """Return the line with its filled and fulfilled seats; ``held`` leaves out those that are ``done``."""
    quantity = line["quantity"]
    return line | {"filled": min(quantity, held + done), "fulfilled": min(quantity, done)}


def state_of(*, withdrawn: bool, lapsed: bool, asked: int, filled: int, fulfilled: int) -> str:
    """Return the state as people see it."""
    if withdrawn:
        return "withdrawn"
    if fulfilled >= asked:
        return "fulfilled"
    if filled >= asked:
        return "matched"
    if lapsed:
        return "lapsed"
    return "partly_matched" if filled else "open"


class Contribution(NamedTuple):
    """What a demand adds to the sums of one category, or of all under ""."""

    category: str
    open_demands: int
    open_seats: int
    asked: int
    filled: int
    fulfilled: int


def contributions(state: str, lines: Iterable[Mapping[str, Any]]) -> Iterator[Contribution]:
    """Yield the demand's part in the total, then in each of its categories."""
    by_category: dict[str, list[int]] = {}
    for line in lines:
        for category in ("", line["category"]):
            sums = by_category.setdefault(category, [0, 0, 0])
            sums[0] += line["filled"] if state == "withdrawn" else line["quantity"]
            sums[1] += line["filled"]
            sums[2] += line["fulfilled"]
    is_open = state in ("open", "partly_matched")
    for category, (asked, filled, fulfilled) in by_category.items():
        seats = asked - filled if is_open else 0
        yield Contribution(category, int(seats > 0), seats, asked, filled, fulfilled)
