"""How many entries stand at once: what an undo has to know of each, in a few queries however many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, select

from api.readmodel.queries.parties import get_member, get_unit
from api.readmodel.tables import LIVE, UNIT, assignments, demands, lives, movements, resources
from schemas.enrolment import Enrolled, EnrolmentKind
from schemas.lives.enrolment import id_of, party_of

_HELD = (*LIVE, "fulfilled")


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry; ``matched`` says that an assignment of it is live or was fulfilled."""

    entry_id: str
    version: int
    withdrawn: bool
    reason: str | None
    region: str
    matched: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment of the quick way, by the id of the life it has or would have.

    ``gone``: it ended without ever having a life. ``moved_on``: it has one, was revised, or ended by a step.
    ``matched``: an assignment of its party is live or was fulfilled. ``busy``: the party has an entry on a list.
    """

    entry_id: str
    entry: Enrolled
    gone: bool
    moved_on: bool
    matched: bool
    busy: bool


def standing(
    connection: Connection, entry_ids: Sequence[str], *, kind: Literal["demands", "resources"]
) -> dict[str, Standing]:
    """Return how the entries of these ids stand; those that are not on the list are left out."""
    table, region = (demands, demands.c.community) if kind == "demands" else (resources, resources.c.home)
    own, held = table.c[f"{kind[:-1]}_id"], assignments.c[f"{kind[:-1]}_id"]
    matching = select(held).distinct().where(held.in_(entry_ids), assignments.c.phase.in_(_HELD))
    matched = set(connection.execute(matching).scalars())
    columns = (own, table.c.version, table.c.state, table.c.reason, region)
    rows = connection.execute(select(*columns).where(own.in_(entry_ids)))
    return {
        entry_id: Standing(entry_id, version, state == "withdrawn", reason, where, entry_id in matched)
        for entry_id, version, state, reason, where in rows
    }


def enrolments_standing(connection: Connection, entry_ids: Sequence[str]) -> dict[str, Enrolment]:
    """Return how the enrolments of these ids stand; those that are not in the registry are left out."""
    named = {entry_id: who for entry_id in entry_ids if (who := party_of(entry_id)) is not None}
    parties = sorted({party for party, _ in named.values()})
    begun = select(lives.c.id).where(lives.c.kind == "enrolment", lives.c.id.in_(entry_ids))
    living = set(connection.execute(begun).scalars())
    matched, busy = set(_matched(connection, parties)), set(_busy(connection, parties))
    found: dict[str, Enrolment] = {}
    for entry_id, (party, kind) in named.items():
        entry, newest = _entry(connection, party, kind), _newest(connection, party, kind)
        if entry is not None and newest is not None:
            same = id_of(entry) == entry_id
            gone = same and newest == (entry.version + 1, False) and entry_id not in living
            moved_on = not gone and not (same and newest == (entry.version, True) and entry_id not in living)
            found[entry_id] = Enrolment(entry_id, entry, gone, moved_on, party in matched, party in busy)
    return found


def _entry(connection: Connection, party: str, kind: EnrolmentKind | None) -> Enrolled | None:
    if kind is None:
        unit = get_unit(connection, party=party)
        return None if unit is None else unit.unit
    views = get_member(connection, member_ref=party.partition(":")[2])
    return next((view.enrolment for view in views if view.enrolment.kind == kind), None)


def _newest(connection: Connection, party: str, kind: EnrolmentKind | None) -> tuple[int, bool] | None:
    """Return version and direction of the newest movement."""
    table = movements.c
    mine = select(table.version, table.is_arrival).where(table.party == party, table.kind == (kind or UNIT))
    row = connection.execute(mine.order_by(table.version.desc()).limit(1)).one_or_none()
    return None if row is None else (row.version, row.is_arrival)


def _matched(connection: Connection, parties: Sequence[str]) -> Iterator[str]:
    for column in (assignments.c.provider, assignments.c.requester):
        query = select(column).distinct().where(column.in_(parties), assignments.c.phase.in_(_HELD))
        yield from connection.execute(query).scalars()


def _busy(connection: Connection, parties: Sequence[str]) -> Iterator[str]:
    there: tuple[tuple[ColumnElement[str], ColumnElement[bool]], ...] = (
        (resources.c.provider, resources.c.state != "withdrawn"),
        (demands.c.requester, ~demands.c.withdrawn),
    )
    for column, stands in there:
        yield from connection.execute(select(column).distinct().where(column.in_(parties), stands)).scalars()
