"""Funds 专项资金: the book of a fund, for those who must show what it went for. Nothing is paid here.

1. Entries are steps, numbered as steps are, and only ever added. What was wrong is reversed by another entry.
2. Money is set aside for a purpose first, and used against what was set aside, each with the number of a document.
3. Never more is set aside than is free, never more is used than was set aside for it. Of two who take the last money at
   once one is told so.
"""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from schemas.base import EntityId, EntryRef, Fact, PartyRef, Reason, Title, Version
from schemas.lifecycle import PLACE, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.resources import Fen

MOST_ENTRIES: Final = 2_000
"""In one book; a book that is full is closed, and another one opened."""

Document = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z\u4e00-\u9fff（）()〔〕\[\]._/#-]{1,60}$", examples=["沪长民〔2026〕31号"])
]
"""The number of a document: what is behind it lies elsewhere."""
Number = Annotated[Version, Field(description="The step that made an entry.")]


class EntryKind(StrEnum):
    """What an entry does."""

    GRANT = "grant"
    EARMARK = "earmark"
    USE = "use"
    RELEASE = "release"


class FundEntry(Fact):
    """One entry of the book, by the number of its step; ``against`` is the entry of what was set aside."""

    number: int
    kind: EntryKind
    amount: Fen
    document: Document
    purpose: Title | None = None
    about: EntryRef | None = None
    against: int | None = None
    reversed_by: int | None = None


class FundOpened(Step):
    """A book was opened for a fund of the resource list."""

    resource_id: EntityId
    document: Document
    title: Title
    provider: PartyRef
    earmark: Title
    amount: Fen
    special_account: bool = False


class FundGranted(Step):
    """More money came."""

    amount: Fen
    document: Document


class FundEarmarked(Step):
    """Money was set aside for a purpose."""

    amount: Fen
    purpose: Title
    about: Annotated[EntryRef | None, Field(description="What it is for, such as `project:p-…`.")] = None
    document: Document


class FundUsed(Step):
    """Of what was set aside, so much was used."""

    against: Number
    amount: Fen
    purpose: Title | None = None
    document: Document


class FundReleased(Step):
    """What is left of what was set aside is free again."""

    against: Number
    document: Document


class FundReversed(Step):
    """An entry was wrong; this one takes it back."""

    entry: Number
    reason: Reason
    document: Document


class FundAudited(Step):
    """Somebody went through the book."""

    finding: Reason
    document: Document


class FundClosed(Step):
    """Nothing more is entered."""

    reason: Reason | None = None


