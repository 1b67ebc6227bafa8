"""What a column of a sheet is, and how the columns of a sheet are found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from api.imports.words import ZH, enumerated, instant, yes_or_no
from schemas.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``read`` turns a cell that is not blank into a value; ``choices`` fill a dropdown list."""

    name: str
    zh: str
    example: str
    hint: str
    read: Callable[[str], Any] = str
    required: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def choice(name: str, zh: str, kind: type[StrEnum], *, example: str, hint: str, **more: Any) -> Column:
    return Column(
        name=name,
        zh=zh,
        example=example,
        hint=hint,
        read=lambda text: enumerated(kind, text),
        choices=tuple(ZH[member] for member in kind),
        **more,
    )


def flag(name: str, zh: str, *, example: str, hint: str) -> Column:
    return Column(name=name, zh=zh, example=example, hint=hint, read=yes_or_no, choices=("是", "否"))


def moment(name: str, zh: str, *, example: str, hint: str, required: bool = False, ends: bool = False) -> Column:
    return Column(
        name=name, zh=zh, example=example, hint=hint, required=required, read=lambda text: instant(text, ends=ends)
    )


_HEADER_ROWS = 10
"""A sheet may begin with a title; the header is looked for this far down."""


def find_header(rows: Sequence[Sequence[str]], *, columns: Sequence[Column]) -> tuple[int, Mapping[str, int]]:
    """Return the place of the header row, and the place of each column by name.

    Raises:
        Refused: ``missing_columns``, with the headers that the best candidate lacks.
    """
    candidates = [(place, _places(row, columns)) for place, row in enumerate(rows[:_HEADER_ROWS])]
    place, found = max(candidates, key=lambda candidate: len(candidate[1]), default=(0, {}))
    missing = [column for column in columns if column.required and column.name not in found]
    if missing:
        raise Refused("missing_columns", "、".join(f"{column.zh} ({column.name})" for column in missing))
    return place, found


def _places(row: Sequence[str], columns: Sequence[Column]) -> dict[str, int]:
    headers: dict[str, int] = {}
    for place, cell in enumerate(row):
        headers.setdefault(_plain(cell), place)
    found: dict[str, int] = {}
    for column in columns:
        names = (column.zh, column.name, column.name.replace("_", " "), *column.aliases)
        named = [headers[_plain(name)] for name in names if _plain(name) in headers]
        if named:
            found[column.name] = named[0]
    return found


def _plain(header: str) -> str:
    """Return a header without what people add to it: blanks, stars for required, brackets of either width."""
    return header.strip().lower().strip("*＊ ").replace("(", "（").replace(")", "）")
