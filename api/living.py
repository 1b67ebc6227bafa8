"""Taking steps of lives: asked of the table and of the lists, published, and then looked up to see whether it counted.

1. A life has one writer at a time in this process. A step first waits until the lists show the last one. Where it leads
   to steps of other lives, these are held with it, and their steps are written first.
2. What the table or a practice refuses is refused before anything is written.
3. The log decides between processes: a step is acknowledged once the lists have it as the one of its number. Where
   another came first, the answer is ``overtaken`` and tells what happened.
4. What follows from a step in other topics is published after it counted; its ids follow from the step, so that a
   repeat says the same again. A repeat of a command whose step counted only does what follows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from api.checks import Checks
from api.commands import Command
from api.entries import ANY, Change
from api.mentions import entities_in
from api.positions import Position
from api.problems import Rejection
from api.reading import Reading, some
from api.readmodel.lifeviews import LifeView
from api.readmodel.queries.lives import fact_of, get_life, holder_of, step_at, void_code
from api.readmodel.queries.shares import shares_of
from api.readmodel.views import View
from api.writing import Writer
from schemas.base import Fact
from schemas.lifecycle import Life, Lifecycle, Step, take
from schemas.lives import BY_KIND, OF_FACT
from schemas.parties import must_be_theirs
from schemas.refusals import Refused
from schemas.sharding import region_of
from schemas.sharing import Share, peak
from schemas.topics import TOPIC_OF_MODEL

Guard = Callable[[Connection, Any, Any], None]
"""Refuses what the lists do not allow: told the life as it would be after the step, and the step. Raises Refused."""


class Entailed(NamedTuple):
    """A fact that follows from a step, in another topic: which entity it changes, and to which version.

    ``lost`` is with what whoever took the step is refused all the same: somebody came between, and it is taken back.
    """

    fact: Fact
    entity: str
    version: int
    lost: Refused | None = None


Effect = Callable[[Connection, Any, Any], Sequence[Entailed]]
"""Says what follows from a step; told the life after it, and the step.

Asked again it says the same, or nothing where all is done.
"""


ShardOf = Callable[[str], str]
"""Returns the shard that owns a region."""


class Filling(NamedTuple):
    """What nobody need say of a first step, since the lists know it: the fields, and how they follow from the others.

    ``fill`` is told the other fields by name. Raises Refused where the lists do not know.
    """

    fields: frozenset[str]
    fill: Callable[[Connection, Mapping[str, Any], ShardOf], Mapping[str, Any]]


Check = Callable[[Checks, Any, Any], object]
"""Refuses what catalogue, listing and clock do not allow: told the life as it would be after the step."""


class Ensuing(NamedTuple):
    """A step of another life that a step leads to: of which kind, of which life, and what it says."""

    kind: str
    life_id: str
    make: Callable[[Any], Step]


Ensue = Callable[[Any], Sequence[Ensuing]]
"""Says which steps of other lives a step leads to. They are taken before it, as any other, and may be refused.

From them in turn nothing ensues.
"""
Continue = Callable[[Connection, Any], Step]
"""Says what a first step left out since it follows from the life before it in a series, such as the next serial.

