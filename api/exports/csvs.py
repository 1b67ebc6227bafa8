"""From rows of text to CSV. No cell is ever a formula, whatever a title looks like.

Excel takes a text for a formula that begins with ``=``, ``+``, ``-`` or ``@``. In XLSX a cell says that it is text. CSV
cannot say so: here an apostrophe stands before it, which an import takes off again (``api.imports.cells``).
"""

import csv
import io
from collections.abc import Iterable, Sequence

from api.imports.cells import FORMULA


def csv_part(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as CSV; the first part of a file begins with ``BOM``."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([f"'{cell}" if FORMULA.match(cell) else cell for cell in row] for row in rows)
    return text.getvalue().encode()


BOM = b"\xef\xbb\xbf"
"""Tells Excel that a CSV file is UTF-8."""
