"""The clock port: the only way by which time enters the round loop."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment, with its time zone."""
        ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that stands still until it is moved: for tests and for simulated time."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Go to ``moment``, which may lie in the past: clocks of machines do that too."""
        self._now = moment.astimezone(UTC)

    def advance(self, step: timedelta) -> datetime:
        """Go on by ``step`` and return the new moment."""
        self._now += step
        return self._now
