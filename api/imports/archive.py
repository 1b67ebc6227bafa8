"""Keeps the reports of imports, and of their undoing."""

import zlib
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Engine, Row, case, select, update
from sqlalchemy.dialects.sqlite import insert

from api.imports.report import ImportReport, ImportSummary, UndoReport
from api.readmodel.queries.paging import fetch_page
from api.readmodel.views import Page
from api.store import imports


class Archive:
    """Reports by id; all calls block, run them in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, report: ImportReport) -> None:
        """Store a report; a repeat of the same import replaces it."""
        row = {
            "import_id": report.import_id,
            "kind": report.kind,
            "created_at": report.created_at,
            "report": _packed(report),
            "summary": _summary(report).model_dump_json(),
        }
        statement = insert(imports).values(row).on_conflict_do_update(index_elements=["import_id"], set_=row)
        with self._engine.begin() as connection:
            connection.execute(statement)

    def get(self, import_id: str) -> ImportReport | None:
        """Return a report, or None."""
        with self._engine.connect() as connection:
            data = connection.execute(select(imports.c.report).where(imports.c.import_id == import_id)).scalar()
        return None if data is None else ImportReport.model_validate_json(zlib.decompress(data))

    def keep_undo(self, undone: UndoReport, *, of: ImportReport) -> None:
        """Store what became of the undoing of an import."""
        told = {"undone_at": undone.undone_at, "undone": undone.undone, "kept": undone.kept}
        row = {"undo": _packed(undone), "summary": _summary(of).model_copy(update=told).model_dump_json()}
        with self._engine.begin() as connection:
            connection.execute(update(imports).where(imports.c.import_id == of.import_id).values(row))

    def undo_of(self, import_id: str) -> UndoReport | None:
        """Return what became of the undoing of an import; None where nobody undid it."""
        with self._engine.connect() as connection:
            data = connection.execute(select(imports.c.undo).where(imports.c.import_id == import_id)).scalar()
        return None if data is None else UndoReport.model_validate_json(zlib.decompress(data))

    def page(self, *, cursor: str | None, limit: int) -> Page[ImportSummary]:
        """Return past imports, the newest first; raise Refused ``bad_cursor``."""
        key = (imports.c.created_at, imports.c.import_id)
        # A report may hold thousands of rows: it is read only where there is no summary of it.
        whole = case((imports.c.summary.is_(None), imports.c.report)).label("whole")
        query = select(*key, imports.c.summary, whole)
        with self._engine.connect() as connection:
            return fetch_page(connection, query, key=key, cursor=cursor, limit=limit, view=_told)


def _packed(report: BaseModel) -> bytes:
    return zlib.compress(report.model_dump_json().encode())


def _told(row: Row[Any]) -> ImportSummary:
    if row.summary is None:
        return _summary(ImportReport.model_validate_json(zlib.decompress(row.whole)))
    return ImportSummary.model_validate_json(row.summary)


def _summary(report: ImportReport) -> ImportSummary:
    return ImportSummary.model_validate(report, from_attributes=True)
