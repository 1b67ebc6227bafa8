"""Telling a story: steps of one life, numbered as they are told."""

from datetime import datetime, timedelta
from typing import Any, Final

from schemas.lifecycle import Step

COMMUNITY: Final = "310105001001"
HALL: Final = f"community:{COMMUNITY}"
STREET: Final = "office:310105001000"
DISTRICT: Final = "office:310105000000"
CENTRE: Final = "unit:52310105MJ47000120"
MEMBER: Final = "member:m-7f3a"
_BEGIN: Final = datetime.fromisoformat("2026-11-02T09:00:00+08:00")


def day(number: int, hour: int = 9) -> datetime:
    """Return a moment of the story: day 0 is the second of November 2026."""
    return _BEGIN + timedelta(days=number, hours=hour - 9)


class Teller:
    """Tells the steps of one life, a day apart unless told otherwise."""

    def __init__(self, id: str, *, community: str = COMMUNITY, first_day: int = 0) -> None:
        self._id = id
        self._community = community
        self._day = first_day - 1
        self._step = 0

    def tell(self, fact: type[Step], *, by: str = HALL, on: int | None = None, **said: Any) -> Step:
        """Return the next step."""
        self._step += 1
        self._day = self._day + 1 if on is None else on
        ours = {"id": self._id, "step": self._step, "community": self._community, "by": by, "at": day(self._day)}
        return fact.model_validate(ours | said)
