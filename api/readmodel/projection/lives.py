"""Lives, step by step, as their tables have it; what a table refuses is void, and kept as such."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from api.readmodel.projection.rows import Values, put, put_once, rows_among
from api.readmodel.projection.shares import Shares
from api.readmodel.projection.stages import Stages, place_of
from api.readmodel.tables import life_parties, lives, steps, void_steps
from schemas.envelope import Event
from schemas.lifecycle import Life, Step, take
from schemas.lives import BY_KIND, OF_FACT
from schemas.refusals import Refused

_LIVES = select(lives.c.kind, lives.c.id, lives.c.body)
_HOLDERS = select(lives.c.kind, lives.c.shard, lives.c.holds, lives.c.id).where(lives.c.is_open)
_TAKEN = select(steps.c.event_id)
_VOID = select(void_steps.c.event_id)

Name = tuple[str, str]
"""A life by kind and id."""


def project_lives(connection: Connection, events: Sequence[Event[Step]]) -> None:
    """Take every step that counts; write what the lives add up to, their history, and whom they concern."""
    if not events:
        return
    batch = _Batch.load(connection, events)
    for event in events:
        batch.take(connection, event)
    put(connection, lives, list(batch.rows.values()))
    put_once(connection, steps, batch.steps)
    put_once(connection, void_steps, batch.void)
    put_once(connection, life_parties, [*batch.parties.values()])
    batch.stages.write(connection)
    batch.shares.write(connection)


@dataclass(slots=True)
class _Batch:
    lives: dict[Name, Life]
    known: set[str]
    """Events that were taken before, or found void: a record may lie in the log twice, and is judged once."""
    rows: dict[Name, Values] = field(default_factory=dict)
    steps: list[Values] = field(default_factory=list)
    void: list[Values] = field(default_factory=list)
    parties: dict[tuple[str, ...], Values] = field(default_factory=dict)
    held: dict[tuple[str, str, str], Name] = field(default_factory=dict)
    """Which life holds a name of a kind and shard, by the steps of this batch."""
    stages: Stages = field(default_factory=Stages)
    shares: Shares = field(default_factory=Shares)

    @classmethod
    def load(cls, connection: Connection, events: Sequence[Event[Step]]) -> "_Batch":
        wanted = {event.data.id for event in events}
        found = {
            (row.kind, row.id): BY_KIND[row.kind].record.model_validate_json(row.body)
            for row in rows_among(connection, _LIVES, key=lives.c.id, wanted=wanted)
        }
        events_here = {event.id for event in events}
        known = {row.event_id for row in rows_among(connection, _TAKEN, key=steps.c.event_id, wanted=events_here)}
        void = {row.event_id for row in rows_among(connection, _VOID, key=void_steps.c.event_id, wanted=events_here)}
        return cls(found, known | void)

    def take(self, connection: Connection, event: Event[Step]) -> None:
        """Add one step, or note that it is void."""
        lifecycle = OF_FACT[type(event.data)]
        name = (lifecycle.kind, event.data.id)
        before = self.lives.get(name)
        if event.id in self.known:
            return
        try:
            after = take(lifecycle, before, event.data)
            if lifecycle.states[after.state].is_open:
                self._hold(connection, name, after, shard=event.key)
                self.shares.must_have_room(connection, name, before, after, shard=event.key)
        except Refused as refused:
            self.known.add(event.id)
            self.void.append(_void(name, event, refused.code))
            return
        self.known.add(event.id)
        self.lives[name] = after
        self._let_go(name)
        self.rows[name] = row = _row(name[0], after, shard=event.key)
        if row["is_open"] and row["holds"] is not None:
            self.held[name[0], event.key, row["holds"]] = name
        self.stages.move(name[0], before, after)
        self.steps.append(_step(name, before, after, event))
        self.shares.move(name, before, after, shard=event.key)
        for party in (*after.parties, event.data.by):
            self.parties[party, *name] = {"party": party, "kind": name[0], "id": name[1]}

    def _let_go(self, name: Name) -> None:
        """Forget what a life held by a step of this batch; another may hold that name by now."""
        row = self.rows.get(name)
        if row is not None and self.held.get((row["kind"], row["shard"], row["holds"])) == name:
            del self.held[row["kind"], row["shard"], row["holds"]]

    def _hold(self, connection: Connection, name: Name, life: Life, *, shard: str) -> None:
        """Raise Refused ``already_held`` where another open life of the kind and shard holds the same name."""
        if life.holds is None:
            return
        if any(holder != name for holder in self._holders(connection, name[0], life.holds, shard=shard)):
            raise Refused("already_held", life.holds)

    def _holders(self, connection: Connection, kind: str, holds: str, *, shard: str) -> Iterator[Name]:
        for row in rows_among(connection, _HOLDERS, key=lives.c.holds, wanted={holds}):
            if (row.kind, row.shard) == (kind, shard) and (kind, row.id) not in self.rows:
                yield kind, row.id
        if (kind, shard, holds) in self.held:
            yield self.held[kind, shard, holds]


def _row(kind: str, life: Life, *, shard: str) -> Values:
    lifecycle = BY_KIND[kind]
    return {
        "kind": kind,
        "id": life.id,
        "shard": shard,
        "step": life.step,
        "state": life.state,
        "is_open": lifecycle.states[life.state].is_open,
        "holds": life.holds,
        "community": life.community,
        "place": place_of(life),
        "title": life.title,
        "opened_at": life.opened_at,
        "since": life.since,
        "due_at": lifecycle.due_at(life),
        "body": life.model_dump_json(),
    }


def _step(name: Name, before: Life | None, after: Life, event: Event[Step]) -> Values:
    return _of(name, event) | {
        "action": OF_FACT[type(event.data)].by_fact[type(event.data)].action,
        "before": before and before.state,
        "after": after.state,
        "since": before and before.since,
        "community": after.community,
        "by": event.data.by,
        "due_at": BY_KIND[name[0]].due_at(after),
        "body": event.data.model_dump_json(),
    }


def _void(name: Name, event: Event[Step], code: str) -> Values:
    return _of(name, event) | {"code": code}


def _of(name: Name, event: Event[Step]) -> dict[str, Any]:
    kind, life_id = name
    return {"kind": kind, "id": life_id, "step": event.data.step, "event_id": event.id, "at": event.data.at}
