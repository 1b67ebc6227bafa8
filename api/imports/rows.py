"""From rows of text to an entry of a list, or to everything that is wrong with it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from itertools import chain
from typing import Any

from pydantic import ValidationError

from api.checks import Checks, Notice
from api.errors import rejection
from api.imports.columns import COLUMNS, OF_A_LINE, ListKind
from api.imports.headers import Column
from api.imports.report import Fault, fault
from api.imports.shapes import BUILD, ITEM, UNNAMED, Lookup, identity
from api.problems import Rejection
from schemas.base import Fact
from schemas.demands import Demand
from schemas.enrolment import Enrolled, MemberEnrolled, UnitEnrolled
from schemas.lives.project_steps import ProjectProposed
from schemas.refusals import FieldRefusal, Refused
from schemas.resources import Resource

_UNSAID = "-"
"""Stands for the id while the content alone decides it."""
_OURS = frozenset(
    {
        *("demand_id", "resource_id", "version", "posted_at", "offered_at", "enrolled_at", "enrolment_id"),
        *("id", "step", "at", "serial"),
    }
)
"""What an entry has beside its content."""

Entry = Demand | Resource | ProjectProposed | Enrolled
_UNREAD = object()
"""Stands for the value of a cell that could not be read."""
_LINE = re.compile(r"#/lines/([0-9]+)")
_NAMING = ("bundle", "joined")
"""Columns in which the rows of one demand bear the same name."""
_WHOLE_ROW = {
    "impossible_window": "end",
    "capacity_of_a_person": "capacity",
    "team_too_large": "quantity",
    "not_of_class": "kind",
}
_ID_OF: dict[type[Fact], str] = {Demand: "demand_id", Resource: "resource_id", ProjectProposed: "id"}
_OF_PARTS = ("milestones", "budget")
"""Columns whose cells hold several values, each of several parts."""
_COLUMN_OF = {"lines": ITEM, "window": "end", "windows": "end", "demand_id": "id", "resource_id": "id"}


@dataclass(frozen=True, slots=True)
class Cells:
    """What one row says, by the names of its columns, and which of its cells could not be read."""

    number: int
    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """One entry, or what is wrong with it; of the rows by these numbers, several where they are lines of one demand.

    ``faults`` and ``warnings`` are told by row. Where there are faults and an entry all the same, it is well formed but
    must not be posted now: its window has passed, say. ``given_id`` tells whether the id stood in the sheet;
    ``identity`` is for the vault alone.
    """

    numbers: tuple[int, ...]
    entry: Entry | None
    given_id: bool = False
    identity: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[int, tuple[Fault, ...]] = field(default_factory=dict)
    warnings: Mapping[int, tuple[Fault, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowParser:
    """Reads the rows of one sheet, as of ``now``."""

    kind: ListKind
    places: Mapping[str, int]
    checks: Checks
    lookup: Lookup
    now: datetime

    def parse(self, rows: Sequence[Sequence[str]], *, first: int) -> list[Parsed]:
        """Return the entries of every row that is not blank; the first of ``rows`` has the number ``first``.

        An id that is not given follows from the content, and from how many entries of the same content came before.
        So the same row is the same entry, however often its file is mended and imported again.
        """
        seen: Counter[str] = Counter()
        read = [self._cells(row, number) for number, row in enumerate(rows, start=first) if any(row)]
        return [self._with_id(self._parsed(together), seen) for together in _bundled(read)]

    def _cells(self, row: Sequence[str], number: int) -> Cells:
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for column in COLUMNS[self.kind]:
            place = self.places.get(column.name)
            cell = row[place] if place is not None and place < len(row) else ""
            try:
                value = self._read(column, cell) if cell else None
            except Refused as refused:
                faults.append(_fault(column, refused))
                value = _UNREAD
            if value is not None:
                values[column.name] = value
        return Cells(number, values, tuple(faults))

    def _read(self, column: Column, cell: str) -> Any:
        if column.name == "skills":
            return self.lookup.items(cell)
        return self.lookup.item(cell) if column.name == ITEM else column.read(cell)

    def _parsed(self, rows: Sequence[Cells]) -> Parsed:
        """Return the entry of a row, or of the rows of one demand, which stand or fall together."""
        faults = {row.number: row.faults + self._amiss(row, first=rows[0]) for row in rows}
        return _refused(rows, faults) if any(faults.values()) else self._entry(rows)

    def _amiss(self, row: Cells, *, first: Cells) -> tuple[Fault, ...]:
        """Return which columns lack what is required; after the first row of a demand, which are not as there."""
        columns = COLUMNS[self.kind]
        if row is first:
            return _missing(columns, row)
        told = Refused("bundle_differs", f"row {first.number}")
        shared = [column for column in columns if column.name not in OF_A_LINE]
        differing = tuple(_fault(column, told) for column in shared if _differ(column.name, row, first))
        return differing + _missing([column for column in columns if column.name in OF_A_LINE], row)

    def _entry(self, rows: Sequence[Cells]) -> Parsed:
        given = rows[0].values.get("id")
        values = [{name: value for name, value in row.values.items() if name != "id"} for row in rows]
        build: Callable[..., Entry] = BUILD[self.kind]
        try:
            person = identity(values[0])
            entry = build(values, entry_id=given or "x", at=self.now)
            _must_be_told_apart(entry, person)
        except ValidationError as error:
            return _refused(rows, self._faults(rejection(error).fields, rows))
        except Rejection as error:
            return _refused(rows, self._faults(error.fields, rows))
        is_given = given is not None or isinstance(entry, Enrolled)
        try:
            notices = self._check(entry)
        except Rejection as error:
            refused = _refused(rows, self._faults(error.fields, rows))
            return replace(refused, entry=entry, given_id=is_given)
        warned = [(_row_of(notice.pointer, rows), self._warning(notice)) for notice in notices]
        return Parsed(_numbers(rows), entry, given_id=is_given, identity=person, warnings=_by_row(warned))

    def _check(self, entry: Entry) -> tuple[Notice, ...]:
        match entry:
            case Demand():
                return self.checks.demand(entry, now=self.now)
            case Resource():
                return self.checks.resource(entry, now=self.now)
            case ProjectProposed():
                return ()  # its life looks at it
            case UnitEnrolled():
                return self.checks.unit(entry)
            case MemberEnrolled():
                return self.checks.member(entry)

    def _with_id(self, row: Parsed, seen: Counter[str]) -> Parsed:
        if row.entry is None or row.given_id or isinstance(row.entry, Enrolled):
            return row
        content = content_of(row.entry)
        seen[content] += 1
        digest = blake2b(f"{content}#{seen[content]}".encode(), digest_size=10).hexdigest()
        name = _ID_OF[type(row.entry)]
        return replace(row, entry=row.entry.model_copy(update={name: f"{self.kind[0]}-{digest}"}))

    def _faults(self, fields: Sequence[FieldRefusal], rows: Sequence[Cells]) -> dict[int, tuple[Fault, ...]]:
        """Return a fault per cell; what followed from another cell is only told where nothing else is wrong."""
        filled = {"id", *chain.from_iterable(row.values for row in rows)}
        named = [(self._column_of(field), field) for field in fields]
        told = [(name, field) for name, field in named if name in filled] or named
        return _by_row(
            (
                _row_of(field.field, rows),
                fault(field.code, field.detail, field=name, column=self._header(name)),
            )
            for name, field in told
        )

    def _warning(self, notice: Notice) -> Fault:
        name = self._column_of(FieldRefusal(notice.pointer, notice.code, ""))
        return Fault(code=notice.code, field=name, column=self._header(name), detail="", messages=notice.messages)

    def _column_of(self, field: FieldRefusal) -> str | None:
        """Return the column that a pointer such as ``#/lines/0/item`` came from."""
        names = {column.name for column in COLUMNS[self.kind]}
        steps = [step for step in field.field.split("/")[1:] if not step.isdigit()]
        whole = next((step for step in steps[:1] if step in _OF_PARTS), None)
        named = whole or next((step for step in reversed(steps) if step in names), None)
        return named or next((_COLUMN_OF[step] for step in steps if step in _COLUMN_OF), _WHOLE_ROW.get(field.code))

    def _header(self, name: str | None) -> str | None:
        return next((column.zh for column in COLUMNS[self.kind] if column.name == name), None)


