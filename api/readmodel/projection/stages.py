"""Where lives stand and how long they stayed, summed up over a batch and written once."""

from collections import defaultdict

from sqlalchemy import Connection

from api.readmodel.projection.rows import Values, add
from api.readmodel.projection.tallies import of_every_region, parent_of
from api.readmodel.tables import stages
from schemas.lifecycle import Life
from schemas.regions import place_name

_SUMS = ("here", "left", "stayed")


def place_of(life: Life) -> str:
    """Return where a life is: its community, with the grid where its kind has one."""
    return place_name(life.community, getattr(life, "grid", None))


class Stages:
    """Changes to the sums of states, by place, kind and state."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])

    def move(self, kind: str, before: Life | None, after: Life) -> None:
        """Note that a life came to be ``after``. A step that leaves it where it stood tells nothing here."""
        if before is not None:
            left = before.state != after.state
            stayed = int((after.since - before.since).total_seconds()) if left else 0
            self._add(kind, before, -1, int(left), stayed)
        self._add(kind, after, 1, 0, 0)

    def _add(self, kind: str, life: Life, *sums: int) -> None:
        held = self._changes[place_of(life), kind, life.state]
        for place, change in enumerate(sums):
            held[place] += change

    def write(self, connection: Connection) -> None:
        """Add the changes to the sums of each place and of every region above it."""
        rows: list[Values] = [
            {"region": region, "kind": kind, "state": state, "parent": parent_of(region)}
            | dict(zip(_SUMS, sums, strict=True))
            for (region, kind, state), sums in of_every_region(self._changes)
        ]
        add(connection, stages, rows, sums=_SUMS)
