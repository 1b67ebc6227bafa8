"""One region on one screen: running sums, so that the cost does not grow with the lists."""

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, func, or_, select, type_coerce

from api.readmodel.instants import from_micros, to_micros
from api.readmodel.queries.deadletters import count_dead_letters
from api.readmodel.queries.filters import in_region, shard_meets
from api.readmodel.queries.suppression import shown, shown_among
from api.readmodel.tables import assignments, demands, rounds, tallies
from api.readmodel.views import CategoryCounts, Counts, Overview, RegionCounts, TrendPoint

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_WAITS = 500
_SUMS = ("open_demands", "open_seats", "asked", "filled", "fulfilled", "resources", "live", "units")
_NOTHING = Counts(**dict.fromkeys(_SUMS, 0), members=None, fill_rate=None)


def overview(connection: Connection, *, now: datetime, region: str = "") -> Overview:
    """Return the numbers of a region, the same for each child region and for each category.

    ``now`` ends the last minute (rounds, matches) and the last day (median wait from posting to proposal, of
    the newest 500 matches).
    """
    query = select(tallies).where(
        or_(tallies.c.region == region, (tallies.c.parent == region) & (tallies.c.category == "")),
        tallies.c.region.not_like("%-%"),  # grids are seen in the roll-up
    )
    found = connection.execute(query.order_by(tallies.c.region, tallies.c.category))
    rows = [row for row in found if any(row._mapping[name] for name in (*_SUMS, "enrolments"))]
    own = {row.category: _counts(row, members=shown(row.enrolments)) for row in rows if row.region == region}
    below = [row for row in rows if row.region != region]
    members = shown_among([row.enrolments for row in below])
    return Overview(
        region=region,
        at=now,
        counts=own.get("", _NOTHING),
        rounds_last_minute=_rounds(connection, since=now - _MINUTE, now=now, region=region),
        matches_last_minute=_matches(connection, since=now - _MINUTE, now=now, region=region),
        median_wait_s=_median_wait(connection, since=now - _DAY, now=now, region=region),
        dead_letters=count_dead_letters(connection),
        regions=tuple(
            RegionCounts(region=row.region, counts=_counts(row, members=count))
            for row, count in zip(below, members, strict=True)
        ),
        categories=tuple(
            CategoryCounts(category=category, counts=counts) for category, counts in own.items() if category
        ),
    )


def trend(
    connection: Connection, *, now: datetime, region: str = "", step: timedelta = _MINUTE, points: int = 30
) -> tuple[TrendPoint, ...]:
    """Return how many matches were proposed in each of the last ``points`` steps, oldest first, zeros included.

    Steps are counted from 1970, so that the same step holds the same matches in every answer; the last one is
    still running.
    """
    width = step // timedelta(microseconds=1)
    last = to_micros(now) // width
    table = assignments.c
    bucket = (type_coerce(table.proposed_at, BigInteger) // width).label("bucket")
    query = (
        select(bucket, func.count().label("matches"))
        .where(table.proposed_at >= from_micros((last - points + 1) * width), table.proposed_at <= now)
        .where(in_region(table.community, region))
        .group_by(bucket)
    )
    found = {row.bucket: row.matches for row in connection.execute(query)}
    places = range(last - points + 1, last + 1)
    return tuple(TrendPoint(at=from_micros(place * width), matches=found.get(place, 0)) for place in places)


def _rounds(connection: Connection, *, since: datetime, now: datetime, region: str) -> int:
    query = select(func.count()).where(
        rounds.c.decided_at > since, rounds.c.decided_at <= now, shard_meets(rounds.c.shard, region)
    )
    return connection.execute(query).scalar_one()


def _matches(connection: Connection, *, since: datetime, now: datetime, region: str) -> int:
    table = assignments.c
    query = select(func.count()).where(
        table.proposed_at > since, table.proposed_at <= now, in_region(table.community, region)
    )
    return connection.execute(query).scalar_one()


def _median_wait(connection: Connection, *, since: datetime, now: datetime, region: str) -> float | None:
    table = assignments.c
    query = (
        select(table.proposed_at, demands.c.posted_at)
        .join(demands, demands.c.demand_id == table.demand_id)
        .where(table.proposed_at > since, table.proposed_at <= now, in_region(table.community, region))
        .order_by(table.proposed_at.desc())
        .limit(_WAITS)
    )
    waits = [(proposed - posted).total_seconds() for proposed, posted in connection.execute(query)]
    return median(waits) if waits else None


def _counts(row: Row[Any], *, members: int | None) -> Counts:
    return Counts(
        **{name: getattr(row, name) for name in _SUMS},
        members=members,
        fill_rate=row.filled / row.asked if row.asked else None,
    )
