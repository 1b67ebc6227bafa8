"""What the page shows, read from the lists and put into plain values: times in milliseconds, names resolved.

Synchronous: call it in a thread.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from api.console.names import Message, Providers, crumbs
from api.console.teams import items_in_teams
from api.places import place, shard_name
from api.ports import Clock
from api.readmodel.model import ReadModel
from api.readmodel.queries.assignments import list_assignments
from api.readmodel.queries.escalations import sitting
from api.readmodel.queries.feed import feed_after, feed_head
from api.readmodel.queries.filters import Filter, in_region
from api.readmodel.queries.modes import modes_around
from api.readmodel.queries.overview import overview, trend
from api.readmodel.tables import demands
from api.readmodel.views import AssignmentView, Counts, FeedRow, Overview
from schemas.lives.mode import Mode
from schemas.regions import Regions
from schemas.sharding import DISTRICT

WAITING = 12
RECENT = 100
EMERGENCIES = 3
"""Named in the header; of more it says how many."""
FLOOD = 500
"""More events at once than anybody can read: the older ones are passed over."""
_STILL_OPEN = ("open", "partly_matched")
_ENDED = frozenset({"declined", "expired", "revoked"})


class Tail(NamedTuple):
    """New rows of the stream, oldest first, and where to go on."""

    rows: list[Message]
    seq: int


def millis(moment: datetime) -> int:
    """Return milliseconds since 1970, as JavaScript counts."""
    return round(moment.timestamp() * 1000)


class Desk:
    """Reads what the overview shows."""

    def __init__(self, *, model: ReadModel, regions: Regions, clock: Clock) -> None:
        self._model = model
        self._regions = regions
        self._clock = clock
        self.providers = Providers(regions)

    def home(self) -> str:
        """Return the smallest region that holds all data, at most a street; ``""`` where there is none yet.

        Districts that only help others, and ask for nothing, do not count.
        """
        region = ""
        with self._model.read() as connection:
            while len(region) < 9:
                found = overview(connection, now=self._clock.now(), region=region)
                below = _peopled(found)
                if len(region) < DISTRICT:
                    below = [child for child in below if child[1].asked] or below
                if len(below) != 1:
                    break
                region = below[0][0]
        return region

    def view(self, region: str) -> Message:
        """Return the figures, charts and the longest waiting of a region."""
        now = self._clock.now()
        with self._model.read() as connection:
            found = overview(connection, now=now, region=region)
            points = trend(connection, now=now, region=region)
            waiting = self._waiting(connection, region)
            modes = modes_around(connection, region=region, now=now)
        children = [
            {"code": code, "name": self._regions.name(code), **_seats(counts)} for code, counts in _peopled(found)
        ]
        return {
            "region": {"code": region, "name": self._regions.name(region) if region else ""},
            "path": crumbs(self._regions, region),
            "children": children,
            "figures": _figures(found),
            "categories": [
                {"category": row.category, **_seats(row.counts)} for row in found.categories if row.counts.asked
            ],
            "minutes": [{"at": millis(point.at), "matches": point.matches} for point in points],
            "waiting": waiting,
            "emergencies": {"count": len(modes), "shown": [self._emergency(mode) for mode in modes[:EMERGENCIES]]},
            "now": millis(now),
            "empty": not region and not children,
        }

    def _emergency(self, mode: Mode) -> Message:
        code = mode.region
        name = place(self._regions, code) if len(code) == len(mode.community) else shard_name(self._regions, code)
        return {
            "id": mode.id,
            "place": name,
            "reason": mode.reason,
            "since": millis(mode.opened_at),
            "until": None if mode.due is None else millis(mode.due),
        }

    def recent(self, region: str, category: str) -> Tail:
        """Return the newest matches of a region as rows, oldest first, and how far the feed has got."""
        with self._model.read() as connection:
            seq = feed_head(connection)
            page = list_assignments(connection, filter=Filter(region=region, category=category or None), limit=RECENT)
            return Tail(self._rows(connection, list(reversed(page.rows))), seq)

    def after(self, seq: int) -> Tail:
        """Return what became of assignments since ``seq``, everywhere; of a flood only the newest.

        A smaller ``seq`` comes back where the lists were made anew meanwhile.
        """
        with self._model.read() as connection:
            head = feed_head(connection)
            if head < seq:
                return Tail([], head)
            page = feed_after(connection, seq=max(seq, head - FLOOD), limit=FLOOD)
            return Tail(self._rows(connection, [row for row in page.rows if row.item is not None]), page.next_seq)

    def _rows(self, connection: Connection, found: Sequence[AssignmentView | FeedRow]) -> list[Message]:
        posted = _posted(connection, {row.demand_id for row in found if row.demand_id})
        providers = self.providers.of(connection, {row.provider for row in found if row.provider})
        teamed = items_in_teams(connection, posted.keys())
        rows = []
        for row in found:
            seq, state, at, opens = _standing(row)
            since = posted.get(row.demand_id or "")
            rows.append(
                {
                    "id": row.assignment_id,
                    "seq": seq,
                    "opens": opens,
                    "at": millis(at),
                    "state": state,
                    "over": state in _ENDED,
                    "item": row.item,
                    "offered": row.offered_item,
                    "category": row.category,
                    "community": row.community,
                    "place": place(self._regions, row.community),
                    "demand": row.demand_title,
                    "teamed": (row.demand_id, row.item) in teamed,
                    "provider": providers[row.provider or ""],
                    "waited_s": None if since is None or not opens else max(0.0, (at - since).total_seconds()),
                    "value": row.value,
                }
            )
        return rows

    def _waiting(self, connection: Connection, region: str) -> list[Message]:
        """Each state by itself, so that its index gives the oldest without sorting the rest."""
        table = demands.c
        queries = [
            select(demands)
            .where(table.state == state, in_region(table.community, region))
            .order_by(table.posted_at, table.demand_id)
            .limit(WAITING)
            for state in _STILL_OPEN
        ]
        found = [row for query in queries for row in connection.execute(query)]
        teamed = {demand_id for demand_id, _ in items_in_teams(connection, [row.demand_id for row in found])}
        return [
            {
                "id": row.demand_id,
                "title": row.title,
                "place": place(self._regions, row.community),
                "urgency": row.urgency,
                "posted_at": millis(row.posted_at),
                "open_seats": row.asked - row.filled,
                "with": [shard_name(self._regions, name) for name in sorted({at.level for at in sitting(row.sits_in)})],
                "teamed": row.demand_id in teamed,
            }
            for row in sorted(found, key=lambda row: (row.posted_at, row.demand_id))[:WAITING]
        ]


def _standing(row: AssignmentView | FeedRow) -> tuple[int, str, datetime, bool]:
    """Return place in the feed, state as people see it, time, and whether the row begins an assignment."""
    if isinstance(row, AssignmentView):
        return 0, row.state, row.proposed_at, True
    state = "declined" if row.type == "revoked" and row.reason == "declined" else row.type
    return row.seq, state, row.at, row.type == "proposed"


def _posted(connection: Connection, ids: Iterable[str]) -> dict[str, datetime]:
    query = select(demands.c.demand_id, demands.c.posted_at).where(demands.c.demand_id.in_(ids))
    return {row.demand_id: row.posted_at for row in connection.execute(query)}


def _peopled(found: Overview) -> list[tuple[str, Counts]]:
    """Return the child regions that have anything at all."""
    return [
        (row.region, row.counts)
        for row in found.regions
        if row.counts.asked or row.counts.resources or row.counts.live or row.counts.units
    ]


def _seats(counts: Counts) -> Message:
    return {"filled": counts.filled, "open": counts.open_seats}


def _figures(found: Overview) -> Message:
    counts = found.counts
    return {
        "open_demands": counts.open_demands,
        "open_seats": counts.open_seats,
        "asked_seats": counts.asked,
        "filled_seats": counts.filled,
        "fill_rate": counts.fill_rate,
        "live_assignments": counts.live,
        "fulfilled": counts.fulfilled,
        "resources": counts.resources,
        "units": counts.units,
        "members": counts.members,
        "rounds_per_minute": found.rounds_last_minute,
        "matches_last_minute": found.matches_last_minute,
        "median_wait_s": found.median_wait_s,
    }
