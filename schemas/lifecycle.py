"""Life cycles as tables: which step may follow which state, who may take it, and what a life adds up to.

1. A life is the sum of its steps. Steps are facts, numbered from 1, in one topic; ``take`` adds one.
2. The table says from which states a step may be taken and to which it leads. Whatever it does not say is refused.
3. The first record of a step's number that the table allows counts; a later one is void for everybody. So of two people
   who act at once one wins, and the other can be told what happened.
4. A step that puts a life aside remembers where it stood (``BACK`` leads there again).
5. Of the lives of a kind and shard that are open, one at most ``holds`` a name; a step to a second one is void.
6. Open lives of a kind and shard that ``share`` something take no more of it than there is, at any one moment; a step
   that would take more is void.
7. Where a move waits for several (every party signs), the one that completes it leads on to ``last``.

Everything here is pure: no clock, no lists. What a step asks of the lists is asked before it is published.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Generic, NamedTuple, Self, TypeVar

from pydantic import ConfigDict

from schemas.base import EntityId, Fact, Moment, PartyRef, RegionCode, Title, Version
from schemas.refusals import Refused
from schemas.sharing import Share

BACK: Final = "<back>"
"""The target of a step that resumes: the state in which the life was put aside."""
PLACE: Final = "community"
"""Whose: the community in which a life lies, and the offices above it."""
SYSTEM: Final = "system"
"""Whose: the house's, by the clock."""
ANYBODY: Final = ()
"""Whose: everybody's, of the kinds that may."""


class Step(Fact):
    """One step of one life."""

    model_config = ConfigDict(defer_build=True)  # there are hundreds of kinds, and most processes meet few of them

    id: EntityId
    step: Version
    community: RegionCode
    by: PartyRef
    at: Moment


OURS: Final = frozenset(Step.model_fields)
"""The fields of a step that say where it belongs; all others say what happened."""


class Life(Fact):
    """What the steps of one life add up to; ``since`` is when it came to the state it is in."""

    model_config = ConfigDict(defer_build=True)

    id: EntityId
    step: Version
    state: str
    community: RegionCode
    title: Title
    opened_by: PartyRef
    opened_at: Moment
    since: Moment
    resumes: str | None = None
    due: Moment | None = None

    taken_over: ClassVar[frozenset[str]] = frozenset()

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Whom it concerns: whose lists it is on."""
        return (self.opened_by,)

    @property
    def holds(self) -> str | None:
        """The name that no other open life of this kind and shard may hold."""
        return None

    @property
    def share(self) -> Share | None:
        """What it takes of something that others of this kind and shard take from, too."""
        return None

    @property
    def wanted_by(self) -> datetime | None:
        """When the next thing is due by what the life itself says; None: by no day."""
        return self.due

    def is_complete(self, fact: Step) -> bool:
        """Whether ``fact`` was the last one that its move waited for; asked of the life as it is with it."""
        return False

    @classmethod
    def born(cls, fact: Step) -> Self:
        """Return the life that a first step begins; ``state`` is set by whoever asks."""
        said = {name: getattr(fact, name) for name in _said(fact) if name in cls.model_fields} | cls.meant(fact)
        ours = {"id": fact.id, "step": fact.step, "state": "", "community": fact.community}
        return cls(**ours | {"opened_by": fact.by, "opened_at": fact.at, "since": fact.at} | said)

    @classmethod
    def meant(cls, fact: Step) -> dict[str, Any]:
        """Return the fields of a new life that its first step means, and does not name."""
        return {}

    def after(self, fact: Step) -> dict[str, Any]:
        """Return the fields that a step changes: those that both have by name. Raise Refused where it cannot be."""
        return {name: getattr(fact, name) for name in _said(fact) if name in type(self).model_fields}


def _said(fact: Step) -> Iterator[str]:
    return (name for name in type(fact).model_fields if name not in OURS)


Record = TypeVar("Record", bound=Life)


class State(NamedTuple):
    """A state by its names for people. ``days`` is how long a life may stay in it before it is overdue."""

    zh: str
    en: str
    is_open: bool = True
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a table. ``sources`` is empty for a birth; ``target`` None stays where it is.

    ``by`` names the kinds of party that may take it (``community``, ``unit``, …); empty means anybody.
    ``whose`` names the fields of the life, or of the fact, that say who of them may (``schemas.parties``); None: as the
    table has it.
    What is not taken ``by_hand`` has no address: it follows from something else.
    ``last`` is where it leads when it completes what several have to do.
    ``en`` is what it is called where its action alone does not say it: a birth names what begins.
    """

    action: str
    fact: type[Step]
    zh: str
    sources: tuple[str, ...] = ()
    target: str | None = None
    by: tuple[str, ...] = ()
    by_hand: bool = True
    last: str | None = None
    en: str = ""
    whose: tuple[str, ...] | None = None

    @property
    def said_en(self) -> str:
        """Return what it is called in English, within a sentence."""
        return self.en or self.action.replace("_", " ").replace("-", " ")

    @property
    def is_birth(self) -> bool:
        """Whether a life begins with it."""
        return not self.sources


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[Record]):
    """The table of one kind of life."""

    kind: str
    plural: str
    zh: str
    en: str
    record: type[Record]
    states: Mapping[str, State]
    moves: tuple[Move, ...]
    refuses: tuple[str, ...] = ()
    """With what its lives refuse steps, beside what tables do."""
    whose: tuple[str, ...] = (PLACE,)
    """Whose matter a step is, where its row does not say."""
    by_fact: Mapping[type[Step], Move] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the moves.

        Raises:
            ValueError: a move names a state or a field that is none, or two moves share a fact or an action.
        """
        ends = [(*move.sources, move.target, move.last) for move in self.moves]
        named = {state for states in ends for state in states if state not in (None, BACK)}
        if named != set(self.states):
            raise ValueError(f"{self.kind}: states and moves differ in {sorted(named ^ set(self.states), key=str)}")
        if len({move.action for move in self.moves}) < len(self.moves):
            raise ValueError(f"{self.kind}: two moves share an action")
        by_fact = {move.fact: move for move in self.moves}
        if len(by_fact) < len(self.moves):
            raise ValueError(f"{self.kind}: two moves share a fact")
        for move in self.moves:
            unknown = [name for name in self.whose_is(move) if not self._is_known(move, name)]
            if unknown:
                raise ValueError(f"{self.kind}: {move.action} is for {unknown[0]}, which neither life nor step has")
        object.__setattr__(self, "by_fact", by_fact)

    def whose_is(self, move: Move) -> tuple[str, ...]:
        """Return the names of those whose matter a move is."""
        return self.whose if move.whose is None else move.whose

    def _is_known(self, move: Move, name: str) -> bool:
        of_the_life = name in self.record.model_fields or isinstance(getattr(self.record, name, None), property)
        return name == SYSTEM or of_the_life or name in move.fact.model_fields

    def event_name(self, move: Move) -> str:
        """Return the short event type of a move, such as ``project.rolled_over``: its fact's name in snake case."""
        camel = "".join(part.capitalize() for part in self.kind.split("_"))
        rest = move.fact.__name__.removeprefix(camel)
        return f"{self.kind}.{re.sub(r'(?<!^)(?=[A-Z])', '_', rest).lower()}"

    def move(self, action: str) -> Move:
        """Return the move of this action; raise KeyError."""
        return next((move for move in self.moves if move.action == action), None) or _no_such(action)

    def possible(self, state: str | None) -> tuple[Move, ...]:
        """Return the moves that may be made from ``state``; None is before birth."""
        return tuple(move for move in self.moves if (move.is_birth if state is None else state in move.sources))

    def due_at(self, life: Life) -> datetime | None:
        """Return when ``life`` is overdue: by its own date, or by the time its state is given; None: never."""
        state = self.states[life.state]
        if not state.is_open:
            return None
        limits = [days_after(life.since, state.days)] if state.days is not None else []
        wanted = life.wanted_by
        return min([*limits, *([wanted] if wanted else [])], default=None)


