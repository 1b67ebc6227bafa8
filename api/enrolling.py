"""Enrolment 报到: one active enrolment of each kind; names and phones go to the vault and into no event.

The vault comes first: an enrolment that was acknowledged has its identity. Where the log then fails, what the
vault had not known before is taken out again.
"""

from anyio.to_thread import run_sync

from api.commands import Command
from api.positions import Position
from api.reading import Reading
from api.readmodel.queries.parties import get_member, get_unit
from api.vault import Vault
from api.writing import Writer
from schemas.base import Fact
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.refusals import Refused

Identity = dict[str, str]


class Enrolling:
    """Takes enrolments; ``identity`` holds what only the vault may know."""

    def __init__(self, *, reading: Reading, writer: Writer, vault: Vault) -> None:
        self._reading = reading
        self._writer = writer
        self._vault = vault

    async def unit(self, unit: UnitEnrolled, *, identity: Identity, command: Command) -> Position:
        """Enrol a unit; raise Refused ``duplicate_enrolment``."""
        async with self._writer.hold(unit.party):
            if not await self._recalled(unit.party, command=command):
                known = await self._reading.query(get_unit, party=unit.party)
                _refuse_other(None if known is None else known.unit, unit, command=command)
            return await self._publish(unit, unit.community, entity=unit.party, identity=identity, command=command)

    async def member(
        self, member: MemberEnrolled, *, identity: Identity, given_ref: bool, command: Command
    ) -> Position:
        """Enrol a member; raise Refused ``duplicate_enrolment`` where there is one of this kind."""
        entity = f"{member.party}:{member.kind}"
        async with self._writer.hold(member.party):
            if not await self._recalled(entity, command=command) and (given_ref or command.repeat):
                found = await self._reading.query(get_member, member_ref=member.member_ref)
                known = next((view.enrolment for view in found if view.enrolment.kind == member.kind), None)
                _refuse_other(known, member, command=command)
            return await self._publish(
                member, member.community, entity=entity, identity=identity, command=command, ref=member.party
            )

    async def forget(self, ref: str) -> bool:
        """Destroy what the vault knows of a party; return whether it knew something."""
        async with self._writer.hold(ref):
            return await run_sync(self._vault.forget, ref)

    async def _recalled(self, entity: str, *, command: Command) -> bool:
        """Whether a repeat meets the first attempt of its own; raise where another enrolment was just written."""
        if self._writer.recall(entity) is None:
            await self._reading.catch_up()
            return False
        if not command.repeat:
            raise Refused("duplicate_enrolment")
        return True

    async def _publish(
        self, fact: Fact, community: str, *, entity: str, identity: Identity, command: Command, ref: str | None = None
    ) -> Position:
        kept = ref or entity
        new = await run_sync(lambda: self._keep(kept, identity, command)) if identity else False
        event = self._writer.event(fact, shard=self._writer.shard(community), command=command)
        try:
            return await self._writer.publish(event, entity=entity, version=1)
        except BaseException:
            if new:
                await run_sync(self._vault.forget, kept)
            raise

    def _keep(self, ref: str, identity: Identity, command: Command) -> bool:
        """Put an identity into the vault; return whether nothing was known before."""
        known = self._vault.knows(ref)
        self._vault.put(ref=ref, fields=identity, at=command.at)
        return not known


def _refuse_other(
    known: UnitEnrolled | MemberEnrolled | None, ours: UnitEnrolled | MemberEnrolled, *, command: Command
) -> None:
    """Refuse where there is an enrolment already, unless this very command made it in a first attempt."""
    if known is not None and not (command.repeat and known.enrolled_at == ours.enrolled_at):
        raise Refused("duplicate_enrolment", ours.party)
