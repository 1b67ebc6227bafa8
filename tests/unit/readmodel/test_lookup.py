"""Rows looked up by key: as SQLAlchemy gives them, however many are asked for."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from api.readmodel.lookup import look_up
from api.readmodel.model import ReadModel
from api.readmodel.tables import units
from schemas.catalogue import load_catalogue

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
COUNT = 9_000
"""More than one statement takes."""

_ROWS = select(units.c.party, units.c.enrolled_at, units.c.name).order_by(units.c.party)
_LATER = select(units.c.party, func.count()).where(units.c.version.in_((2, 3))).group_by(units.c.party)


def filled(directory: Path) -> ReadModel:
    model = ReadModel(f"sqlite:///{directory / 'lists.sqlite3'}", catalogue=load_catalogue())
    rows = [
        {
            "party": f"unit:{n:05d}",
            "version": 1 + n % 2,
            "name": f"n{n}",
            "community": "3",
            "kind": "12",
            "is_active": True,
            "enrolled_at": NOON,
            "body": "",
        }
        for n in range(COUNT)
    ]
    with model.engine.begin() as connection:
        connection.execute(units.insert(), rows)
    return model


def test_every_row_asked_for_comes_once_with_its_types(tmp_path: Path) -> None:
    model = filled(tmp_path)
    for names in (
        [],
        ["unit:00007"],
        ["unit:00003", "unit:none", "unit:00001"],
        [f"unit:{n:05d}" for n in range(COUNT)],
    ):
        with model.engine.begin() as connection:
            found = list(look_up(connection, _ROWS, key=units.c.party, names=names))
            wanted = connection.execute(_ROWS.where(units.c.party.in_(names))).all()
        assert [tuple(row) for row in found] == [tuple(row) for row in wanted]
        assert [row._asdict() for row in found] == [row._asdict() for row in wanted]
    model.close()


def test_what_else_the_question_says_holds(tmp_path: Path) -> None:
    model = filled(tmp_path)
    with model.engine.begin() as connection:
        found = list(look_up(connection, _LATER, key=units.c.party, names=[f"unit:{n:05d}" for n in range(5)]))
    assert [tuple(row) for row in found] == [("unit:00001", 1), ("unit:00003", 1)]
    model.close()
