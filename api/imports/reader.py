"""Starts the program that reads a file (``api.imports.cells``) and takes its rows."""

import asyncio
import json
import sys

from anyio.to_thread import run_sync

from api.imports.cells import TOO_MANY_ROWS, Rows
from schemas.refusals import Refused

WALL_SECONDS = 60
AT_ONCE = 2
"""How many files are read at the same time; each may take a gibibyte."""

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How a workbook begins: XLSX, and the XLS of old."""

_OTHERS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"{\\rtf": "a text document",
    b"Rar!": "a packed file",
    b"7z\xbc\xaf": "a packed file",
    b"\x1f\x8b": "a packed file",
}
"""How files begin that people take for tables; as CSV they would merely lack columns."""


class Reader:
    """Reads files, a few at a time."""

    def __init__(self, *, most_rows: int) -> None:
        self._most_rows = most_rows
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def rows(self, data: bytes) -> Rows:
        """Return the cells of a spreadsheet or CSV file, whichever the content is.

        Raises:
            Refused: ``unreadable_file``, ``too_many_rows``.
        """
        if not data.strip():
            raise Refused("unreadable_file", "the file is empty")
        for beginning, what in _OTHERS.items():
            if data.lstrip().startswith(beginning):
                raise Refused("unreadable_file", f"it is {what}, not a table")
        form = "sheet" if data.startswith(_WORKBOOKS) else "csv"
        async with self._turn:
            code, out, fault = await self._run(data, form=form)
        if code == TOO_MANY_ROWS:
            raise Refused("too_many_rows", f"at most {self._most_rows}")
        if code != 0:
            raise Refused("unreadable_file", fault or "it would have taken too much memory or time")
        rows: Rows = await run_sync(json.loads, out)
        return rows

    async def _run(self, data: bytes, *, form: str) -> tuple[int, bytes, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api.imports.cells", form, str(self._most_rows),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(WALL_SECONDS):
                out, err = await process.communicate(data)
        except TimeoutError:
            return 1, b"", ""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, out, err.decode("utf-8", "replace") if process.returncode == 3 else ""
