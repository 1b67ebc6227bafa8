"""What travels on ``cobuild.ticks.v1``, where time is virtual: a moment that is due, and the answer that it is done."""

from datetime import UTC
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field, TypeAdapter

from schemas.base import Fact


class DueTick(Fact):
    """Every round of the partition that is due at ``now`` is to be decided, once the inputs have been read."""

    kind: Literal["due"] = "due"
    id: str
    partition: int
    now: AwareDatetime
    upto: Annotated[dict[str, int], Field(description="Topic -> up to which offset the partition is to be read first.")]


class DoneTick(Fact):
    """Nothing more is due in the partition at that moment; what follows from its rounds is published."""

    kind: Literal["done"] = "done"
    id: str
    partition: int
    rounds: int
    instance: str


Tick: TypeAlias = DueTick | DoneTick

_TICK: TypeAdapter[Tick] = TypeAdapter(Annotated[Tick, Field(discriminator="kind")])


def read_tick(value: bytes | None) -> Tick:
    """Return the tick that a record carries. Raises ValueError (pydantic's) where it is none."""
    tick = _TICK.validate_json(value or b"")
    return tick.model_copy(update={"now": tick.now.astimezone(UTC)}) if isinstance(tick, DueTick) else tick
