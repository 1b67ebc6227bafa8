"""What a Kafka client raises, told as an error of the log."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import KafkaError

from streams.log import LogError


@contextmanager
def told_as_log_errors(trouble: str) -> Iterator[None]:
    """Raise LogError, beginning with ``trouble``, where a client fails or cannot be made."""
    try:
        yield
    except (KafkaError, OSError, ValueError, TypeError) as error:
        raise LogError(f"{trouble}: {described(error)}") from error


def described(error: BaseException) -> str:
    """Return the error's kind and what it says of itself."""
    said, kind = str(error).strip(), type(error).__name__
    return said if said.startswith(kind) else f"{kind}: {said}" if said else kind
