"""Escalation 四级联动 as the page shows it: what is with each level, what came of it in a week, and which demands."""

import asyncio
from typing import Final, get_args

from sqlalchemy import Connection

from api.console.desk import millis
from api.console.names import Message
from api.places import place, shard_name
from api.ports import Clock
from api.readmodel.model import ReadModel
from api.readmodel.queries.escalations import levels, list_escalations
from api.readmodel.queries.filters import Filter
from api.readmodel.views import EscalationState, EscalationView, LevelView
from schemas.regions import Regions

MOST_ROWS: Final = 60
"""The newest; who wants more asks the API."""
MOST_LEVELS: Final = 24
STATES: Final[tuple[str, ...]] = get_args(EscalationState)


class Linkage:
    """Reads what was escalated."""

    def __init__(self, *, model: ReadModel, regions: Regions, clock: Clock) -> None:
        self._model, self._regions, self._clock = model, regions, clock

    async def look(self, region: str, *, to: str = "", state: str = "") -> Message:
        """Return the levels of a region, and what went up last: to one shard, of one state, where these are named."""
        return await asyncio.to_thread(self._look, region, to, state)

    def _look(self, region: str, to: str, state: str) -> Message:
        now = self._clock.now()
        with self._model.read() as connection:
            found = levels(connection, now=now, region=region).levels
            rows = self._rows(connection, region, to, state)
        most = sorted(found, key=lambda level: -(sum(level.waiting) or sum(level.reached.values())))[:MOST_LEVELS]
        return {
            "region": region,
            "to": to,
            "state": state,
            "now": millis(now),
            "levels": [self._level(level) for level in found if level in most],
            "left_out": len(found) - len(most),
            **rows,
        }

    def _rows(self, connection: Connection, region: str, to: str, state: str) -> Message:
        narrow = Filter(region=region, state=state if state in STATES else None)
        page = list_escalations(connection, to_shard=to or None, filter=narrow, limit=MOST_ROWS)
        return {"rows": [self._row(row) for row in page.rows], "more": page.next_cursor is not None}

    def _level(self, level: LevelView) -> Message:
        return {
            "shard": level.shard,
            "level": level.level,
            "name": shard_name(self._regions, level.shard),
            "demands": level.demands,
            "waiting": list(level.waiting),
            "held": level.held,
            "posted_at": level.posted_at and millis(level.posted_at),
            "reached": sum(level.reached.values()),
            "served": level.reached.get("served", 0),
        }

    def _row(self, row: EscalationView) -> Message:
        return {
            "key": f"{row.from_shard} {row.round_no} {row.number}",
            "id": row.demand_id,
            "title": row.demand_title or row.demand_id,
            "place": place(self._regions, row.community),
            "urgency": row.urgency or "normal",
            "from": shard_name(self._regions, row.from_shard),
            "to": shard_name(self._regions, row.to_shard),
            "level": row.to_level,
            "at": millis(row.at),
            "posted_at": row.posted_at and millis(row.posted_at),
            "cause": row.cause,
            "seats": sum(len(line.seats) for line in row.lines),
            "state": row.state,
        }
