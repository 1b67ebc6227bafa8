"""How to reach a Kafka cluster, said once for kafka-python here and Faust (``streams.worker.broker``)."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from streams.kafka.header_names import read_any_header_name

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaConnection:
    """Brokers, security, and what stands before every topic and group of ours there."""

    bootstrap: tuple[str, ...]
    security: Security = "PLAINTEXT"
    sasl: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    prefix: str = ""

    def topic(self, name: str) -> str:
        """Return what a topic of ours is called there."""
        return f"{self.prefix}{name}"

    def name(self, topic: str) -> str:
        """Return our own name of a topic there."""
        return topic.removeprefix(self.prefix)

    def client_options(self) -> dict[str, Any]:
        """Return the options of every kafka-python client. Raises OSError where a certificate cannot be read."""
        read_any_header_name()
        options: dict[str, Any] = {"bootstrap_servers": list(self.bootstrap), "security_protocol": self.security}
        if self.security.endswith("SSL"):
            options["ssl_context"] = self.ssl_context()
        if self.security.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.sasl,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options

    def ssl_context(self) -> ssl.SSLContext:
        """Return what TLS needs. Raises OSError where a certificate cannot be read."""
        context = ssl.create_default_context(cafile=self.ca)
        if self.cert is not None:
            context.load_cert_chain(self.cert, self.key)
        return context
