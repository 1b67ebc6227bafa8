"""What can be set from the environment: every variable begins with ``COBUILD_``."""

import base64
import os
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.topics import DEFAULT_PARTITIONS
from streams.kafka.connection import KafkaConnection
from streams.limits import RefusalLimits

if TYPE_CHECKING:
    from api.ports import PostOffice

BUILT_IN_POLICIES = Path(__file__).parent / "policies"


class CobuildSettings(BaseSettings):
    """Settings of one process; all state lies under ``data_dir``."""

    model_config = SettingsConfigDict(env_prefix="COBUILD_", env_ignore_empty=True, frozen=True, extra="ignore")

    data_dir: Annotated[Path, Field(description="Where all state lies.", examples=["/var/lib/cobuild"])] = Path(
        ".cobuild"
    )
    host: Annotated[
        str, Field(description="Address to listen on. Another than loopback needs an API token.", examples=["0.0.0.0"])  # noqa: S104 - an example
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="Port to listen on; 0 picks a free one.")] = 8080
    api_token: Annotated[
        SecretStr | None, Field(description="When set, every write needs it as a bearer token.", examples=["s3cr3t"])
    ] = None
    vault_key: Annotated[
        SecretStr | None,
        Field(
            description="Master key of the identity vault, 32 bytes in base64. "
            "Without it a key file is made under the data directory."
        ),
    ] = None
    partitions: Annotated[
        int, Field(ge=1, le=1024, description="Partitions of every topic; fixed once the log exists.")
    ] = DEFAULT_PARTITIONS
    shard_width: Annotated[
        Literal[6, 9],
        BeforeValidator(int),
        Field(description="Digits of a region that make a shard: 6 district, 9 street."),
    ] = 6
    log_sync: Annotated[
        Literal["full", "normal"],
        Field(description="full: an acknowledged event survives a power cut. normal: it survives a crash."),
    ] = "full"
    policy: Annotated[
        Path, Field(description="The matching policy, a TOML file.", examples=["policies/street.toml"])
    ] = BUILT_IN_POLICIES / "default.toml"
    catalogue: Annotated[
        Path | None,
        Field(
            description="Directory of another catalogue (catalogue.tsv, categories.tsv), or boston, which ships too.",
            examples=["/etc/cobuild/catalogue"],
        ),
    ] = None
    read_model_url: Annotated[
        SecretStr | None, Field(description="Database of the read model; by default SQLite under the data directory.")
    ] = None
    kafka: Annotated[
        str | None,
        Field(description="Brokers to begin with; set, the log is Kafka's.", examples=["10.0.0.5:9092,10.0.0.6:9092"]),
    ] = None
    kafka_security: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], Field(description="How the brokers are spoken to.")
    ] = "PLAINTEXT"
    kafka_sasl: Annotated[
        Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"], Field(description="SASL mechanism, where SASL is on.")
    ] = "SCRAM-SHA-512"
    kafka_username: Annotated[str | None, Field(description="SASL user.")] = None
    kafka_password: Annotated[SecretStr | None, Field(description="SASL password.")] = None
    kafka_ca: Annotated[Path | None, Field(description="CA that signed the brokers' certificates, PEM.")] = None
    kafka_cert: Annotated[Path | None, Field(description="Our own certificate, PEM, where brokers ask for it.")] = None
    kafka_key: Annotated[Path | None, Field(description="The key of our own certificate, PEM.")] = None
    kafka_prefix: Annotated[
        str,
        Field(pattern=r"^([a-z0-9][a-z0-9._-]*\.)?$", description="Before every topic and group, to share a cluster.",
              examples=["staging."]),
    ] = ""  # fmt: skip
    kafka_replication: Annotated[
        int, Field(ge=0, le=9, description="Replicas of every topic; 0: three, or as many as there are brokers.")
    ] = 0
    instance: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
            description="Name of this worker, the same at every start: under it it takes its shards up again at once.",
        ),
    ] = "w-1"
    session_timeout_s: Annotated[
        float, Field(ge=6, le=60, description="A worker not heard of for so long loses its shards.")
    ] = 10.0
    clock: Annotated[
        Literal["wall", "ticks"], Field(description="ticks: time comes through the log, as a simulation tells it.")
    ] = "wall"
    refused_in_a_row: Annotated[
        int, Field(ge=0, description="So many refused records in a row of a partition stop the worker; 0: never.")
    ] = 1000
    refused_ratio: Annotated[
        float, Field(ge=0, le=1, description="A larger part refused of the last 5,000 records stops it; 1: never.")
    ] = 0.5
    solve_threads: Annotated[int, Field(ge=1, le=64, description="Rounds decided at the same time.")] = 2
    admission: Annotated[
        Path | None,
        Field(
            description="The list of matters that departments may put on communities (准入清单): a table, or `cn` for "
            "the shipped one. What is not on it is refused; left out, nothing is.",
            examples=["cn"],
        ),
    ] = None
    webhooks_private: Annotated[
        bool,
        Field(
            description="Webhooks may have http addresses, and addresses of private networks and of this machine: for "
            "an intranet. Whoever holds the API token can then make this process post there."
        ),
    ] = False
    public_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[!-~]+[^/]$",
            description="Where this house is found from outside; links in e-mail begin with it.",
            examples=["https://cobuild.example.org"],
        ),
    ] = None
    smtp_host: Annotated[
        str | None, Field(description="Mail server; set, notices go out by e-mail.", examples=["smtp.example.org"])
    ] = None
    smtp_port: Annotated[int, Field(ge=1, le=65_535, description="Port of the mail server.")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"], Field(description="How the mail server is spoken to.")
    ] = "starttls"
    smtp_username: Annotated[str | None, Field(description="User at the mail server, where it asks for one.")] = None
    smtp_password: Annotated[SecretStr | None, Field(description="Password at the mail server.")] = None
    smtp_from: Annotated[
        str | None,
        Field(
            pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$",
            description="From whom e-mail comes.",
            examples=["cobuild@example.org"],
        ),
    ] = None

    @model_validator(mode="after")
    def _email_has_a_sender_and_a_way_out(self) -> Self:
        if self.smtp_host is not None and (self.smtp_from is None or self.public_url is None):
            raise ValueError("e-mail needs COBUILD_SMTP_FROM and COBUILD_PUBLIC_URL")
        return self

    @model_validator(mode="after")
    def _open_to_others_only_with_a_token(self) -> Self:
        if self.api_token is None and not _is_loopback(self.host):
            raise ValueError("listening beyond this machine needs COBUILD_API_TOKEN")
        return self

    @model_validator(mode="after")
    def _sasl_needs_a_user(self) -> Self:
        if self.kafka_security.startswith("SASL") and (self.kafka_username is None or self.kafka_password is None):
            raise ValueError("SASL needs COBUILD_KAFKA_USERNAME and COBUILD_KAFKA_PASSWORD")
        return self

    @property
    def refusal_limits(self) -> RefusalLimits:
        """How many refused records stop a worker."""
        return RefusalLimits(in_a_row=self.refused_in_a_row, ratio=self.refused_ratio)

    @property
    def post_office(self) -> "PostOffice | None":
        """How e-mail is sent; None where no mail server is set."""
        if self.smtp_host is None or self.smtp_from is None or self.public_url is None:
            return None
        from api.ports import PostOffice  # noqa: PLC0415 - most processes send nothing, and start the sooner
        from deploy.mailing import SmtpMailer  # noqa: PLC0415 - the same

        mail = SmtpMailer(
            host=self.smtp_host,
            port=self.smtp_port,
            security=self.smtp_security,
            username=self.smtp_username,
            password=self.smtp_password,
        )
        return PostOffice(mail=mail, sender=self.smtp_from, public_url=self.public_url)

    @property
    def kafka_connection(self) -> KafkaConnection:
        """How to reach the brokers. Raises ValueError where none are set."""
        if self.kafka is None:
            raise ValueError("this needs Kafka's brokers: --kafka HOST:PORT or COBUILD_KAFKA")
        return KafkaConnection(
            bootstrap=tuple(part.strip() for part in self.kafka.split(",") if part.strip()),
            security=self.kafka_security,
            sasl=self.kafka_sasl,
            username=self.kafka_username,
            password=self.kafka_password.get_secret_value() if self.kafka_password else None,
            ca=self.kafka_ca,
            cert=self.kafka_cert,
            key=self.kafka_key,
            prefix=self.kafka_prefix,
        )

    @property
    def log_path(self) -> Path:
        """The embedded log."""
        return self.data_dir / "log.sqlite3"

    @property
    def snapshots_path(self) -> Path:
        """Directory of shard snapshots."""
        return self.data_dir / "snapshots"

    @property
    def policies_path(self) -> Path:
        """Directory of every policy that ever decided here, by digest: replay needs them."""
        return self.data_dir / "policies"

    @property
    def read_model(self) -> str:
        """URL of the read model."""
        if self.read_model_url is not None:
            return self.read_model_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'readmodel.sqlite3'}"

    def vault_master_key(self) -> bytes:
        """Return the vault's 32-byte master key, from the environment or from the key file, made when missing."""
        if self.vault_key is not None:
            return base64.b64decode(self.vault_key.get_secret_value(), validate=True)
        return _key_file(self.data_dir / "vault.key")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _key_file(path: Path) -> bytes:
    """Return the key that ``path`` holds; where there is none, one is made and put into place when it is whole."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()
