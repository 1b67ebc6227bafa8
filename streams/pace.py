"""When a shard's next round is due.

1. A shard is dirty while an event that changed it is not among the inputs of its last round that counts.
2. A dirty shard is due when the interval has passed since its last round: the first change after quiet is due at once.
3. A whistle is a dirty mark that does not wait.
4. An alarm is a moment at which time alone changes something. The round at or after it has dealt with it.
5. At most one round of a shard is in flight: from its begin until its record, or one in its place, is read back.
6. Nothing is due while the inputs of the last round have not been read: another worker may be further ahead.
"""

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Literal, NamedTuple, TypeAlias

Cause: TypeAlias = Literal["interval", "whistle", "alarm"]

NEVER_MS = 2**62
"""After every alarm."""


@dataclass(slots=True)
class Pace:
    """What decides when one shard is due. Offsets are next offsets: one after the event meant."""

    news: dict[str, int] = field(default_factory=dict)
    """Topic -> offset after the last event that changed the shard."""
    whistled: dict[str, int] = field(default_factory=dict)
    """Topic -> offset after the last whistle."""
    inputs: dict[str, int] = field(default_factory=dict)
    """Topic -> how far the last round that counts had read."""
    round_at_ms: int = 0
    paced_at_ms: int = 0
    """When the interval began to run: by this machine's clock where it was here."""
    alarm_ms: int = NEVER_MS

    @property
    def is_dirty(self) -> bool:
        """Whether the last round has not seen all that changed the shard."""
        return any(offset > self.inputs.get(topic, 0) for topic, offset in self.news.items())

    @property
    def is_whistled(self) -> bool:
        """Whether the last round has not seen a whistle."""
        return any(offset > self.inputs.get(topic, 0) for topic, offset in self.whistled.items())

    def free_at_ms(self, now_ms: int, interval_ms: int) -> int:
        """Return when the interval is over; a clock that was set back cannot hold a shard up."""
        return self.paced_at_ms + interval_ms if now_ms >= self.paced_at_ms else now_ms

    def copy(self) -> "Pace":
        """Return a copy that later events do not change."""
        return replace(self, news=dict(self.news), whistled=dict(self.whistled), inputs=dict(self.inputs))


class Due(NamedTuple):
    """A shard whose round is due, and why."""

    shard: str
    cause: Cause


class Agenda:
    """The paces of all shards of a host; finds the due ones without looking at the quiet ones."""

    def __init__(self) -> None:
        self.paces: dict[str, Pace] = {}
        self._stale: set[str] = set()
        self._dirty: set[str] = set()
        self._alarms: list[tuple[int, str]] = []
        self._in_flight: dict[str, int | None] = {}

    @property
    def in_flight(self) -> int:
        """How many rounds are on their way."""
        return len(self._in_flight)

    def is_in_flight(self, shard: str) -> bool:
        """Whether a round of the shard is on its way."""
        return shard in self._in_flight

    def adopt(self, shard: str, pace: Pace) -> None:
        """Take a shard over with the pace it had."""
        self.paces[shard] = pace
        if pace.is_dirty:
            self._dirty.add(shard)
        self.set_alarm(shard, pace.alarm_ms)

    def drop(self, shard: str) -> None:
        """Forget a shard; its alarms go when their time comes."""
        del self.paces[shard]
        self._in_flight.pop(shard, None)
        self._dirty.discard(shard)
        self._stale.discard(shard)

    def note(self, shard: str, *, topic: str, offset: int, whistle: bool) -> None:
        """An event at ``offset`` changed the shard."""
        pace = self.paces[shard]
        pace.news[topic] = offset + 1
        if whistle:
            pace.whistled[topic] = offset + 1
        self._dirty.add(shard)

    def begun(self, shard: str, *, now_ms: int) -> None:
        """A round of the shard has begun."""
        self._in_flight[shard] = None
        pace = self.paces[shard]
        pace.paced_at_ms, pace.alarm_ms = now_ms, NEVER_MS

    def appended(self, shard: str, *, offset: int, read_up_to: int) -> None:
        """The record of the shard's round lies at ``offset`` of the decision log, read up to ``read_up_to``."""
        if shard in self._in_flight:
            self._in_flight[shard] = offset
            self.passed(shard, offset=read_up_to - 1)

    def passed(self, shard: str, *, offset: int) -> None:
        """The decision log was read past ``offset``."""
        waits_for = self._in_flight.get(shard)
        if waits_for is not None and waits_for <= offset:
            del self._in_flight[shard]
            self._stale.add(shard)

    def counted(self, shard: str, *, inputs: dict[str, int], round_at_ms: int) -> None:
        """A round of the shard was read back and counts."""
        pace = self.paces[shard]
        pace.inputs, pace.round_at_ms = inputs, round_at_ms
        if shard not in self._in_flight:
            pace.paced_at_ms = max(pace.paced_at_ms, round_at_ms)
        self._stale.add(shard)
        if not pace.is_dirty:
            self._dirty.discard(shard)

    def stale(self) -> list[str]:
        """Return, once, the shards whose alarm must be asked again: a round of theirs was read back."""
        found = sorted(shard for shard in self._stale if shard not in self._in_flight)
        self._stale.difference_update(found)
        return found

    def set_alarm(self, shard: str, alarm_ms: int) -> None:
        """Say when time alone makes a round due. What the last round left over is no news to the next."""
        pace = self.paces[shard]
        pace.alarm_ms = alarm_ms if alarm_ms > pace.round_at_ms else NEVER_MS
        if pace.alarm_ms < NEVER_MS:
            heappush(self._alarms, (pace.alarm_ms, shard))

    def due(self, *, now_ms: int, interval_ms: int) -> list[Due]:
        """Return the shards whose round is due and not in flight: whistles first, then who waits longest."""
        found: dict[str, tuple[int, Cause]] = {}
        for shard in self._dirty:
            if shard in self._in_flight:
                continue
            pace = self.paces[shard]
            free_at_ms = pace.free_at_ms(now_ms, interval_ms)
            if pace.is_whistled:
                found[shard] = (-1, "whistle")
            elif free_at_ms <= now_ms:
                found[shard] = (free_at_ms, "interval")
        for alarm_ms, shard in self._rung(now_ms):
            found.setdefault(shard, (alarm_ms, "alarm"))
        return [Due(shard, found[shard][1]) for shard in sorted(found, key=lambda name: (found[name][0], name))]

    def next_due_ms(self, *, now_ms: int, interval_ms: int) -> int:
        """Return when a shard that has no round in flight is due next, or NEVER_MS."""
        waiting = [self.paces[shard] for shard in self._dirty if shard not in self._in_flight]
        times = [now_ms if pace.is_whistled else pace.free_at_ms(now_ms, interval_ms) for pace in waiting]
        self._drop_dead_alarms()
        return min(min(times, default=NEVER_MS), self._alarms[0][0] if self._alarms else NEVER_MS)

    def _rung(self, now_ms: int) -> list[tuple[int, str]]:
        """Return the alarms whose time has come; they stay until a round begins."""
        rung = []
        self._drop_dead_alarms()
        while self._alarms and self._alarms[0][0] <= now_ms:
            rung.append(heappop(self._alarms))
            self._drop_dead_alarms()
        for alarm in rung:
            heappush(self._alarms, alarm)
        return rung

    def _drop_dead_alarms(self) -> None:
        """Take alarms off the top that were set anew, or whose shard has a round in flight or was dropped."""
        while self._alarms:
            alarm_ms, shard = self._alarms[0]
            pace = self.paces.get(shard)
            if pace is not None and pace.alarm_ms == alarm_ms:
                return
            heappop(self._alarms)
