"""One request to change something: when it was made, and the ids of the facts that come of it.

With an ``Idempotency-Key`` everything follows from the key: ids by UUID version 5, the instant from the first
attempt. So a repeat after a crash between the append and its answer says the same facts again, word for word,
and every consumer drops them as known. Without a key ids are random.
"""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID, uuid5

from starlette.requests import Request

SCOPE_KEY = "cobuild.command"
_NAMESPACE = UUID("9b0f2c58-6f0e-4c55-9d8e-6f7f2f6d5a10")
_DRAWN = Random()  # noqa: S311 - ids need not be secret, only unlike each other; seeded by the system, once


@dataclass(frozen=True, slots=True)
class Command:
    """``repeat`` is set where an earlier attempt began and nobody knows how far it came."""

    at: datetime
    seed: UUID | None = None
    repeat: bool = False

    def event_id(self, name: str = "") -> str:
        """Return the id of the event called ``name`` among those of this command."""
        return f"{_DRAWN.getrandbits(128):032x}" if self.seed is None else uuid5(self.seed, f"event:{name}").hex

    def entity_id(self, prefix: str) -> str:
        """Return a new entity's id, such as ``d-20261121-5f0c9e1b2a7d4c38``."""
        tail = _DRAWN.getrandbits(64) if self.seed is None else uuid5(self.seed, f"entity:{prefix}").int >> 64
        return f"{prefix}-{self.at.year:04}{self.at.month:02}{self.at.day:02}-{tail:016x}"


def keyed(key: str, *, at: datetime, repeat: bool) -> Command:
    """Return the command of an ``Idempotency-Key``."""
    return Command(at=at, seed=uuid5(_NAMESPACE, key), repeat=repeat)


def command_of(request: Request, *, now: datetime) -> Command:
    """Return the command that the idempotency layer made for this request, or a fresh one."""
    found: Command | None = request.scope.get(SCOPE_KEY)
    return found or Command(at=now)
