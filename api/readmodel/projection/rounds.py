"""The decision log: one row per round, and which demands it let lapse."""

import zlib
from collections.abc import Sequence

from sqlalchemy import Connection, select

from api.readmodel.projection.claims import project_outcomes
from api.readmodel.projection.rows import Values, put, put_once, rows_among
from api.readmodel.tables import lapses, rounds, shards
from schemas.envelope import Event
from schemas.rounds import RoundDecided

_LAST = select(shards.c.shard, shards.c.round_no)
_LAPSES = select(lapses)


def project_rounds(connection: Connection, events: Sequence[Event[RoundDecided]]) -> set[str]:
    """Write the rounds that count and their lapses; return the ids of demands that lapsed."""
    if not events:
        return set()
    counting = _counting(connection, events)
    put_once(connection, rounds, [_row(decided) for decided in counting])
    newest = {decided.shard: decided for decided in counting}
    put(connection, shards, [_head(decided) for decided in newest.values()])
    project_outcomes(connection, counting)
    return _lapse(connection, counting)


def _counting(connection: Connection, events: Sequence[Event[RoundDecided]]) -> list[RoundDecided]:
    """Leave out the rounds that came second: a shard's numbers go up by one, the first of each counts."""
    wanted = {event.data.shard for event in events}
    last = {row.shard: row.round_no for row in rows_among(connection, _LAST, key=shards.c.shard, wanted=wanted)}
    counting = []
    for event in events:
        decided = event.data
        if decided.shard not in last or decided.round_no == last[decided.shard] + 1:
            last[decided.shard] = decided.round_no
            counting.append(decided)
    return counting


def _lapse(connection: Connection, decisions: Sequence[RoundDecided]) -> set[str]:
    newest: dict[str, int] = {}
    for decided in decisions:
        for lapse in decided.lapsed:
            newest[lapse.demand_id] = max(lapse.version, newest.get(lapse.demand_id, 0))
    for row in rows_among(connection, _LAPSES, key=lapses.c.demand_id, wanted=newest):
        newest[row.demand_id] = max(row.version, newest[row.demand_id])
    put(connection, lapses, [{"demand_id": demand_id, "version": version} for demand_id, version in newest.items()])
    return set(newest)


def _head(decided: RoundDecided) -> Values:
    return {"shard": decided.shard, "round_no": decided.round_no, "decided_at": decided.decided_at}


def _row(decided: RoundDecided) -> Values:
    size = decided.size
    return {
        "shard": decided.shard,
        "round_no": decided.round_no,
        "decided_at": decided.decided_at,
        "cause": decided.cause,
        "policy": decided.policy.name,
        "policy_version": decided.policy.version,
        "proposals": len(decided.proposals),
        "transitions": len(decided.transitions),
        "lapsed": len(decided.lapsed),
        "pairs": size.pairs,
        "line_seats": size.line_seats,
        "resource_seats": size.resource_seats,
        "components": size.components,
        "value": decided.value,
        "holds": decided.certificate.holds and all(part.certified for part in decided.team_parts),
        "body": zlib.compress(decided.model_dump_json().encode(), level=1),
    }
