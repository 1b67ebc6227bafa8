"""Claims, and what rounds made of them."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from api.readmodel.projection.rows import Values, change, put_once, rows_among
from api.readmodel.tables import claim_outcomes, claims
from schemas.claims import ClaimDropped, ClaimMade
from schemas.envelope import Event
from schemas.rounds import RoundDecided

_SHARDS = select(claims.c.claim_id, claims.c.shard)


def project_claims(connection: Connection, events: Sequence[Event[ClaimMade | ClaimDropped]]) -> None:
    """Write claims, the first of an id only, and which were taken back: in their shard, after they were made."""
    gone = {event.data.claim_id for event in events if isinstance(event.data, ClaimDropped)}
    known = {(row.claim_id, row.shard) for row in rows_among(connection, _SHARDS, key=claims.c.claim_id, wanted=gone)}
    made, dropped = [], []
    for event in events:
        claim = event.data
        if isinstance(claim, ClaimMade):
            made.append(_row(claim))
            known.add((claim.claim_id, claim.shard))
        elif (claim.claim_id, claim.shard) in known:
            dropped.append({"claim_id": claim.claim_id, "dropped": True})
    put_once(connection, claims, made)
    change(connection, claims, dropped, columns=("dropped",))


def _row(claim: ClaimMade) -> Values:
    return {
        "claim_id": claim.claim_id,
        "shard": claim.shard,
        "by": claim.by,
        "demand_id": claim.demand_id,
        "line": claim.line,
        "resource_id": claim.resource_id,
        "made_at": claim.at,
        "dropped": False,
    }


def project_outcomes(connection: Connection, decisions: Sequence[RoundDecided]) -> None:
    """Write what rounds that count said of claims."""
    rows = [
        {
            "claim_id": claim.claim_id,
            "outcome": claim.outcome,
            "rule": claim.rule,
            "round_no": decided.round_no,
            "decided_at": decided.decided_at,
        }
        for decided in decisions
        for claim in decided.claims
    ]
    put_once(connection, claim_outcomes, rows)
