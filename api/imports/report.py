"""The report of an import: what became of every row."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.imports.columns import ListKind
from api.problems import Messages, messages_of

Outcome = Literal["posted", "valid", "unchanged", "refused"]


class Fault(BaseModel):
    """What is wrong with one cell, or with the row as a whole."""

    model_config = ConfigDict(frozen=True)

    code: Annotated[str, Field(examples=["unknown_item"])]
    field: Annotated[str | None, Field(description="The column's name.", examples=["item"])]
    column: Annotated[str | None, Field(description="The column's header.", examples=["服务项目"])]
    detail: Annotated[str, Field(examples=["elder_care.moon_walk"])]
    messages: Messages


class RowReport(BaseModel):
    """What became of one row."""

    model_config = ConfigDict(frozen=True)

    row: Annotated[int, Field(description="As the spreadsheet counts, from 1.", examples=[2])]
    id: Annotated[str | None, Field(examples=["d-5f0c9e1b2a7d4c38"])]
    outcome: Annotated[
        Outcome,
        Field(description="`valid` in a dry run; `unchanged` where the entry is on the list already."),
    ]
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


class ImportReport(BaseModel):
    """What became of a file."""

    model_config = ConfigDict(frozen=True)

    import_id: Annotated[str, Field(examples=["i-20261121-5f0c9e1b2a7d4c38"])]
    kind: ListKind
    dry_run: bool
    created_at: datetime
    total: Annotated[int, Field(description="Rows that are not blank.")]
    posted: int
    valid: int
    unchanged: int
    refused: int
    positions: Annotated[
        tuple[str, ...], Field(description="The last position in each partition, for `Cobuild-At-Least`.")
    ]
    rows: tuple[RowReport, ...]


class ImportSummary(BaseModel):
    """A past import in figures; ``undone`` and ``kept`` count the rows of its undo, if there was one."""

    model_config = ConfigDict(frozen=True)

    import_id: Annotated[str, Field(examples=["i-20261121-5f0c9e1b2a7d4c38"])]
    kind: ListKind
    created_at: datetime
    total: int
    posted: int
    unchanged: int
    refused: int
    undone_at: datetime | None = None
    undone: int = 0
    kept: int = 0


class RowUndone(BaseModel):
    """What an undo made of one row that the import had posted."""

    model_config = ConfigDict(frozen=True)

    row: Annotated[int, Field(description="As the spreadsheet counted, from 1.", examples=[2])]
    id: Annotated[str, Field(examples=["d-5f0c9e1b2a7d4c38"])]
    outcome: Annotated[Literal["undone", "kept"], Field(description="`kept` where it could not be undone.")]
    fault: Annotated[Fault | None, Field(description="Why it could not be undone.")] = None


class UndoReport(BaseModel):
    """What became of what an import had posted."""

    model_config = ConfigDict(frozen=True)

    import_id: Annotated[str, Field(examples=["i-20261121-5f0c9e1b2a7d4c38"])]
    kind: ListKind
    undone_at: datetime
    undone: int
    kept: int
    positions: Annotated[
        tuple[str, ...], Field(description="The last position in each partition, for `Cobuild-At-Least`.")
    ]
    rows: tuple[RowUndone, ...]


_DAY_OF_AN_ID = r"(?!(?<=[a-z]-)20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])-)"
_LONG_NUMBER = re.compile(rf"(?<![0-9]){_DAY_OF_AN_ID}[0-9]{{7,}}[0-9Xx]?")
"""What may be somebody's phone or identity number; the day in an id such as ``d-20261121-0001`` is not."""


def fault(code: str, detail: str = "", *, field: str | None = None, column: str | None = None) -> Fault:
    """Return a fault with what its code says in both languages; a report repeats no long number from a wrong cell."""
    told = _LONG_NUMBER.sub("…", detail)[:500]
    return Fault(code=code, field=field, column=column, detail=told, messages=messages_of(code))
