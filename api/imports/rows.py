"""From a row of text to an entry of a list, or to everything that is wrong with it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from pydantic import ValidationError

from api.checks import Checks, Notice
from api.errors import rejection
from api.imports.columns import COLUMNS, Column, ListKind
from api.imports.report import Fault, fault
from api.imports.shapes import BUILD, ITEM, Lookup
from api.problems import Rejection
from schemas.base import Fact
from schemas.demands import Demand
from schemas.refusals import FieldRefusal, Refused
from schemas.resources import Resource

_UNSAID = "-"
"""Stands for the id while the content alone decides it."""
_PREFIX = {"demands": "d", "resources": "r"}
_WHOLE_ROW = {"impossible_window": "end", "capacity_of_a_person": "capacity"}
_COLUMN_OF = {"lines": ITEM, "window": "end", "windows": "end", "demand_id": "id", "resource_id": "id"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """One row: an entry, or faults. ``given_id`` tells whether the id stood in the sheet."""

    number: int
    entry: Demand | Resource | None
    given_id: bool = False
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class RowParser:
    """Reads the rows of one sheet, as of ``now``."""

    kind: ListKind
    places: Mapping[str, int]
    checks: Checks
    lookup: Lookup
    now: datetime

    def parse(self, rows: Sequence[Sequence[str]], *, first: int) -> list[Parsed]:
        """Return every row that is not blank; the first of ``rows`` has the number ``first``.

        An id that is not given follows from the content, and from how many rows of the same content came before.
        So the same row is the same entry, however often its file is mended and imported again.
        """
        seen: Counter[str] = Counter()
        parsed = (self._row(row, number) for number, row in enumerate(rows, start=first) if any(row))
        return [self._with_id(row, seen) for row in parsed]

    def _row(self, row: Sequence[str], number: int) -> Parsed:
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for column in COLUMNS[self.kind]:
            place = self.places.get(column.name)
            cell = row[place] if place is not None and place < len(row) else ""
            if not cell:
                if column.required:
                    faults.append(_fault(column, Refused("invalid_value", "required")))
                continue
            try:
                values[column.name] = self._read(column, cell)
            except Refused as refused:
                faults.append(_fault(column, refused))
        if faults:
            return Parsed(number, None, faults=tuple(faults))
        return self._entry(values, number)

    def _read(self, column: Column, cell: str) -> Any:
        return self.lookup.item(cell) if column.name == ITEM else column.read(cell)

    def _entry(self, values: dict[str, Any], number: int) -> Parsed:
        given = values.pop("id", None)
        filled = {"id", *values}
        build: Callable[..., Demand | Resource] = BUILD[self.kind]
        try:
            entry = build(values, entry_id=given or "x", at=self.now)
            notices = self._check(entry)
        except ValidationError as error:
            return Parsed(number, None, faults=self._faults(rejection(error).fields, filled))
        except Rejection as error:
            return Parsed(number, None, faults=self._faults(error.fields, filled))
        warnings = tuple(self._warning(notice) for notice in notices)
        return Parsed(number, entry, given_id=given is not None, warnings=warnings)

    def _check(self, entry: Demand | Resource) -> tuple[Notice, ...]:
        if isinstance(entry, Demand):
            return self.checks.demand(entry, now=self.now)
        return self.checks.resource(entry, now=self.now)

    def _with_id(self, row: Parsed, seen: Counter[str]) -> Parsed:
        if row.entry is None or row.given_id:
            return row
        content = content_of(row.entry)
        seen[content] += 1
        digest = blake2b(f"{content}#{seen[content]}".encode(), digest_size=10).hexdigest()
        name = "demand_id" if isinstance(row.entry, Demand) else "resource_id"
        return replace(row, entry=row.entry.model_copy(update={name: f"{_PREFIX[self.kind]}-{digest}"}))

    def _faults(self, fields: Sequence[FieldRefusal], filled: set[str]) -> tuple[Fault, ...]:
        """Return a fault per cell; what followed from another cell is only told where nothing else is wrong."""
        named = [(self._column_of(field), field) for field in fields]
        told = [(name, field) for name, field in named if name in filled] or named
        return tuple(fault(field.code, field.detail, field=name, column=self._header(name)) for name, field in told)

    def _warning(self, notice: Notice) -> Fault:
        name = self._column_of(FieldRefusal(notice.pointer, notice.code, ""))
        return Fault(code=notice.code, field=name, column=self._header(name), detail="", messages=notice.messages)

    def _column_of(self, field: FieldRefusal) -> str | None:
        """Return the column that a pointer such as ``#/lines/0/item`` came from."""
        names = {column.name for column in COLUMNS[self.kind]}
        steps = [step for step in field.field.split("/")[1:] if not step.isdigit()]
        named = next((step for step in reversed(steps) if step in names), None)
        return named or next((_COLUMN_OF[step] for step in steps if step in _COLUMN_OF), _WHOLE_ROW.get(field.code))

    def _header(self, name: str | None) -> str | None:
        return next((column.zh for column in COLUMNS[self.kind] if column.name == name), None)


def content_of(entry: Fact) -> str:
    """Return an entry as text without its id, its version and the time of its posting."""
    return entry.model_dump_json(exclude={"demand_id", "resource_id", "version", "posted_at", "offered_at"})


def _fault(column: Column, refused: Refused) -> Fault:
    return fault(refused.code, refused.detail, field=column.name, column=column.zh)