One life of a kind is continued at a time, so that no two are given the same.
"""
Adopt = Callable[[Connection, str], Step | None]
"""Returns the first step of a life whose entry was on a list before it had a life; None where there is no entry."""
Look = Callable[[Connection, Any, datetime], View]
"""Tells at a moment what the lists say of what a life names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What the steps of one kind of life ask of the lists, and what follows from them there.

    ``checks`` look at the catalogue and the clock, ``guards`` at the lists; ``effects`` are facts in other topics,
    ``ensues`` steps of other lives. ``beside`` is shown with a life; ``view`` is the model of what it returns.
    ``alone`` is what to hold while a life comes to hold its name or lets go of it, where others than steps write, too.
    """

    guards: Mapping[type[Step], Guard] = field(default_factory=dict)
    checks: Mapping[type[Step], Check] = field(default_factory=dict)
    effects: Mapping[type[Step], Effect] = field(default_factory=dict)
    fillings: Mapping[type[Step], Filling] = field(default_factory=dict)
    ensues: Mapping[type[Step], Ensue] = field(default_factory=dict)
    continues: Mapping[type[Step], Continue] = field(default_factory=dict)
    adopt: Adopt | None = None
    alone: Callable[[Any], str] | None = None
    beside: Look | None = None
    view: type[View] = View


class _Turn(NamedTuple):
    """A step that is to be taken, or of which only the rest is to be done where it ``counted`` before."""

    lifecycle: Lifecycle[Any]
    life: Life
    fact: Step
    counted: bool
    ensuing: Sequence[Ensuing]

    @property
    def names(self) -> set[str]:
        """The lives that take a step by it."""
        others = {_entity(BY_KIND[other.kind], other.life_id) for other in self.ensuing}
        return {_entity(self.lifecycle, self.life.id), *others}


class _Tried(NamedTuple):
    """What would come of a step, and which names are held for it."""

    before: Life | None
    after: Life
    names: frozenset[str]


_NO_PRACTICE = Practice()
_CHUNK: Final = 500
"""Facts that follow from one step and are published at once."""


class Living:
    """Takes steps of every kind of life."""

    def __init__(self, *, reading: Reading, writer: Writer, checks: Checks, practices: Mapping[str, Practice]) -> None:
        self._reading = reading
        self._writer = writer
        self._checks = checks
        self._practices = practices

    async def filled(self, fact: type[Step], said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the fields of a first step that follow from those that were said; raise Refused."""
        filling = self._practices.get(OF_FACT[fact].kind, _NO_PRACTICE).fillings.get(fact)
        if filling is None:
            return {}
        await self._writer.shown(entities_in(said), reading=self._reading)
        return await self._reading.query(filling.fill, said, self._writer.shard)

    async def begin(self, fact: Step, *, given_id: bool, command: Command) -> Change:
        """Take a first step.

        Raises:
            Refused: ``duplicate_id``, ``already_held``, ``overtaken``, or what table, life and guards refuse.
        """
        lifecycle = OF_FACT[type(fact)]
        follow_on = self._practices.get(lifecycle.kind, _NO_PRACTICE).continues.get(type(fact))
        alone = nullcontext() if follow_on is None else self._writer.hold(f"series:{lifecycle.kind}")
        async with self._writer.hold(_entity(lifecycle, fact.id)), alone:
            if given_id or command.repeat:
                present = await self._present(lifecycle, fact.id)
                if present is not None:
                    fact, follow_on = await self._ours(lifecycle, fact, command), None
            if follow_on is not None:
                await self._reading.catch_up()
                fact = await self._reading.query(follow_on, fact)
            async with self._tried(lifecycle, None, fact) as tried:
                return await self._write(lifecycle, tried, fact, command=command)

    async def preview(self, fact: Step) -> None:
        """Refuse a first step for what ``begin`` refuses it for, and write nothing. Whether its id is new is not asked.

        Raises:
            Refused: what table, life and guards refuse.
        """
        lifecycle = OF_FACT[type(fact)]
        follow_on = self._practices.get(lifecycle.kind, _NO_PRACTICE).continues.get(type(fact))
        await self._reading.catch_up()
        if follow_on is not None:
            fact = await self._reading.query(follow_on, fact)
        async with self._tried(lifecycle, None, fact):
            return

    async def act(
        self,
        lifecycle: Lifecycle[Any],
        life_id: str,
        make: Callable[[Life], Step],
        *,
        version: int = ANY,
        command: Command,
    ) -> Change:
        """Take the next step of a life: the one that ``make`` says of the life as it is.

        Raises:
            Refused: ``not_found``, ``stale_version``, ``not_possible_now``, ``not_yours``, ``overtaken``, or what the
                life and guards refuse.
        """
        names = {_entity(lifecycle, life_id)}
        while True:
            async with self._writer.hold_all(names):
                turn = await self._turn(lifecycle, life_id, make, version=version, command=command)
                if turn.names <= names:
                    return await self._go(turn, command=command)
            names |= turn.names  # from the first: whoever waits for a second life while it holds one may wait for ever

    async def _turn(
        self,
        lifecycle: Lifecycle[Any],
        life_id: str,
        make: Callable[[Life], Step],
        *,
        version: int = ANY,
        command: Command,
    ) -> _Turn:
        """Return the step to take of a life as it is, or the one that this very command took in an earlier attempt."""
        life = some(await self._present_or_adopted(lifecycle, life_id, command), what=life_id)
        ours = command.event_id(_name(lifecycle, life_id))
        taken = await self._reading.query(fact_of, event_id=ours) if command.repeat else None
        if taken is None and version not in (ANY, life.step):
            raise Rejection("stale_version", f"in force: {life.step}", extra={"version": life.step})
        fact = taken or make(life)
        ensue = self._practices.get(lifecycle.kind, _NO_PRACTICE).ensues.get(type(fact))
        return _Turn(lifecycle, life, fact, taken is not None, () if ensue is None else ensue(fact))

    async def _go(self, turn: _Turn, *, command: Command) -> Change:
        """Take a step after those of other lives that it leads to, all of which are held; if one is lost, take none.

        So a need never goes on in another one that did not take it in. Whatever can be known to be in the way of the
        step itself is asked before.
        """
        lifecycle, life, fact = turn.lifecycle, turn.life, turn.fact
        if turn.counted:
            await self._go_before(turn, command=command)
            return await self._follow(lifecycle, life, fact, None, command=command)
        async with self._tried(lifecycle, life, fact) as tried:
            await self._go_before(turn, command=command)
            return await self._write(lifecycle, tried, fact, command=command)

    async def _go_before(self, turn: _Turn, *, command: Command) -> None:
        for other in turn.ensuing:
            then = await self._turn(BY_KIND[other.kind], other.life_id, other.make, command=command)
            await self._go(then, command=command)

    async def _write(self, lifecycle: Lifecycle[Any], tried: _Tried, fact: Step, *, command: Command) -> Change:
        """Write a step that nothing is in the way of, and what follows from it once it counts."""
        shard = self._writer.shard(fact.community)
        name = _name(lifecycle, fact.id)
        event = self._writer.event(fact, shard=shard, command=command, name=name)
        position = await self._writer.publish(event, entity=_entity(lifecycle, fact.id), version=fact.step)
        await self._must_count(lifecycle, tried, fact, position, event_id=event.id)
        return await self._follow(lifecycle, tried.after, fact, position, command=command, held=tried.names)

    @asynccontextmanager
    async def _tried(self, lifecycle: Lifecycle[Any], life: Life | None, fact: Step) -> AsyncIterator[_Tried]:
        """Yield what would come of a step; hold meanwhile the name that it takes or leaves, for shards do not tell.

        Whatever the step mentions is looked at as this process wrote it last.

        Raises:
            Refused: what table, checks or guards do not allow.
        """
        practice = self._practices.get(lifecycle.kind, _NO_PRACTICE)
        try:
            after: Life = take(lifecycle, life, fact)
            must_be_theirs(lifecycle, life, after, fact)
        except Refused as refused:
            raise _told(lifecycle, life, refused) from None
        tried = _Tried(life, after, _alone(lifecycle, practice, life, after))
        async with self._writer.hold_all(tried.names):
            await self._writer.shown(entities_in(fact), reading=self._reading)
            check = practice.checks.get(type(fact))
            if check is not None:
                check(self._checks, after, fact)
            await self._reading.query(_allowed, practice, lifecycle, life, after, fact)
            yield tried

    async def _must_count(
        self, lifecycle: Lifecycle[Any], tried: _Tried, fact: Step, position: Position, *, event_id: str
    ) -> None:
        """Return if a step counts; else refuse it as if whoever came before it had been known."""
        await self._reading.settle([position])
        counted = await self._reading.query(step_at, kind=lifecycle.kind, life_id=fact.id, step=fact.step)
        if counted is None:
            practice = self._practices.get(lifecycle.kind, _NO_PRACTICE)
            await self._reading.query(_allowed, practice, lifecycle, tried.before, tried.after, fact)
            code = await self._reading.query(void_code, event_id=event_id)  # and whoever came before has gone again
            raise Refused(code, tried.after.holds or fact.id if tried.before is None else fact.id)
        if counted.event_id != event_id:
            happened = {"action": counted.action, "state": counted.after, "at": counted.at.isoformat()}
            raise Rejection("overtaken", f"{counted.action} came first", extra=happened)

    async def _follow(
        self,
        lifecycle: Lifecycle[Any],
        life: Life,
        fact: Step,
        position: Position | None,
        *,
        command: Command,
        held: Collection[str] = (),
    ) -> Change:
        """Publish what follows from a step that counted, and return once the lists show it.

        What it changes is held meanwhile, if it is not ``held`` yet, and looked at once more: somebody may just have
        changed it by hand.

        Raises:
            Refused: what the step was taken back with, where somebody came between.
        """
        practice = self._practices.get(lifecycle.kind, _NO_PRACTICE)
        itself, version, written = _entity(lifecycle, life.id), life.step, list[Position]()
        touched = {each.entity for each in await self._reading.query(_entailed, practice, life, fact)}
        if not touched:
            return Change(version, position)
        others = touched - {itself}
        async with self._writer.hold_all(others.difference(held)):
            await self._writer.shown(others, reading=self._reading)
            follows = await self._reading.query(_entailed, practice, life, fact)
            for chunk in _chunks(follows):
                written += await asyncio.gather(*(self._entail(lifecycle, life, fact, each, command) for each in chunk))
        version = max([version, *(each.version for each in follows if each.entity == itself)])
        await self._reading.settle(written)
        for lost in (each.lost for each in follows if each.lost is not None):
            raise lost
        return Change(version, written[-1] if written else position)

    async def _entail(
        self, lifecycle: Lifecycle[Any], life: Life, fact: Step, entailed: Entailed, command: Command
    ) -> Position:
        """Publish one fact that follows; those that are published at the same time keep their order."""
        region = region_of(entailed.fact) or life.community
        shard = getattr(entailed.fact, "shard", None) or self._writer.shard(region)
        name = f"{_name(lifecycle, life.id)} step {fact.step} entails {entailed.entity} {entailed.version}"
        event = self._writer.event(entailed.fact, shard=shard, command=command, name=name)
        return await self._writer.publish(event, entity=entailed.entity, version=entailed.version)

    async def _present(self, lifecycle: Lifecycle[Any], life_id: str) -> Life | None:
        await self._writer.shown(entities_in(life_id), reading=self._reading)
        view: LifeView[Any] | None = await self._reading.query(get_life, kind=lifecycle.kind, life_id=life_id)
        return None if view is None else view.life

    async def _present_or_adopted(self, lifecycle: Lifecycle[Any], life_id: str, command: Command) -> Life | None:
        present = await self._present(lifecycle, life_id)
        adopt = self._practices.get(lifecycle.kind, _NO_PRACTICE).adopt
        if present is not None or adopt is None:
            return present
        first = await self._reading.query(adopt, life_id)
        if first is None:
            return None
        name = f"{_name(lifecycle, life_id)} adopted"
        event = self._writer.event(first, shard=self._writer.shard(first.community), command=command, name=name)
        position = await self._writer.publish(event, entity=_entity(lifecycle, life_id), version=first.step)
        await self._reading.settle([position])
        return await self._present(lifecycle, life_id)

    async def _ours(self, lifecycle: Lifecycle[Any], fact: Step, command: Command) -> Step:
        """Return the first step as this very command published it in an earlier attempt; raise Refused."""
        ours = command.event_id(_name(lifecycle, fact.id))
        first = await self._reading.query(fact_of, event_id=ours) if command.repeat else None
        if first is None:
            raise Refused("duplicate_id", fact.id)
        return first


