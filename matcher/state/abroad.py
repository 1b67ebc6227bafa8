"""What a round needs to know of other shards: seats that are here for them, and what they know of our demands."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from matcher.state.columns import Ints
from matcher.state.shard import ShardState


class OpenHold(NamedTuple):
    """Who asked for a hold on which resource; ``resource`` is its row, -1 where it is closed."""

    giver: str
    resource_id: str
    resource: int


@dataclass(frozen=True, slots=True)
class Abroad:
    """See the module; rows are those of the frozen pool.

    ``holds`` maps (line row, seat) to the hold that was asked, of seats that sit here for it; ``visits`` maps those
    that visit to the shard that they came from. ``went_up`` (demands,) is when (ms) seats of a demand left last for the
    shard above, 0 if never. ``behind`` lists demand rows with the shards that know an older version. ``taken`` maps a
    resource row to the moment (ms) up to which it is not asked for. ``elsewhere`` maps a line row to the bits of its
    seats that do not sit here.
    """

    holds: dict[tuple[int, int], OpenHold]
    visits: dict[tuple[int, int], str]
    went_up: Ints
    behind: list[tuple[int, str]]
    taken: dict[int, int]
    elsewhere: dict[int, int]


def known_in_older_versions(state: ShardState) -> list[tuple[int, str]]:
    """Return the demands (rows of the state) that other shards know in an older version, with these; sorted."""
    version = state.demands.table.rows["version"]
    return sorted((row, shard) for (row, shard), known in state.rounds.sent.items() if version[row] > known)


def abroad_of(
    state: ShardState,
    behind: list[tuple[int, str]],
    *,
    new_demand: Ints,
    new_resource: Ints,
    line_count: Ints,
    elsewhere: dict[int, int],
) -> Abroad:
    """Return it in rows of the frozen pool.

    Args:
        state: the shard's.
        behind: ``known_in_older_versions``, all of them chosen.
        new_demand: from rows of the state (demands,) to chosen ones, -1 where a demand is not chosen.
        new_resource: the same (resources,).
        line_count: lines of the chosen demands.
        elsewhere: bits of seats that do not sit here, by line row.
    """
    first = np.cumsum(line_count) - line_count

    def place(row: int, line: int, seat: int) -> tuple[int, int] | None:
        demand = new_demand[row]
        if demand < 0 or line >= line_count[demand] or not state.seats.is_here(row, (line, seat)):
            return None
        return int(first[demand]) + line, seat

    holds = {place(*seat): hold for seat, hold in state.transfers.holds.items()}
    visits = {place(*seat): giver for seat, giver in state.transfers.visits.items()}
    went_up = np.zeros(len(line_count), np.int64)
    for row, at_ms in state.rounds.went_up.items():
        if new_demand[row] >= 0:
            went_up[new_demand[row]] = at_ms
    return Abroad(
        holds={
            at: OpenHold(hold.giver, state.resources.ids[hold.resource], int(new_resource[hold.resource]))
            for at, hold in holds.items()
            if at is not None
        },
        visits={at: giver for at, giver in visits.items() if at is not None},
        went_up=went_up,
        behind=[(int(new_demand[row]), shard) for row, shard in behind],
        taken={int(new_resource[row]): until for row, until in state.transfers.taken.items() if new_resource[row] >= 0},
        elsewhere=elsewhere,
    )
