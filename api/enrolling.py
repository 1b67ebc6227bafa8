"""Enrolment 报到: one active enrolment of each kind; names and phones go to the vault and into no event.

The vault comes first: an enrolment that was acknowledged has its identity. Where the log then fails, what the
vault had not known before is taken out again.
"""

from typing import TypeVar

from anyio.to_thread import run_sync

from api.commands import Command
from api.lives.enrolment import must_be_only
from api.mentions import entities_in
from api.positions import Position
from api.reading import Reading
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.lives import list_lives
from api.readmodel.queries.parties import is_listed, standing_of
from api.vault import Vault
from api.writing import Writer
from schemas.enrolment import Enrolled, MemberEnrolled, UnitEnrolled, kind_of
from schemas.refusals import Refused

Identity = dict[str, str]
Party = TypeVar("Party", UnitEnrolled, MemberEnrolled)


class Enrolling:
    """Takes enrolments; ``identity`` holds what only the vault may know."""

    def __init__(self, *, reading: Reading, writer: Writer, vault: Vault) -> None:
        self._reading = reading
        self._writer = writer
        self._vault = vault

    async def unit(self, unit: UnitEnrolled, *, identity: Identity, command: Command) -> Position:
        """Enrol a unit; raise Refused ``duplicate_enrolment``."""
        async with self._writer.hold(unit.party):
            ours = await self._numbered(unit, entity=unit.party, command=command)
            return await self._publish(ours, entity=unit.party, identity=identity, command=command)

    async def member(
        self, member: MemberEnrolled, *, identity: Identity, given_ref: bool, command: Command
    ) -> Position:
        """Enrol a member; raise Refused ``duplicate_enrolment`` where there is one of this kind."""
        entity = f"{member.party}:{member.kind}"
        async with self._writer.hold(member.party):
            if given_ref or command.repeat:
                member = await self._numbered(member, entity=entity, command=command)
            return await self._publish(member, entity=entity, identity=identity, command=command)

    async def keep(self, ref: str, *, identity: Identity, command: Command) -> None:
        """Put an identity into the vault; raise Refused ``not_found`` where nobody of that name reports or did."""
        async with self._writer.hold(ref):
            await self._writer.shown(entities_in(ref), reading=self._reading)
            applied = await self._reading.query(list_lives, kind="enrolment", filter=Filter(party=ref), limit=1)
            if not applied.rows and not await self._reading.query(is_listed, party=ref):
                raise Refused("not_found", ref)
            await run_sync(lambda: self._keep(ref, identity, command))

    async def forget(self, ref: str) -> bool:
        """Destroy what the vault knows of a party; return whether it knew something."""
        async with self._writer.hold(ref):
            return await run_sync(self._vault.forget, ref)

    async def _numbered(self, ours: Party, *, entity: str, command: Command) -> Party:
        """Return the enrolment as the next version of its entry; raise where the party is enrolled, or has applied.

        A repeat that meets the first attempt of its own says the same again.
        """
        written = self._writer.recall(entity)
        if written is None:
            await self._reading.catch_up()
        elif command.repeat:
            return ours.model_copy(update={"version": written.version})
        elif not await self._reading.has_seen(written.position):
            raise Refused("duplicate_enrolment", ours.party)
        standing = await self._reading.query(standing_of, party=ours.party, kind=kind_of(ours))
        ours_before = command.repeat and standing is not None and standing.entry.enrolled_at == ours.enrolled_at
        if standing is not None and standing.is_active and ours_before:
            return ours.model_copy(update={"version": standing.entry.version})
        await self._reading.query(must_be_only, party=ours.party, kind=kind_of(ours))
        return ours.model_copy(update={"version": 1 if standing is None else standing.version + 1})

    async def _publish(self, fact: Enrolled, *, entity: str, identity: Identity, command: Command) -> Position:
        new = await run_sync(lambda: self._keep(fact.party, identity, command)) if identity else False
        event = self._writer.event(fact, shard=self._writer.shard(fact.community), command=command)
        try:
            return await self._writer.publish(event, entity=entity, version=fact.version)
        except BaseException:
            if new:
                await run_sync(self._vault.forget, fact.party)
            raise

    def _keep(self, ref: str, identity: Identity, command: Command) -> bool:
        """Put an identity into the vault; return whether nothing was known before."""
        known = self._vault.knows(ref)
        self._vault.put(ref=ref, fields=identity, at=command.at)
        return not known