def days_after(at: datetime, days: int) -> datetime:
    """Return the moment so many days later, or as far as the calendar goes; fewer than none is before."""
    first, last = datetime.min.replace(tzinfo=at.tzinfo), datetime.max.replace(tzinfo=at.tzinfo)
    return at + max(first - at, min(timedelta(days=days), last - at))


def _no_such(action: str) -> Move:
    raise KeyError(action)


def take(lifecycle: Lifecycle[Record], life: Record | None, fact: Step) -> Record:
    """Return the life after a step.

    Raises:
        Refused: ``not_found`` where there is no life, ``overtaken`` where the step's number was taken,
            ``not_possible_now``, ``not_yours``, ``shard_is_fixed``, or what the life itself refuses.
    """
    move = lifecycle.by_fact[type(fact)]
    if life is None and not move.is_birth:
        raise Refused("not_found", fact.id)
    if fact.step != (1 if life is None else life.step + 1):
        raise Refused("overtaken", f"{lifecycle.kind} {fact.id} is at step {0 if life is None else life.step}")
    if life is not None and life.state not in move.sources:
        possible = ", ".join(each.action for each in lifecycle.possible(life.state) if each.by_hand)
        raise Refused("not_possible_now", f"{lifecycle.kind} is {life.state}: {move.action} is not among {possible}")
    if move.by and fact.by.partition(":")[0] not in move.by:
        kind = fact.by.partition(":")[0]
        raise Refused("not_yours", f"{move.action} is for {', '.join(move.by)}, and no {kind} is one of them")
    if life is None:
        return _moved(lifecycle.record.born(fact), {}, move, fact)
    if fact.community != life.community:
        raise Refused("shard_is_fixed", f"{life.community} → {fact.community}")
    return _moved(life, life.after(fact), move, fact)


def _moved(life: Record, changes: dict[str, Any], move: Move, fact: Step) -> Record:
    after = life.model_copy(update=changes)
    target = move.last if move.last is not None and after.is_complete(fact) else move.target
    state = {None: life.state, BACK: life.resumes}.get(target, target)
    moved: dict[str, Any] = {
        "step": fact.step,
        "state": state,
        "resumes": None if target == BACK else life.resumes,
    }
    if state != life.state:
        moved["since"] = fact.at
        if target != BACK:
            moved["resumes"] = life.state or None
    return after.model_copy(update=moved)
