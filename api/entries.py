"""The life of an entry of either list, as the API sees it.

1. Posting makes version 1; the id is new, or the post is the repeat of one that said the same before.
2. Every change names the version it was made for, holds the entry alone, and first waits until the lists have
   seen what this process wrote before, and what lay in the log when it began: so a change right after a post
   meets the post, also where the process was killed in between.
3. A change makes the next version; a withdrawn entry takes none.
4. An entry stays in its shard: a revision that would move it is refused.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from sqlalchemy import Connection, Table, select

from api.commands import Command
from api.errors import rejection
from api.gathering import Gathering
from api.positions import Position
from api.problems import Rejection
from api.reading import Reading, some
from api.writing import Writer
from schemas.base import Fact
from schemas.refusals import Refused

Entry = TypeVar("Entry", bound=Fact)
WITHDRAWN = "withdrawn"
_MOST = 500
"""Ids of one lookup."""
ANY = -1
"""A version that stands for whichever is in force (``If-Match: *``)."""


@dataclass(frozen=True, slots=True)
class Present(Generic[Entry]):
    """An entry as the lists have it."""

    entry: Entry
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """What came of a change; ``position`` is None where there was nothing to do."""

    version: int
    position: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Entry]):
    """What tells one list from the other."""

    name: str
    model: type[Entry]
    find: Callable[..., Present[Entry] | None]
    known: Callable[[Connection, Sequence[str]], set[str]]
    id_of: Callable[[Entry], str]
    posted_at: Callable[[Entry], datetime]
    region_of: Callable[[Entry], str]
    posted: Callable[[Entry], Fact]
    revised: Callable[[Entry], Fact]


class Entries(Generic[Entry]):
    """Writes entries of one kind."""

    def __init__(self, *, kind: Kind[Entry], reading: Reading, writer: Writer) -> None:
        self._kind = kind
        self._reading = reading
        self._writer = writer
        self._lookups: Gathering[str, bool] = Gathering(self._are_known, most=_MOST)

    async def post(self, entry: Entry, *, command: Command, given_id: bool) -> Position:
        """Put a new entry on the list; raise Refused ``duplicate_id``. A generated id is new without a look."""
        entity = self._entity(self._kind.id_of(entry))
        fact = self._kind.posted(entry)
        if not given_id and not command.repeat:
            return await self._publish(fact, entry, entity=entity, version=1, command=command)
        async with self._writer.hold(entity):
            await self._must_be_new(entry, entity=entity, command=command)
            return await self._publish(fact, entry, entity=entity, version=1, command=command)

    async def revise(
        self,
        entry_id: str,
        patch: Mapping[str, Any],
        *,
        version: int,
        command: Command,
        check: Callable[[Entry], object],
    ) -> Change:
        """Apply a merge patch; ``check`` raises where the outcome must not stand."""

        def revision(present: Present[Entry]) -> Fact:
            revised = self._patched(present, patch)
            check(revised)
            return self._kind.revised(revised)

        return await self.change(entry_id, revision, version=version, command=command)

    async def change(
        self,
        entry_id: str,
        make: Callable[[Present[Entry]], Fact | None],
        *,
        version: int = ANY,
        command: Command,
        closing: bool = False,
    ) -> Change:
        """Publish what ``make`` says of the entry as it is; None says that nothing is to be done.

        Raises:
            Refused: not_found, already_withdrawn, stale_version, read_model_behind, or what ``make`` raises.
        """
        entity = self._entity(entry_id)
        async with self._writer.hold(entity):
            present = some(await self._present(entry_id, entity=entity), what=entry_id)
            if present.state == WITHDRAWN:
                if closing and command.repeat:
                    return Change(present.version, None)
                raise Refused("already_withdrawn", entry_id)
            if version not in (ANY, present.version):
                raise Rejection("stale_version", f"in force: {present.version}", extra={"version": present.version})
            fact = make(present)
            if fact is None:
                return Change(present.version, None)
            position = await self._publish(
                fact, present.entry, entity=entity, version=present.version + 1, command=command
            )
            return Change(present.version + 1, position)

    def _entity(self, entry_id: str) -> str:
        return f"{self._kind.name}:{entry_id}"

    async def _present(self, entry_id: str, *, entity: str) -> Present[Entry] | None:
        await self._writer.seen(entity, reading=self._reading)
        return await self._reading.query(self._kind.find, entry_id)

    async def _must_be_new(self, entry: Entry, *, entity: str, command: Command) -> None:
        if self._writer.recall(entity) is not None and not command.repeat:
            raise Refused("duplicate_id", self._kind.id_of(entry))
        await self._reading.catch_up()
        if not command.repeat and not await self._lookups.ask(self._kind.id_of(entry)):
            return
        present = await self._present(self._kind.id_of(entry), entity=entity)
        # Of an entry that bears the instant of this very command, the first attempt came to the log.
        ours = command.repeat and present is not None and self._kind.posted_at(present.entry) == command.at
        if present is not None and not ours:
            raise Refused("duplicate_id", self._kind.id_of(entry))

    async def _are_known(self, entry_ids: Sequence[str]) -> list[bool]:
        known = await self._reading.query(self._kind.known, entry_ids)
        return [entry_id in known for entry_id in entry_ids]

    async def _publish(self, fact: Fact, entry: Entry, *, entity: str, version: int, command: Command) -> Position:
        # A repeat may find that others have changed the entry since: what it then says is another fact.
        name = "" if version == 1 else f"version {version}"
        event = self._writer.event(fact, shard=self._shard(entry), command=command, name=name)
        return await self._writer.publish(event, entity=entity, version=version)

    def _shard(self, entry: Entry) -> str:
        return self._writer.shard(self._kind.region_of(entry))

    def _patched(self, present: Present[Entry], patch: Mapping[str, Any]) -> Entry:
        merged = merge(json.loads(present.entry.model_dump_json()), patch) | {"version": present.version + 1}
        try:
            revised = self._kind.model.model_validate(merged)
        except ValidationError as error:
            raise rejection(error) from None
        before, after = self._shard(present.entry), self._shard(revised)
        if before != after:
            raise Refused("shard_is_fixed", f"{before} → {after}")
        return revised


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396): objects merge, null removes, all else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def known(table: Table, *, name: str) -> Callable[[Connection, Sequence[str]], set[str]]:
    """Return which of some ids a table of the read model has."""
    column = table.c[f"{name}_id"]

    def which(connection: Connection, entry_ids: Sequence[str]) -> set[str]:
        return set(connection.execute(select(column).where(column.in_(entry_ids))).scalars())

    return which


def found(query: Callable[..., Any], *, name: str) -> Callable[[Connection, str], Present[Any] | None]:
    """Return a ``find`` from one of the read model's queries, whose views call the entry ``name``."""

    def find(connection: Connection, entry_id: str) -> Present[Any] | None:
        view = query(connection, **{f"{name}_id": entry_id})
        return None if view is None else Present(getattr(view, name), view.version, view.state)

    return find
