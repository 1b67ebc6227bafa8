"""A region and what lies one level below it, in sums: the cost does not grow with the lists."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, or_, select, text

from api.readmodel.queries.filters import in_place
from api.readmodel.queries.suppression import OF_PEOPLE, shown, shown_among
from api.readmodel.rollupviews import KindCount, Overdue, OverdueRow, RegionRow, RegionSums, Rollup, StageRow
from api.readmodel.tables import lives, stages, tallies
from schemas.lives import BY_KIND
from schemas.regions import way_down

LEVELS = ("country", "province", "city", "district", "street", "community")
"""The names of levels from above; whatever lies deeper is a grid."""

_SUMS = ("open_demands", "open_seats", "asked", "filled", "fulfilled", "resources", "units")
_NO_TALLY: Mapping[str, Any] = dict.fromkeys((*_SUMS, "enrolments"), 0)
_COMMUNITY = 12

Name = Callable[[str], str]
"""Says what a region is called."""


class _Late(NamedTuple):
    overdue: int
    oldest: datetime


def rollup(connection: Connection, *, now: datetime, name: Name, region: str = "") -> Rollup:
    """Return the sums of a region (a prefix, or a community with a grid) and of those one level below it.

    ``now`` tells what is overdue. A region without any sum is not among the children.
    """
    sums = {row.region: row._asdict() for row in connection.execute(_here_and_below(tallies, region))}
    found = connection.execute(_here_and_below(stages, region)).all()
    opened = _open_by_region(found)
    late = _late(connection, now=now, region=region)
    regions = [each for each in sums if any(sums[each][part] for part in _NO_TALLY)]
    below = sorted({*regions, *opened, *(each for each, _ in late)} - {region})
    names = _names(connection, region, name)
    members = shown_among([sums.get(each, _NO_TALLY)["enrolments"] for each in below])
    by_kind = _by_kind(below, opened, late)

    def row(each: str, members: int | None, counts: tuple[KindCount, ...]) -> RegionRow:
        held = sums.get(each, _NO_TALLY)
        own = RegionSums(**{part: held[part] for part in _SUMS}, members=members, lives=counts)
        return RegionRow(region=each, name=names(each), level=level_of(each), sums=own)

    own = _by_kind([region], opened, late)[region]
    return Rollup(
        at=now,
        own=row(region, shown(sums.get(region, _NO_TALLY)["enrolments"]), own),
        children=tuple(row(each, count, by_kind[each]) for each, count in zip(below, members, strict=True)),
        stages=_stages([each for each in found if each.region == region]),
    )


def overdue(connection: Connection, *, now: datetime, name: Name, region: str = "") -> Overdue:
    """Return how many lives of each kind are overdue in a region and in each of those one level below it."""
    late = _late(connection, now=now, region=region)
    names = _names(connection, region, name)
    below = sorted({each for each, _ in late} - {region})
    among = {kind: _shown(kind, [_count(late, each, kind) for each in below]) for _, kind in late}
    places = {each: place for place, each in enumerate(below)}

    def row(each: str, kind: str, count: int | None) -> OverdueRow:
        oldest = None if count is None else late[each, kind].oldest
        return OverdueRow(region=each, name=names(each), kind=kind, overdue=count, oldest=oldest)

    own = [kind for each, kind in sorted(late) if each == region]
    return Overdue(
        at=now,
        own=tuple(row(region, kind, _shown(kind, [late[region, kind].overdue])[0]) for kind in own),
        children=tuple(row(each, kind, among[kind][places[each]]) for each, kind in sorted(late) if each != region),
    )


def level_of(region: str) -> str:
    """Return the name of the level of a region, a grid, or the country ("")."""
    depth = len(way_down(region)) - 1
    return LEVELS[depth] if depth < len(LEVELS) else "grid"


def _here_and_below(table: Any, region: str) -> Any:
    query = select(table).where(or_(table.c.region == region, table.c.parent == region))
    if table is tallies:
        query = query.where(table.c.category == "")
    return query.order_by(*table.primary_key.columns)


def _open_by_region(rows: Iterable[Row[Any]]) -> dict[str, dict[str, int]]:
    """Return how many lives are open, by region and kind; kinds that have none there are left out."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.here and BY_KIND[row.kind].states[row.state].is_open:
            found[row.region][row.kind] += row.here
    return found


def _late(connection: Connection, *, now: datetime, region: str) -> dict[tuple[str, str], _Late]:
    """Return what is overdue by region and kind, of the region itself and of those one level below."""
    depth = len(way_down(region))
    width = len(way_down("9" * _COMMUNITY)[depth]) if depth < len(LEVELS) else 0
    cut = func.substr(lives.c.place, text("1"), text(str(width))) if width else lives.c.place  # grids: cut below
    query = (
        select(cut.label("place"), lives.c.kind, func.count().label("count"), func.min(lives.c.due_at).label("oldest"))
        .where(lives.c.due_at <= now, in_place(lives.c.place, region))
        .group_by(cut, lives.c.kind)
    )
    found: dict[tuple[str, str], _Late] = {}
    for place, kind, count, oldest in connection.execute(query):
        for each in {region, *way_down(place)[depth : depth + 1]}:
            held = found.get((each, kind), _Late(0, oldest))
            found[each, kind] = _Late(held.overdue + count, min(held.oldest, oldest))
    return found


def _by_kind(
    regions: list[str], opened: Mapping[str, Mapping[str, int]], late: Mapping[tuple[str, str], _Late]
) -> dict[str, tuple[KindCount, ...]]:
    """Return the lives of each of ``regions`` by kind; small cells of people are hidden among them."""
    found: dict[str, tuple[KindCount, ...]] = dict.fromkeys(regions, ())
    for kind in sorted(BY_KIND):
        open_here = [opened.get(each, {}).get(kind, 0) for each in regions]
        late_here = [_count(late, each, kind) for each in regions]
        for each, is_some, count, overdue in zip(
            regions, open_here, _shown(kind, open_here), _shown(kind, late_here), strict=True
        ):
            if is_some:
                found[each] += (KindCount(kind=kind, open=count, overdue=overdue),)
    return found


def _count(late: Mapping[tuple[str, str], _Late], region: str, kind: str) -> int:
    held = late.get((region, kind))
    return 0 if held is None else held.overdue


def _shown(kind: str, counts: list[int]) -> list[int | None]:
    """Return counts of lives as they may be shown."""
    return shown_among(counts) if kind in OF_PEOPLE else list(counts)


def _stages(rows: list[Row[Any]]) -> tuple[StageRow, ...]:
    """Return states by kind, those of people such that no small count follows from the others and the total."""
    found: list[StageRow] = []
    for kind, states in groupby(rows, key=lambda row: row.kind):
        held = list(states)
        here, left = _shown(kind, [row.here for row in held]), _shown(kind, [row.left for row in held])
        for row, now, before in zip(held, here, left, strict=True):
            mean = row.stayed // row.left if before else None
            found.append(StageRow(kind=kind, state=row.state, here=now, left=before, mean_stay_s=mean))
    return tuple(found)


def _names(connection: Connection, region: str, name: Name) -> Name:
    """Return what says the names of regions, and those of grids where a community gave them one."""
    if len(region) < _COMMUNITY:
        return name
    query = select(lives.c.place, lives.c.title).where(
        lives.c.kind == "grid", lives.c.is_open, in_place(lives.c.place, region)
    )
    named: dict[str, str] = dict(connection.execute(query).tuples().all())
    return lambda each: named.get(each) or (each.partition("-")[2] if "-" in each else name(each))
