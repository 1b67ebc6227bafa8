"""Claims: which can be made, and which can be taken back. What becomes of one, the next round decides.

1. Both entries are on the lists, neither is withdrawn, and the demand has the line.
2. Both are of one shard: a round sees no other pair.
3. Not every open seat of the line was escalated: the level above asks for resources, and takes no claims.
4. An open claim can be taken back; doing so again changes nothing. One that a round has settled stays settled.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from api.commands import Command
from api.entries import WITHDRAWN
from api.mentions import entities_in
from api.positions import Position
from api.problems import Rejection
from api.reading import Reading, some
from api.readmodel.queries.claims import get_claim
from api.readmodel.queries.demands import demand_detail
from api.readmodel.queries.resources import get_resource
from api.readmodel.views import ClaimView, DemandDetail
from api.writing import Writer
from schemas.claims import ClaimDropped, ClaimMade, Side
from schemas.refusals import FieldRefusal, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A pair that one side picks."""

    by: Side
    demand_id: str
    line: int
    resource_id: str


class Claiming:
    """Takes claims."""

    def __init__(self, *, reading: Reading, writer: Writer) -> None:
        self._reading = reading
        self._writer = writer

    async def claim(self, pick: Pick, *, command: Command) -> tuple[str, Position]:
        """Publish a claim; return its id and where it lies.

        Raises:
            Refused: not_found, already_withdrawn, invalid_value, other_shard, sits_elsewhere.
        """
        await self._writer.shown(entities_in((pick.demand_id, pick.resource_id)), reading=self._reading)
        shard = await self._reading.query(shard_of_pair, pick, shard_of=self._writer.shard)
        claim_id = command.entity_id("c")
        made = ClaimMade(
            claim_id=claim_id,
            by=pick.by,
            demand_id=pick.demand_id,
            line=pick.line,
            resource_id=pick.resource_id,
            shard=shard,
            at=command.at,
        )
        event = self._writer.event(made, shard=shard, command=command)
        return claim_id, await self._writer.publish(event, entity=f"claim:{claim_id}", version=1)

    async def drop(self, claim_id: str, *, command: Command) -> tuple[ClaimView, Position | None]:
        """Take a claim back; return it as it was, and where that lies; None where nothing was to be done.

        Raises:
            Refused: not_found; not_answerable, where a round has settled it.
        """
        entity = f"claim:{claim_id}"
        async with self._writer.hold(entity):
            await self._writer.seen(entity, reading=self._reading)
            found = some(await self._reading.query(get_claim, claim_id=claim_id), what=claim_id)
            if found.state == "dropped":
                return found, None
            if found.state != "open":
                raise Rejection("not_answerable", f"state: {found.state}", extra={"state": found.state})
            fact = ClaimDropped(claim_id=claim_id, shard=found.shard, at=command.at)
            event = self._writer.event(fact, shard=found.shard, command=command)
            return found, await self._writer.publish(event, entity=entity, version=2)


def shard_of_pair(connection: Connection, pick: Pick, *, shard_of: Callable[[str], str]) -> str:
    """Return the shard of a pair that can be claimed.

    Raises:
        Refused: not_found, already_withdrawn, invalid_value, other_shard, sits_elsewhere.
    """
    found = some(demand_detail(connection, demand_id=pick.demand_id), what=pick.demand_id)
    demand = found.view
    resource = some(get_resource(connection, resource_id=pick.resource_id), what=pick.resource_id)
    for entry_id, state in ((pick.demand_id, demand.state), (pick.resource_id, resource.state)):
        if state == WITHDRAWN:
            raise Refused("already_withdrawn", entry_id)
    if pick.line >= len(demand.demand.lines):
        detail = f"the demand has {len(demand.demand.lines)} lines, numbered from 0"
        raise Rejection("invalid_value", detail, fields=[FieldRefusal("#/line", "invalid_value", detail)])
    shard, other = shard_of(demand.demand.community), shard_of(resource.resource.home)
    if shard != other:
        raise Refused("other_shard", f"{shard}, {other}")
    if _all_away(found, pick.line):
        raise Refused("sits_elsewhere", ", ".join(sorted({seat.level for seat in found.whereabouts if seat.away})))
    return shard


def _all_away(found: DemandDetail, line: int) -> bool:
    """Return whether the line has open seats, and every one of them is with another level."""
    away = sum(seat.line == line and seat.away and seat.state in ("waiting", "held") for seat in found.whereabouts)
    return bool(away) and found.lines[line].quantity - found.lines[line].filled <= away
