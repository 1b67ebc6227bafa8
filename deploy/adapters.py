"""Thin adapters between ports of two rooms that do not know each other."""

from asyncio import to_thread
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from api.ports import Finding
from api.readmodel.model import ReadModel
from schemas.base import Fact
from schemas.envelope import Event, encode
from schemas.refusals import Refused
from schemas.topics import TOPICS
from streams.log import Draft, Log, LogError, Position

MOST_BEHIND = 5_000
"""More events than this between log and lists, and we are not ready."""


class LogSink:
    """The API's ``EventSink`` on the log port."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def publish(self, events: Sequence[Event[Fact]]) -> list[Position]:
        """Append in order, topic by topic as they change; return every position once all are durable.

        Raises:
            Refused: ``unavailable``, where the log did not take them.
        """
        positions: list[Position] = []
        drafts: list[Draft] = []
        for place, event in enumerate(events):
            key, headers, value = encode(event)
            drafts.append(Draft(key, value, headers))
            if place + 1 == len(events) or events[place + 1].topic is not event.topic:
                positions += await self._append(event.topic.name, drafts)
                drafts = []
        return positions

    async def _append(self, topic: str, drafts: Sequence[Draft]) -> list[Position]:
        try:
            return await self._log.append(topic, drafts)
        except LogError as error:
            raise Refused("unavailable", "the log did not take it") from error


class Ready:
    """The API's ``Readiness``: the log answers, the lists are not far behind, the round loop of this process is not.

    ``caught_up`` is None where the rounds are decided elsewhere.
    """

    def __init__(self, *, log: Log, read_model: ReadModel, caught_up: Callable[[], bool] | None = None) -> None:
        self._log, self._read_model, self._caught_up = log, read_model, caught_up

    async def __call__(self) -> list[Finding]:
        """Return what was found; never raises."""
        rounds = [] if self._caught_up is None else [_rounds(self._caught_up())]
        try:
            ends = await self._log.end_offsets([topic.name for topic in TOPICS])
        except LogError as error:
            return [*rounds, Finding("log", False, str(error))]
        try:
            done = await to_thread(self._read_model.offsets)
        except SQLAlchemyError as error:
            return [*rounds, Finding("log", True, "answers"), Finding("lists", False, str(error))]
        behind = sum(max(0, end - done.get((place.topic, place.partition), 0)) for place, end in ends.items())
        lists = Finding("lists", behind <= MOST_BEHIND, f"{behind} events behind")
        return [*rounds, Finding("log", True, "answers"), lists]


def _rounds(caught_up: bool) -> Finding:
    return Finding("rounds", caught_up, "caught up" if caught_up else "still reading the log")


class WallClock:
    """The API's ``Clock``."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)