def _chunks(follows: Sequence[Entailed]) -> Iterator[Sequence[Entailed]]:
    """Yield what may be published together: one append to several topics would not keep their order."""
    for _, run in groupby(follows, key=lambda each: TOPIC_OF_MODEL[type(each.fact)].name):
        together = list(run)
        for start in range(0, len(together), _CHUNK):
            yield together[start : start + _CHUNK]


def _alone(lifecycle: Lifecycle[Any], practice: Practice, before: Life | None, after: Life) -> frozenset[str]:
    """Return the names to hold for a step: of what a life begins or ceases to hold, in whichever shard."""
    names = {_held_name(lifecycle, practice, life) for life in (before, after)}
    return frozenset(name for name in names if name is not None) if len(names) > 1 else frozenset()


def _held_name(lifecycle: Lifecycle[Any], practice: Practice, life: Life | None) -> str | None:
    if life is None or life.holds is None or not lifecycle.states[life.state].is_open:
        return None
    return f"{lifecycle.kind} {life.holds}" if practice.alone is None else practice.alone(life)


def _allowed(
    connection: Connection, practice: Practice, lifecycle: Lifecycle[Any], before: Life | None, after: Life, fact: Step
) -> None:
    guard = practice.guards.get(type(fact))
    if guard is not None:
        guard(connection, after, fact)
    if after.holds is not None and lifecycle.states[after.state].is_open:
        holder = holder_of(connection, kind=lifecycle.kind, holds=after.holds)
        if holder is not None and holder.life.id != after.id:
            raise Rejection("already_held", after.holds, extra={"held_by": holder.life.id})
    if after.share is not None and (before is None or before.share != after.share):
        _has_room(connection, lifecycle.kind, after.id, after.share)


