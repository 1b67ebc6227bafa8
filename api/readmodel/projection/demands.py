"""The demand list as it changes, and what assignments and lapses make of it."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, delete, func, select

from api.readmodel.projection.phases import is_done
from api.readmodel.projection.rows import Values, change, pieces, put, rows_among
from api.readmodel.projection.standing import contributions, fill, state_of
from api.readmodel.projection.tallies import Tally
from api.readmodel.projection.tombstones import load_tombstones, write_tombstones
from api.readmodel.tables import LIVE, assignments, demand_lines, demands, lapses
from schemas.catalogue import Catalogue
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn, Urgency
from schemas.envelope import Event
from schemas.regions import place_name

_SEATS = ("asked", "filled", "fulfilled")
_CHANGING = ("version", "state", "withdrawn", "reason", "urgency", *_SEATS, "changed_at")
_KNOWN = ("demand_id", "place", *_CHANGING)

_AS_KNOWN = select(*(demands.c[name] for name in _KNOWN))
_LINES = select(demand_lines)
_LAPSES = select(lapses)
_SEATS_TAKEN = (
    select(assignments.c.demand_id, assignments.c.line, assignments.c.phase, func.count())
    .where(assignments.c.phase.in_((*LIVE, "fulfilled")))
    .group_by(assignments.c.demand_id, assignments.c.line, assignments.c.phase)
)

Lines = dict[str, dict[int, Values]]
"""Lines by demand and number."""


@dataclass(frozen=True, slots=True)
class Demands:
    """The demands that a batch touches, as they stood before it."""

    rows: Mapping[str, Values]
    lines: Lines
    buried: Set[str]

    @classmethod
    def load(cls, connection: Connection, *, events: Sequence[Event[Any]], also: Iterable[str]) -> Self:
        """Read the demands that ``events`` speak of, and those named in ``also``."""
        wanted = {_id_of(event.data) for event in events} | set(also)
        found = rows_among(connection, _AS_KNOWN, key=demands.c.demand_id, wanted=wanted)
        rows = {row.demand_id: row._asdict() for row in found}
        lines: Lines = {}
        for line in rows_among(connection, _LINES, key=demand_lines.c.demand_id, wanted=rows):
            lines.setdefault(line.demand_id, {})[line.line] = line._asdict()
        return cls(rows, lines, load_tombstones(connection, kind="demand", wanted=wanted - rows.keys()))

    def project(
        self, connection: Connection, events: Sequence[Event[Any]], *, tally: Tally, catalogue: Catalogue
    ) -> None:
        """Apply ``events``, count seats anew from the assignments written, and write what changed."""
        rows = {demand_id: dict(row) for demand_id, row in self.rows.items()}
        lines = dict(self.lines)
        gone: set[str] = set()
        for event in events:
            demand_id = _id_of(event.data)
            if demand_id in self.buried or demand_id in gone:
                continue
            if not _evolve(rows, lines, event, catalogue):
                gone.add(demand_id)
        write_tombstones(connection, kind="demand", gone=gone)
        lines = _filled(connection, rows, lines)
        _stand(connection, rows, lines)
        self._tally(rows, lines, tally)
        self._write(connection, rows, lines)

    def _tally(self, rows: Mapping[str, Values], lines: Lines, tally: Tally) -> None:
        for demand_id, row in rows.items():
            before = self.rows.get(demand_id)
            if before is not None:
                _count(tally, before, self.lines[demand_id], -1)
            _count(tally, row, lines[demand_id], 1)

    def _write(self, connection: Connection, rows: Mapping[str, Values], lines: Lines) -> None:
        put(connection, demands, [row for row in rows.values() if "body" in row])
        altered = [row for name, row in rows.items() if "body" not in row and row != self.rows[name]]
        change(connection, demands, altered, columns=_CHANGING)
        dropped = [name for name in self.lines if lines[name].keys() < self.lines[name].keys()]
        for names in pieces(dropped):
            connection.execute(delete(demand_lines).where(demand_lines.c.demand_id.in_(names)))
        put(connection, demand_lines, [line for name in rows for line in self._altered_lines(name, lines, dropped)])

    def _altered_lines(self, name: str, lines: Lines, dropped: Sequence[str]) -> list[Values]:
        before = {} if name in dropped else self.lines.get(name, {})
        return [line for number, line in lines[name].items() if line != before.get(number)]


def _evolve(rows: dict[str, Values], lines: Lines, event: Event[Any], catalogue: Catalogue) -> bool:
    """Move one demand on in ``rows`` and ``lines``, unless the event is old news or the matcher refuses it.

    Returns False where it withdrew what was never posted.
    """
    data = event.data
    demand_id = _id_of(data)
    row = rows.get(demand_id)
    version = data.demand.version if isinstance(data, DemandPosted | DemandRevised) else data.version
    if row is not None and (row["withdrawn"] or version <= row["version"]):
        return True
    changed = {"version": version, "changed_at": event.time}
    match data:
        case DemandPosted(demand=demand) | DemandRevised(demand=demand):
            if all(line.item in catalogue.items for line in demand.lines):
                rows[demand_id] = _row(demand) | changed
                lines[demand_id] = _lines(demand, catalogue)
        case DemandWhistled() if row is not None:
            louder = Urgency.EMERGENCY if row["urgency"] == Urgency.EMERGENCY else Urgency.WHISTLE
            row.update(changed, urgency=louder.value)
        case DemandWithdrawn(reason=reason) if row is not None:
            row.update(changed, withdrawn=True, reason=reason)
        case DemandWithdrawn():
            return False
    return True


def _row(demand: Demand) -> Values:
    return {
        "demand_id": demand.demand_id,
        "state": "open",
        "withdrawn": False,
        "reason": None,
        "requester": demand.requester,
        "title": demand.title,
        "community": demand.community,
        "place": place_name(demand.community, demand.grid),
        "urgency": demand.urgency.value,
        "posted_at": demand.posted_at,
        "body": demand.model_dump_json(),
    }


def _lines(demand: Demand, catalogue: Catalogue) -> dict[int, Values]:
    return {
        number: {
            "demand_id": demand.demand_id,
            "line": number,
            "item": line.item,
            "category": catalogue.items[line.item].category_id,
            "quantity": line.quantity,
            "filled": 0,
            "fulfilled": 0,
        }
        for number, line in enumerate(demand.lines)
    }


def _filled(connection: Connection, rows: Mapping[str, Values], lines: Lines) -> Lines:
    """Return the lines of ``rows`` with seats counted anew from the assignments."""
    held: dict[tuple[str, int], int] = {}
    done: dict[tuple[str, int], int] = {}
    for demand_id, line, phase, count in rows_among(connection, _SEATS_TAKEN, key=assignments.c.demand_id, wanted=rows):
        seats = done if is_done(phase) else held
        seats[demand_id, line] = seats.get((demand_id, line), 0) + count
    return {
        name: {
            number: fill(line, held=held.get((name, number), 0), done=done.get((name, number), 0))
            for number, line in lines[name].items()
        }
        for name in rows
    }


def _stand(connection: Connection, rows: Mapping[str, Values], lines: Lines) -> None:
    """Sum up each demand's lines and say how it stands."""
    found = rows_among(connection, _LAPSES, key=lapses.c.demand_id, wanted=rows)
    lapsed = {row.demand_id: row.version for row in found}
    for name, row in rows.items():
        own = lines[name].values()
        asked, filled, fulfilled = (sum(line[part] for line in own) for part in ("quantity", "filled", "fulfilled"))
        row.update(asked=asked, filled=filled, fulfilled=fulfilled)
        row["state"] = state_of(
            withdrawn=row["withdrawn"],
            lapsed=lapsed.get(name, 0) >= row["version"],
            asked=asked,
            filled=filled,
            fulfilled=fulfilled,
        )


def _count(tally: Tally, row: Values, lines: Mapping[int, Values], sign: int) -> None:
    for part in contributions(row["state"], lines.values()):
        sums = {name: sign * value for name, value in part._asdict().items() if name != "category"}
        tally.add(row["place"], part.category, **sums)


def _id_of(data: Any) -> str:
    found: str = data.demand.demand_id if isinstance(data, DemandPosted | DemandRevised) else data.demand_id
    return found
