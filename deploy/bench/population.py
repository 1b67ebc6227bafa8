"""Pools of any size, drawn column by column: what ``district.py`` draws event by event would take minutes here.

The proportions are those of ``district.py``. The rows go straight into a shard's state, as its folds would lay them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from deploy.bench.district import DEMAND_SEATS, MEMBERS, NOON
from matcher.state.calendars import Calendar
from matcher.state.columns import FOREVER, Ints, Names
from matcher.state.demands import ROW as DEMAND_ROW
from matcher.state.fold import OPEN, to_ms
from matcher.state.pool import Frozen, freeze
from matcher.state.resources import ROW as RESOURCE_ROW
from matcher.state.shard import ShardState
from schemas.catalogue import Catalogue
from schemas.regions import Level, Regions

COUNTRY_MEMBERS: Final = 8_461_000
"""In-service members who reported to their communities (846.1 万名在职党员到社区报到)."""
COUNTRY_COMMUNITIES: Final = 119_437
COUNTRY_SEATS: Final = 4_200_000

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class District:
    """One shard to be drawn: its communities' codes, how many members and demand seats it has, and the draw's seed."""

    shard: str
    communities: tuple[int, ...]
    members: int
    seats: int
    seed: int = 0


def country(regions: Regions) -> list[District]:
    """Return the districts of the whole country, in order of their codes.

    The listing has a few more communities than the published figure: they are left out at even distances. Members
    and demand seats are spread evenly over communities.
    """
    listed = np.array([int(code) for code, _ in regions.communities()], np.int64)
    codes = listed[np.linspace(0, len(listed) - 1, COUNTRY_COMMUNITIES).astype(np.int64)]
    shard = codes // 10 ** (Level.COMMUNITY - Level.DISTRICT)
    first = np.append(np.flatnonzero(np.diff(shard, prepend=-1)), len(codes))
    members, seats = (first * total // len(codes) for total in (COUNTRY_MEMBERS, COUNTRY_SEATS))
    return [
        District(
            str(shard[first[place]]),
            tuple(codes[first[place] : first[place + 1]].tolist()),
            int(members[place + 1] - members[place]),
            int(seats[place + 1] - seats[place]),
        )
        for place in range(len(first) - 1)
    ]


def typical(shard: str, regions: Regions) -> District:
    """Return a district of the design's size."""
    return District(shard, tuple(int(code) for code, _ in regions.communities(shard)), MEMBERS, DEMAND_SEATS)


def drawn(district: District, catalogue: Catalogue, *, category: str | None = None) -> Frozen:
    """Return the pool of a district, the same each time.

    With ``category`` everything is of that one category and everybody is there at all hours: the hard case, in which
    nearly every pair is allowed.
    """
    state = ShardState(district.shard, catalogue)
    draw = np.random.default_rng([int(district.shard), district.seed])
    items = np.array(
        [number for item, number in sorted(state.items.number.items())
         if category in (None, catalogue.items[item].category_id)], np.int64,
    )  # fmt: skip
    places = np.array(district.communities, np.int64)
    _offer(state, draw, district, items, places, always=category is not None)
    _ask(state, draw, district, items, places)
    return freeze(state)


def _offer(
    state: ShardState, draw: np.random.Generator, district: District, items: Ints, places: Ints, *, always: bool
) -> None:
    rows = np.zeros(district.members, RESOURCE_ROW)
    rows["status"], rows["version"], rows["capacity"], rows["renewable"] = OPEN, 1, 1, True
    rows["item"] = draw.choice(items, len(rows))
    rows["qualified"] = (state.items.gate | state.items.risky_gate)[rows["item"]]
    rows["home"] = draw.choice(places, len(rows))
    rows["notice"] = draw.choice(np.array([0, 0, 1, 24]) * _HOUR, len(rows))
    state.resources.calendars = Names([((-FOREVER, FOREVER),)] if always else _calendars())
    rows["calendar"] = draw.integers(0, len(state.resources.calendars), len(rows))
    streets, street = np.unique(rows["home"] // 10 ** (Level.COMMUNITY - Level.STREET), return_inverse=True)
    state.resources.scopes = Names([(district.shard,), *((str(code),) for code in streets.tolist())])
    rows["scope"] = np.where(draw.random(len(rows)) < 0.92, 0, 1 + street)
    rows["provider"] = np.arange(len(rows))
    state.resources.admissions = Names([()])
    state.resources.ids = Names(f"r{number:07d}" for number in range(len(rows)))
    state.resources.providers = Names(f"member:r{number:07d}" for number in range(len(rows)))
    state.resources.table.replace(rows)


def _calendars() -> list[Calendar]:
    """Three days of ten hours each, beginning at any of thirteen hours."""
    opens = [to_ms(NOON) + hour * _HOUR for hour in range(-6, 7)]
    return [tuple((first + day * _DAY, first + day * _DAY + 10 * _HOUR) for day in range(3)) for first in opens]


def _ask(state: ShardState, draw: np.random.Generator, district: District, items: Ints, places: Ints) -> None:
    quantity = _quantities(draw, district.seats)
    rows = np.zeros(len(quantity), DEMAND_ROW)
    rows["status"], rows["version"], rows["lines"] = OPEN, 1, 1
    rows["urgency"] = draw.choice(4, len(rows), p=[0.8, 0.15, 0.04, 0.01])
    rows["place"] = draw.choice(places, len(rows))
    rows["start"] = to_ms(NOON) + draw.integers(0, 25, len(rows)) * _HOUR
    rows["end"] = rows["start"] + draw.choice(np.array([12, 24, 48]) * _HOUR, len(rows))
    rows["duration"] = draw.choice([_HOUR, 2 * _HOUR], len(rows))
    rows["lapses"] = rows["end"] - rows["duration"]
    rows["posted"] = to_ms(NOON) - draw.integers(0, 73, len(rows)) * _HOUR
    rows["first_line"] = rows["requester"] = np.arange(len(rows))
    rows["asked"] = quantity
    rows["cost_cap"] = FOREVER
    lines = np.zeros(len(rows), state.demands.lines.rows.dtype)
    lines["item"], lines["quantity"], lines["siblings"] = draw.choice(items, len(rows)), quantity, True
    state.demands.ids = Names(f"d{number:07d}" for number in range(len(rows)))
    state.demands.requesters = Names(_requesters(rows["place"].tolist()))
    state.demands.table.replace(rows)
    state.demands.lines.replace(lines)


def _quantities(draw: np.random.Generator, seats: int) -> Ints:
    """Return quantities of 1 to 3 that add up to ``seats``."""
    quantity = draw.choice(np.array([1, 1, 1, 2, 3], np.int64), seats)
    quantity = quantity[: int(np.searchsorted(np.cumsum(quantity), seats)) + 1]
    quantity[-1] -= quantity.sum() - seats
    return quantity


def _requesters(places: Sequence[int]) -> list[str]:
    return [f"community:{place}:{number}" for number, place in enumerate(places)]