def _has_room(connection: Connection, kind: str, life_id: str, share: Share) -> None:
    found = shares_of(connection, kind=kind, name=share.name, span=share.span)
    taken = peak([(span, amount) for holder, span, amount in found if holder != life_id], within=share.span)
    if taken + share.amount > share.room:
        raise Rejection(share.refusal, share.name, extra={"free": max(0, share.room - taken)})


def _entailed(connection: Connection, practice: Practice, life: Life, fact: Step) -> Sequence[Entailed]:
    effect = practice.effects.get(type(fact))
    return () if effect is None else effect(connection, life, fact)


def _told(lifecycle: Lifecycle[Any], life: Life | None, refused: Refused) -> Refused:
    """Return a refusal that tells where the life stands and what may be done now."""
    if life is None or isinstance(refused, Rejection):
        return refused
    possible = [move.action for move in lifecycle.possible(life.state) if move.by_hand]
    extra = {"state": life.state, "version": life.step, "possible": possible}
    return Rejection(refused.code, refused.detail, extra=extra)


def _entity(lifecycle: Lifecycle[Any], life_id: str) -> str:
    return f"life:{lifecycle.kind}:{life_id}"


def _name(lifecycle: Lifecycle[Any], life_id: str) -> str:
    return f"{lifecycle.kind} {life_id}"
