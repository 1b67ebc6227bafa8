"""What becomes of an append: acknowledgements and failures arrive in threads and are told to its caller as one."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidRecordError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from streams.kafka.faults import described
from streams.log import LogError, Position

REFUSALS: Final = (
    ClusterAuthorizationFailedError,
    InvalidRecordError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
"""After these a record does not lie in the log; after any other failure it may."""


class Deliveries:
    """Wakes the event loop once for all appends that were settled since it looked last."""

    def __init__(self, *, on_settled: Callable[["Delivery"], None]) -> None:
        self.lock = threading.Lock()
        self._on_settled = on_settled
        self._settled: list[Delivery] = []

    def settled(self, delivery: "Delivery") -> None:
        """Called from a thread, when the last record of an append has its answer."""
        with self.lock:
            self._settled.append(delivery)
            first = len(self._settled) == 1
        if first:
            loop = delivery.answer.get_loop()
            try:
                loop.call_soon_threadsafe(self._tell)
            except RuntimeError:
                if not loop.is_closed():  # a closed loop has nobody left who waits
                    raise

    def _tell(self) -> None:
        with self.lock:
            settled, self._settled = self._settled, []
        for delivery in settled:
            delivery.tell()
            self._on_settled(delivery)


class Delivery:
    """One append: ``count`` records of ``topic``, ``units`` of room while they are under way."""

    def __init__(self, deliveries: Deliveries, *, topic: str, count: int, units: int) -> None:
        self.units = units
        self.answer: asyncio.Future[list[Position]] = asyncio.get_running_loop().create_future()
        self._deliveries = deliveries
        self._topic = topic
        self._positions: list[Position | None] = [None] * count
        self._left = count
        self._refusal: BaseException | None = None
        self._doubt: BaseException | None = None

    def taken(self, place: int, metadata: Any) -> None:
        """The record at ``place`` is acknowledged."""
        if metadata.offset >= 0:
            self._positions[place] = Position(self._topic, metadata.partition, metadata.offset)
            self._settle(1)
        else:
            self.failed(LogError("a record sent twice was acknowledged without its offset"))

    def failed(self, error: BaseException) -> None:
        """One record has failed."""
        if isinstance(error, REFUSALS):
            self._refusal = error
        else:
            self._doubt = error
        self._settle(1)

    def unsent(self, count: int, error: BaseException) -> None:
        """The last ``count`` records were not sent."""
        self._refusal = error
        self._settle(count)

    def tell(self) -> None:
        """Answer the caller, who may have been cancelled meanwhile."""
        if self.answer.done():
            return
        positions: Sequence[Position] = [position for position in self._positions if position is not None]
        if len(positions) == len(self._positions):
            self.answer.set_result(list(positions))
        else:
            self.answer.set_exception(self._error(len(positions)))

    def _error(self, acknowledged: int) -> LogError:
        count = len(self._positions)
        cause = self._doubt or self._refusal or LogError("no answer")
        if self._doubt is None and not acknowledged:
            error = LogError(f"nothing was appended to {self._topic}: {described(cause)}")
        else:
            error = LogError(
                f"it is not known how many of {count} records lie in {self._topic}, at least {acknowledged}: "
                f"{described(cause)}"
            )
        error.__cause__ = cause
        return error

    def _settle(self, count: int) -> None:
        with self._deliveries.lock:
            self._left -= count
            done = self._left == 0
        if done:
            self._deliveries.settled(self)