def content_of(entry: Fact) -> str:
    """Return an entry as text without its id, its version and the time of its posting."""
    return entry.model_dump_json(exclude=set(_OURS))


def _must_be_told_apart(entry: Entry, person: Mapping[str, str]) -> None:
    """Refuse a member who has no pseudonym, and of whom too little is said to find or make one."""
    if isinstance(entry, MemberEnrolled) and entry.member_ref == UNNAMED and set(person) != {"name", "phone"}:
        wanted = "党员编号，或者姓名和电话 a pseudonym, or name and phone"
        raise Rejection("invalid_value", fields=[FieldRefusal("#/member_ref", "invalid_value", wanted)])


def _bundled(rows: Sequence[Cells]) -> list[list[Cells]]:
    """Return the rows of each demand together, in place of its first; every row without a name by itself."""
    together: dict[object, list[Cells]] = {}
    for row in rows:
        name = next(((column, row.values[column]) for column in _NAMING if column in row.values), row.number)
        together.setdefault(name, []).append(row)
    return list(together.values())


def _differ(name: str, row: Cells, first: Cells) -> bool:
    """Whether a row says something else than the first of its demand; a blank cell says nothing."""
    said = (row.values.get(name), first.values.get(name))
    return said[0] is not None and _UNREAD not in said and said[0] != said[1]


def _missing(columns: Sequence[Column], row: Cells) -> tuple[Fault, ...]:
    missing = (column for column in columns if column.required and column.name not in row.values)
    return tuple(_fault(column, Refused("invalid_value", "required")) for column in missing)


def _refused(rows: Sequence[Cells], faults: Mapping[int, tuple[Fault, ...]]) -> Parsed:
    """Return that none of the rows is taken; one that is right by itself says so."""
    wrong = next(row.number for row in rows if faults.get(row.number))
    column, zh = ("joined", "多项需求") if "bundle" not in rows[0].values else ("bundle", "组合需求")
    others = (fault("bundle_refused", f"row {wrong}", field=column, column=zh),)
    return Parsed(_numbers(rows), None, faults={row.number: faults.get(row.number) or others for row in rows})


def _numbers(rows: Sequence[Cells]) -> tuple[int, ...]:
    return tuple(row.number for row in rows)


def _row_of(pointer: str, rows: Sequence[Cells]) -> int:
    """Return the number of the row that a pointer such as ``#/lines/1/item`` came from."""
    found = _LINE.match(pointer)
    return rows[int(found[1]) if found else 0].number


def _by_row(told: Iterable[tuple[int, Fault]]) -> dict[int, tuple[Fault, ...]]:
    rows: dict[int, tuple[Fault, ...]] = {}
    for number, one in told:
        rows[number] = (*rows.get(number, ()), one)
    return rows


def _fault(column: Column, refused: Refused) -> Fault:
    return fault(refused.code, refused.detail, field=column.name, column=column.zh)
