"""An export from list to file: page after page of the read model, in threads, never the whole of it in memory."""

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, Literal

from anyio.to_thread import run_sync

from api.exports.csvs import BOM, csv_part
from api.exports.rows import Rows
from api.imports.columns import TITLES, ListKind
from api.reading import Reading
from api.readmodel.queries.demands import list_demands
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.lives import list_lives
from api.readmodel.queries.paging import MAX_LIMIT
from api.readmodel.queries.parties import list_members, list_units
from api.readmodel.queries.resources import list_resources
from schemas.catalogue import Catalogue

Form = Literal["xlsx", "csv"]

_LISTED: dict[ListKind, Callable[..., Any]] = {
    "demands": list_demands,
    "resources": list_resources,
    "units": partial(list_units, is_active=True),
    "members": partial(list_members, is_active=True),
    "projects": partial(list_lives, kind="project"),
}
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Exports lists."""

    reading: Reading
    catalogue: Catalogue

    def file(self, kind: ListKind, form: Form, *, filter: Filter) -> AsyncIterator[bytes]:
        """Return the file's bytes as they come: CSV with every page, XLSX when its last row is written."""
        return self._csv(kind, filter) if form == "csv" else self._xlsx(kind, filter)

    async def _csv(self, kind: ListKind, filter: Filter) -> AsyncIterator[bytes]:
        rows = Rows(kind, self.catalogue)
        yield BOM + csv_part([rows.headers])
        async for page in self._pages(kind, filter, rows):
            yield await run_sync(csv_part, page)

    async def _xlsx(self, kind: ListKind, filter: Filter) -> AsyncIterator[bytes]:
        from api.exports.workbook import Sheet  # noqa: PLC0415 - most servers write none, and start the sooner

        rows = Rows(kind, self.catalogue)
        sheet = Sheet(title=TITLES[kind], headers=rows.headers)
        async for page in self._pages(kind, filter, rows):
            await run_sync(sheet.add, page)
        with tempfile.TemporaryFile() as file:
            await run_sync(sheet.save, file)
            file.seek(0)
            while chunk := await run_sync(_read, file):
                yield chunk

    async def _pages(self, kind: ListKind, filter: Filter, rows: Rows) -> AsyncIterator[list[Sequence[str]]]:
        cursor = None
        while True:
            page = await self.reading.query(_LISTED[kind], filter=filter, cursor=cursor, limit=MAX_LIMIT)
            yield await run_sync(rows.of_all, page.rows)
            cursor = page.next_cursor
            if cursor is None:
                return


def _read(file: IO[bytes]) -> bytes:
    return file.read(_CHUNK)
