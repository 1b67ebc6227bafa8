"""One batch of events into the tables, in one transaction."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from api.readmodel.projection.assignments import project_assignments
from api.readmodel.projection.claims import project_claims
from api.readmodel.projection.deadletters import project_deadletters
from api.readmodel.projection.demands import Demands
from api.readmodel.projection.lives import project_lives
from api.readmodel.projection.parties import project_members, project_units
from api.readmodel.projection.resources import project_resources
from api.readmodel.projection.rounds import project_rounds
from api.readmodel.projection.rows import put
from api.readmodel.projection.sorting import Located, Sorted
from api.readmodel.projection.tallies import Tally
from api.readmodel.projection.transfers import project_transfers
from api.readmodel.projection.whereabouts import project_whereabouts
from api.readmodel.queries.positions import next_offsets
from api.readmodel.tables import offsets as offsets_table
from schemas.catalogue import Catalogue


def project(
    connection: Connection, *, events: Iterable[Located], offsets: Mapping[tuple[str, int], int], catalogue: Catalogue
) -> None:
    """Write what ``events`` change, and the next ``offsets`` to read, into the open transaction."""
    stored = next_offsets(connection)
    batch = Sorted.of(located for located in events if located[0][2] >= stored.get(located[0][:2], 0))
    tally = Tally()
    project_units(connection, batch.units, tally=tally)
    project_members(connection, batch.members, tally=tally)
    project_resources(connection, batch.resources, tally=tally, catalogue=catalogue)
    project_claims(connection, batch.claims)
    lapsed = project_rounds(connection, batch.rounds)
    moved = project_transfers(connection, batch.transfers, catalogue=catalogue)
    demands = Demands.load(connection, events=batch.demands, also=lapsed | batch.assigned_demands)
    project_assignments(connection, batch, tally=tally, catalogue=catalogue)
    demands.project(connection, batch.demands, tally=tally, catalogue=catalogue)
    project_whereabouts(connection, moved | lapsed | batch.listed_demands | batch.assigned_demands)
    project_lives(connection, batch.steps)
    project_deadletters(connection, batch.deadletters)
    tally.write(connection)
    _write_offsets(connection, stored=stored, offsets=offsets)


def _write_offsets(
    connection: Connection, *, stored: Mapping[tuple[str, int], int], offsets: Mapping[tuple[str, int], int]
) -> None:
    moved = [
        {"topic": topic, "partition": partition, "next_offset": offset}
        for (topic, partition), offset in offsets.items()
        if offset > stored.get((topic, partition), -1)
    ]
    put(connection, offsets_table, moved)
