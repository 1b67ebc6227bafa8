"""Why a client gets no connection: kafka-python only logs it, and then raises that the time is up."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LOGGER: Final = logging.getLogger("kafka")
_LOCK: Final = threading.Lock()
_LEAD: Final = "Connection lost: "
_ANOTHER_TONGUE: Final = ("socket disconnected", "InvalidReceiveError")
"""The brokers hang up, or their answer makes no sense, as TLS does to who did not ask for it."""
_TELLING: Final = ("SaslAuthenticationFailedError", "SSL:")
_LATE: Final = "RequestTimedOutError"
"""The last attempt is given what is left of the time, may be two milliseconds: it says least of all."""


class Complaints(logging.Handler):
    """Keeps the reason that says most: a refused login or certificate, any other, that they hung up, a late answer."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what ``record`` gives as the reason, if it does."""
        _, found, reason = record.getMessage().partition(_LEAD)
        if found and _weight(reason) >= _weight(self.reason):
            self.reason = reason

    def explained(self, *, security: str) -> str:
        """Return the reason, with what it mostly means where brokers only hung up, as they do under TLS."""
        if not _is_vague(self.reason):
            return self.reason
        if security.startswith("SASL"):
            return f"{self.reason}: the brokers hang up at the login; are user, password and mechanism right?"
        return f"{self.reason}: the brokers hang up at once; do they want TLS or a login?"


def _weight(reason: str) -> int:
    if any(word in reason for word in _TELLING):
        return 4
    if not reason:
        return 0
    if _LATE in reason:
        return 1
    return 2 if _is_vague(reason) else 3


def _is_vague(reason: str) -> bool:
    return any(word in reason for word in _ANOTHER_TONGUE)


@contextmanager
def heard() -> Iterator[Complaints]:
    """Hear the client's complaints instead of having them printed; while several listen, all hear all."""
    complaints = Complaints()
    with _LOCK:
        _LOGGER.addHandler(complaints)
        _LOGGER.propagate = False
    try:
        yield complaints
    finally:
        with _LOCK:
            _LOGGER.removeHandler(complaints)
            _LOGGER.propagate = not any(isinstance(handler, Complaints) for handler in _LOGGER.handlers)
