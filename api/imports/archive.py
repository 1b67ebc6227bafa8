"""Keeps the reports of imports."""

import zlib

from sqlalchemy import Engine, select
from sqlalchemy.dialects.sqlite import insert

from api.imports.report import ImportReport
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
            "report": zlib.compress(report.model_dump_json().encode()),
        }
        statement = insert(imports).values(row).on_conflict_do_update(index_elements=["import_id"], set_=row)
        with self._engine.begin() as connection:
            connection.execute(statement)

    def get(self, import_id: str) -> ImportReport | None:
        """Return a report, or None."""
        with self._engine.connect() as connection:
            data = connection.execute(select(imports.c.report).where(imports.c.import_id == import_id)).scalar()
        return None if data is None else ImportReport.model_validate_json(zlib.decompress(data))
