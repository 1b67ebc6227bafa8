"""How Faust reaches a Kafka cluster."""

from typing import Any

import faust
from faust.types.auth import CredentialsT

from streams.kafka.connection import KafkaConnection
from streams.worker.header_names import read_any_header_name


def broker_options(connection: KafkaConnection) -> dict[str, Any]:
    """Return Faust's ``broker`` and ``broker_credentials``. Raises OSError where a certificate cannot be read."""
    read_any_header_name()
    broker = ";".join(f"kafka://{host}" for host in connection.bootstrap)
    return {"broker": broker, "broker_credentials": _credentials(connection)}


def _credentials(connection: KafkaConnection) -> CredentialsT | None:
    context = connection.ssl_context() if connection.security.endswith("SSL") else None
    if connection.security.startswith("SASL"):
        return faust.SASLCredentials(
            username=connection.username,
            password=connection.password,
            mechanism=connection.sasl,
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context else None
