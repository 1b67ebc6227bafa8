"""How many entries stand at once: what an undo has to know of each, in two queries however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from api.readmodel.tables import LIVE, assignments, demands, resources


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry; ``matched`` says that an assignment of it is live or was fulfilled."""

    entry_id: str
    version: int
    withdrawn: bool
    reason: str | None
    region: str
    matched: bool


def standing(
    connection: Connection, entry_ids: Sequence[str], *, kind: Literal["demands", "resources"]
) -> dict[str, Standing]:
    """Return how the entries of these ids stand; those that are not on the list are left out."""
    table, region = (demands, demands.c.community) if kind == "demands" else (resources, resources.c.home)
    own, held = table.c[f"{kind[:-1]}_id"], assignments.c[f"{kind[:-1]}_id"]
    matching = select(held).distinct().where(held.in_(entry_ids), assignments.c.phase.in_((*LIVE, "fulfilled")))
    matched = set(connection.execute(matching).scalars())
    columns = (own, table.c.version, table.c.state, table.c.reason, region)
    rows = connection.execute(select(*columns).where(own.in_(entry_ids)))
    return {
        entry_id: Standing(entry_id, version, state == "withdrawn", reason, where, entry_id in matched)
        for entry_id, version, state, reason, where in rows
    }