class Fund(Life):
    """The book of a fund as it stands; amounts are in hundredths of the local currency."""

    resource_id: EntityId
    provider: PartyRef
    earmark: Title
    special_account: bool = False
    entries: tuple[FundEntry, ...] = ()
    finding: Reason | None = None
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Whose money it is, and who keeps the book."""
        return (self.provider, self.opened_by)

    @property
    def holds(self) -> str | None:
        """One open book for a fund."""
        return self.resource_id

    @property
    def granted(self) -> int:
        """What there is in all."""
        return sum(entry.amount for entry in self._standing(EntryKind.GRANT))

    @property
    def used(self) -> int:
        """What was used."""
        return sum(entry.amount for entry in self._standing(EntryKind.USE))

    @property
    def set_aside(self) -> int:
        """What is set aside and not used yet."""
        return sum(self.left_of(entry.number) for entry in self._standing(EntryKind.EARMARK))

    @property
    def free(self) -> int:
        """What can be set aside."""
        return self.granted - self.used - self.set_aside

    def left_of(self, number: int) -> int:
        """Return what is left of what an entry set aside; raise Refused ``not_found`` where it set nothing aside."""
        earmark = next((entry for entry in self._standing(EntryKind.EARMARK) if entry.number == number), None)
        if earmark is None:
            raise Refused("not_found", f"nothing was set aside by entry {number}")
        taken = (*self._standing(EntryKind.USE), *self._standing(EntryKind.RELEASE))
        return earmark.amount - sum(entry.amount for entry in taken if entry.against == number)

    @classmethod
    def born(cls, fact: Step) -> "Fund":
        """Return the book with its first entry: what the fund holds."""
        assert isinstance(fact, FundOpened)  # noqa: S101 - its table has no other birth
        first = FundEntry(number=1, kind=EntryKind.GRANT, amount=fact.amount, document=fact.document)
        return super().born(fact).model_copy(update={"entries": (first,)})

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes.

        Raises:
            Refused: ``not_yours``, ``not_found``, ``over_spent``, ``not_reversible``, ``record_too_large``.
        """
        if not fact.by.startswith(("community:", "office:")) and fact.by not in self.parties:
            raise Refused("not_yours", f"the book is kept by {self.opened_by}")
        changes = {name: said for name, said in super().after(fact).items() if name in ("finding", "reason")}
        entered = self._entered(fact)
        return changes if entered is None else changes | {"reason": self.reason, "entries": entered}

    def _entered(self, fact: Step) -> tuple[FundEntry, ...] | None:
        match fact:
            case FundGranted():
                return self._with(fact, EntryKind.GRANT, fact.amount)
            case FundEarmarked():
                _within(fact.amount, self.free)
                return self._with(fact, EntryKind.EARMARK, fact.amount, purpose=fact.purpose, about=fact.about)
            case FundUsed():
                _within(fact.amount, self.left_of(fact.against))
                return self._with(fact, EntryKind.USE, fact.amount, purpose=fact.purpose, against=fact.against)
            case FundReleased():
                left = self.left_of(fact.against)
                _within(1, left)
                return self._with(fact, EntryKind.RELEASE, left, against=fact.against)
            case FundReversed():
                return self._reversed(fact)
        return None

    def _with(self, fact: Any, kind: EntryKind, amount: int, **said: Any) -> tuple[FundEntry, ...]:
        if len(self.entries) >= MOST_ENTRIES:
            raise Refused("record_too_large", f"{MOST_ENTRIES} entries")
        entry = FundEntry(number=fact.step, kind=kind, amount=amount, document=fact.document, **said)
        return (*self.entries, entry)

    def _reversed(self, fact: FundReversed) -> tuple[FundEntry, ...]:
        """Return the entries with one of them reversed, where the others still hold without it."""
        entries = tuple(
            entry.model_copy(update={"reversed_by": fact.step}) if entry.number == fact.entry else entry
            for entry in self.entries
        )
        wrong = next((entry for entry in self.entries if entry.number == fact.entry), None)
        if wrong is None:
            raise Refused("not_found", f"there is no entry {fact.entry}")
        if wrong.reversed_by is not None:
            raise Refused("not_reversible", f"it was reversed by entry {wrong.reversed_by}")
        without = self.model_copy(update={"entries": entries})
        if any(entry.against == fact.entry and entry.reversed_by is None for entry in entries):
            raise Refused("not_reversible", "other entries rest on it: reverse them first")
        if without.free < 0 or any(without.left_of(each.number) < 0 for each in without._standing(EntryKind.EARMARK)):
            raise Refused("not_reversible", "it was set aside, or used, meanwhile")
        return entries

    def _standing(self, kind: EntryKind) -> tuple[FundEntry, ...]:
        return tuple(entry for entry in self.entries if entry.kind is kind and entry.reversed_by is None)


def _within(amount: int, left: int) -> None:
    if amount > left:
        raise Refused("over_spent", f"{left} is left")


FUND: Final = Lifecycle(
    kind="fund",
    plural="funds",
    zh="专项资金",
    en="fund",
    record=Fund,
    whose=("parties", PLACE),
    states={
        "open": State("在用", "open"),
        "closed": State("已结清", "closed", is_open=False),
    },
    moves=(
        Move("open", FundOpened, "立户", (), "open", whose=("provider", PLACE), en="open a fund"),
        Move("grant", FundGranted, "追加", ("open",), None),
        Move("earmark", FundEarmarked, "安排用途", ("open",), None),
        Move("use", FundUsed, "使用", ("open",), None),
        Move("release", FundReleased, "结余收回", ("open",), None),
        Move("reverse", FundReversed, "冲销", ("open",), None),
        Move("audit", FundAudited, "审计", ("open", "closed"), None, ("office",), whose=(PLACE,)),
        Move("close", FundClosed, "结清", ("open",), "closed"),
    ),
    refuses=("not_found", "over_spent", "not_reversible", "record_too_large"),
)
