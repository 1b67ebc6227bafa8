"""A broker as real clusters have them: TLS, and users known by SCRAM; certificates are made for the occasion."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.kafka.cluster import Cluster
from deploy.kafka.ports import free_ports, is_free
from streams.kafka.connection import KafkaConnection
from tests.kafka.cluster import libs
from tests.kafka.guard import guarded

USER, PASSWORD = "cobuild", "correct-horse-battery"
Key = ec.EllipticCurvePrivateKey


class SecureKafka:
    """A broker with two TLS listeners: ``address``, and ``misnamed``, whose certificate is for another host."""

    def __init__(self, directory: Path) -> None:
        self.ca = directory / "ca.pem"
        self.plain = _pair()
        secure, misnamed = free_ports(2)
        self.address, self.misnamed = f"127.0.0.1:{secure}", f"127.0.0.1:{misnamed}"
        authority = _Authority(self.ca)
        here = authority.sign(directory / "here.pem", [x509.IPAddress(ip_address("127.0.0.1"))])
        elsewhere = authority.sign(directory / "elsewhere.pem", [x509.DNSName("kafka.elsewhere.example")])
        self.extra = self._properties({"SECURE": (self.address, here), "MISNAMED": (self.misnamed, elsewhere)})

    def connection(self, **changes: object) -> KafkaConnection:
        """Return how to reach it, rightly but for ``changes``."""
        options: dict[str, object] = {
            "bootstrap": (self.address,), "security": "SASL_SSL", "sasl": "SCRAM-SHA-512", "username": USER,
            "password": PASSWORD, "ca": self.ca,
        }  # fmt: skip
        return KafkaConnection(**(options | changes))  # type: ignore[arg-type]

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the same as settings."""
        return {
            "COBUILD_KAFKA": self.address,
            "COBUILD_KAFKA_SECURITY": "SASL_SSL",
            "COBUILD_KAFKA_USERNAME": USER,
            "COBUILD_KAFKA_PASSWORD": PASSWORD,
            "COBUILD_KAFKA_CA": str(self.ca),
        } | changes

    def _properties(self, listeners: dict[str, tuple[str, Path]]) -> dict[str, str]:
        spoken = {"PLAINTEXT": f"127.0.0.1:{self.plain}"} | {name: where for name, (where, _) in listeners.items()}
        advertised = ",".join(f"{name}://{where}" for name, where in spoken.items())
        protocols = ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *(f"{name}:SASL_SSL" for name in listeners)]
        extra = {
            "listeners": f"{advertised},CONTROLLER://127.0.0.1:{self.plain + 1}",
            "advertised.listeners": advertised,
            "listener.security.protocol.map": ",".join(protocols),
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        }
        for name, (_, store) in listeners.items():
            prefix = f"listener.name.{name.lower()}"
            login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            extra |= {
                f"{prefix}.ssl.keystore.type": "PEM",
                f"{prefix}.ssl.keystore.location": str(store),
                f"{prefix}.scram-sha-512.sasl.jaas.config": login,
            }
        return extra


@contextmanager
def secure_kafka(directory: Path) -> Iterator[SecureKafka]:
    """Run such a broker."""
    broker = SecureKafka(directory)
    users = ("--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]")
    cluster = Cluster(directory / "cluster", libs=libs(), extra=broker.extra, format_options=users)
    with guarded(directory / "cluster"):
        try:
            cluster.start(brokers=1, port=broker.plain)
            yield broker
        finally:
            cluster.stop()


class _Authority:
    """Signs certificates that live for a day; its own lies in ``path``."""

    def __init__(self, path: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("tests")
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        found = _draft(self._name, self._name, self._key).add_extension(constraints, critical=True)
        signed = found.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(Encoding.PEM))

    def sign(self, path: Path, names: list[x509.GeneralName]) -> Path:
        """Write a key and its certificate for ``names`` to ``path``."""
        key = ec.generate_private_key(ec.SECP256R1())
        draft = _draft(_named("broker"), self._name, key).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        signed = draft.sign(self._key, hashes.SHA256())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(secret + signed.public_bytes(Encoding.PEM))
        return path


def _draft(subject: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pair() -> int:
    """Return a free port whose successor is free too, as a broker and its controller want them."""
    while True:
        [first] = free_ports(1)
        if is_free(first + 1):
            return first
