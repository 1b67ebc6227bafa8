"""Micro-wishes 微心愿: one member or unit takes it on whole; what nobody takes goes up."""

from typing import Annotated, Final

from pydantic import Field

from schemas.base import Detail, EntityId, Moment, PartyRef, Reason, unsaid
from schemas.lifecycle import Step

WISH_CAP: Final = 500
"""What a micro-wish may cost a seat, in whole units of the local currency, unless it says less."""
WISH_SEATS: Final = 5
"""Seats of a micro-wish; it has one line."""
WISH_DAYS: Final = 7
"""To realise a wish in, unless whoever takes it names another day."""


class DemandClaimed(Step):
    """A member or unit took a wish on: with a resource on the list, or with one that is made for it."""

    resource: Annotated[EntityId | None, Field(exclude_if=unsaid)] = None
    until: Annotated[
        Moment | None, Field(exclude_if=unsaid, description=f"By when; left out, within {WISH_DAYS} days.")
    ] = None


class DemandReleased(Step):
    """Whoever took a wish on will not realise it; it is on the wall again."""

    reason: Reason


class DemandRealised(Step):
    """Whoever took a wish on says that it came true; the wisher is asked next."""

    note: Detail = ""


class DemandRaised(Step):
    """Nobody took it: units, or an office above, were asked; it is urgent now."""

    to: Annotated[tuple[PartyRef, ...], Field(min_length=1, max_length=30)]
