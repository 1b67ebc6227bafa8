"""One process at a time: a row in the store that says who does the work, and until when."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, or_
from sqlalchemy.dialects.sqlite import insert

from api.ports import Clock
from api.store import leases

HELD_FOR: Final = timedelta(seconds=30)


class Lease:
    """The right to do what ``name`` says. Whoever pauses for longer than ``HELD_FOR`` has lost it; all calls block."""

    def __init__(self, *, engine: Engine, name: str, holder: str, clock: Clock) -> None:
        self._engine = engine
        self._name = name
        self._holder = holder
        self._clock = clock
        self._until: datetime | None = None

    def hold(self) -> bool:
        """Take the lease, or keep it; return whether it is ours. The row is written again when half of it is gone."""
        now = self._clock.now()
        if self._until is not None and now < self._until - HELD_FOR / 2:
            return True
        row = {"name": self._name, "holder": self._holder, "until": now + HELD_FOR}
        free = or_(leases.c.holder == self._holder, leases.c.until <= now)
        taken = insert(leases).values(row).on_conflict_do_update(index_elements=["name"], set_=row, where=free)
        with self._engine.begin() as connection:
            ours = connection.execute(taken).rowcount > 0
        self._until = now + HELD_FOR if ours else None
        return ours

    def let_go(self) -> None:
        """Let another process have it at once."""
        self._until = None
        mine = (leases.c.name == self._name) & (leases.c.holder == self._holder)
        with self._engine.begin() as connection:
            connection.execute(delete(leases).where(mine))
