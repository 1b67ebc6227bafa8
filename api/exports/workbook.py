"""From rows of text to XLSX, in which no cell is a formula."""

import re
from collections.abc import Iterable, Sequence
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Sheet:
    """A workbook of one sheet that grows row by row and keeps none of them in memory."""

    def __init__(self, *, title: str, headers: Sequence[str]) -> None:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = "A2"
        for place, header in enumerate(headers, start=1):
            self._sheet.column_dimensions[get_column_letter(place)].width = max(12, 2 * len(header) + 4)
        self._sheet.append([self._text(header, bold=True) for header in headers])

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Put rows below the others."""
        for row in rows:
            self._sheet.append([self._text(cell) if cell else None for cell in row])

    def save(self, file: IO[bytes]) -> None:
        """Write the file; nothing can be added then."""
        self._book.save(file)

    def _text(self, text: str, *, bold: bool = False) -> WriteOnlyCell:
        """Return a cell that is text, also where it is edited later."""
        cell = WriteOnlyCell(self._sheet, _ESCAPE.sub(_escaped, text))
        cell.data_type = "s"
        cell.quotePrefix = True
        if bold:
            cell.font = Font(bold=True)
        return cell


def _escaped(found: re.Match[str]) -> str:
    """Return a character that XML cannot hold, or that would be read as the beginning of such, as ``_x0001_``."""
    return "\ufffd" if found[0] > "\ufffd" else f"_x{ord(found[0]):04X}_"
