"""kafka-python's admin client, connected; where it cannot be, the brokers' own reason is told."""

from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streams.kafka.complaints import heard
from streams.kafka.connection import KafkaConnection
from streams.kafka.faults import described
from streams.log import LogError

UNKNOWN_TOPIC: Final = 3
"""The code by which brokers say that there is no such topic."""


def admin_client(
    connection: KafkaConnection, *, client_id: str, patience_s: float, request_s: float, **options: Any
) -> Any:
    """Return a connected KafkaAdminClient; ``options`` are its own. Blocks.

    Raises:
        LogError: no broker answers within ``patience_s``, or what is set does not fit.
    """
    with heard() as complaints:
        try:
            return KafkaAdminClient(
                **connection.client_options(),
                client_id=client_id,
                bootstrap_timeout_ms=int(patience_s * 1000),
                request_timeout_ms=int(request_s * 1000),
                **options,
            )
        except (KafkaError, OSError, ValueError, TypeError) as error:
            where = ",".join(connection.bootstrap)
            reason = complaints.explained(security=connection.security) or described(error)
            raise LogError(f"Kafka at {where} cannot be reached: {reason}") from error
