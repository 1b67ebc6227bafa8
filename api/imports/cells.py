"""From a file to cells of text, as a program of its own, so that no file can hurt the server.

    python -m api.imports.cells <sheet|csv> <most rows>   < file   > rows as JSON

A zip bomb, a sheet that claims a billion cells or a bug in a parser ends this process at its memory or time
limit, and the import is refused. Formulas are never computed: a cell counts for the value stored beside it.
"""

import codecs
import contextlib
import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

MEMORY_BYTES = 1024**3
CPU_SECONDS = 30
MOST_COLUMNS = 100
MOST_CHARACTERS = 32_000_000
UNREADABLE, TOO_MANY_ROWS = 3, 4
"""Exit codes."""

FORMULA = re.compile(r"'*[=+@＝＋－＠\t\r-]")
"""How a cell begins that Excel would take for a formula, or that our own export has disarmed with an apostrophe."""

Rows = list[list[str]]
"""Cells as text, row by row; times in ISO form, whole numbers without a point, blank cells empty."""


class TooManyRowsError(Exception):
    """More rows than were allowed."""


class TooMuchTextError(Exception):
    """More characters than were allowed."""


def read(data: bytes, *, form: str, most_rows: int) -> Rows:
    """Return the cells of a file's first sheet, up to ``most_rows`` rows below the header.

    Raises:
        TooManyRowsError: there are more.
        TooMuchTextError: the cells hold too much text.
        Exception: whatever the parser says of a file that it cannot read.
    """
    rows: Rows = []
    blank = characters = 0
    for cells in _sheet(data) if form == "sheet" else _table(data):
        row = [as_text(cell) for cell in cells][:MOST_COLUMNS]
        # Sheets often end in thousands of formatted but empty rows: they count only if something follows.
        blank = 0 if any(row) else blank + 1
        rows.append(row)
        if len(rows) - blank > most_rows + 1:
            raise TooManyRowsError
        characters += sum(map(len, row))
        if characters > MOST_CHARACTERS:
            raise TooMuchTextError(f"it holds more than {MOST_CHARACTERS} characters")
        if blank > 1000:
            break
    return rows[: len(rows) - blank]


def _sheet(data: bytes) -> Iterable[Iterable[object]]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - only spreadsheets need it

    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).iter_rows()


def _table(data: bytes) -> Iterator[list[str]]:
    text = decoded(data)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    csv.field_size_limit(len(data) + 1)
    for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
        yield [cell[1:] if cell[:1] == "'" and FORMULA.match(cell) else cell for cell in cells]


def decoded(data: bytes) -> str:
    """Return the text of a CSV file in any encoding that Excel writes: UTF-8, UTF-16 with its mark, GB 18030.

    Raises:
        UnicodeDecodeError: it is none of these.
        ValueError: it holds zero bytes, so it is no text.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    if "\0" in text:
        raise ValueError("zero bytes in a text")
    return text


def as_text(cell: object) -> str:
    """Return a cell as a person would type it."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell).strip()


def _fault(error: Exception, *, form: str) -> str:
    """Return what is the matter with a file, as its owner would say it: parsers speak of zips and records."""
    match error:
        case TooMuchTextError():
            return str(error)
        case _ if type(error).__name__ == "PasswordError":
            return "it is protected by a password"
        case _ if form == "sheet":
            return "it is no workbook, or it is damaged"
        case _:
            return "it is not a table of text"


def _limit_self() -> None:
    """Take memory and time away from this process; where the system has no such limits, the parent's clock remains."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read standard input, write rows to standard output; the exit code says what went wrong."""
    _limit_self()
    form, most_rows = sys.argv[1], int(sys.argv[2])
    try:
        rows = read(sys.stdin.buffer.read(), form=form, most_rows=most_rows)
    except TooManyRowsError:
        return TOO_MANY_ROWS
    except Exception as error:
        sys.stderr.write(_fault(error, form=form))
        return UNREADABLE
    sys.stdout.buffer.write(json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
