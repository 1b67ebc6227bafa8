"""What an operator can turn on the API; ``deploy`` reads it from the environment."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from schemas.sharding import DISTRICT

KIB = 1024
MIB = 1024 * KIB


class ApiSettings(BaseModel):
    """Limits and times of the API; the defaults serve a street office."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_token: SecretStr | None = Field(
        default=None, description="When set, every write needs `Authorization: Bearer <token>`.", examples=["s3cr3t"]
    )
    source: str = Field(default="/cobuild/api", description="The CloudEvents source of our events.")
    shard_width: int = Field(default=DISTRICT, description="Digits of a shard key: 6 district, 9 street.")
    max_json_bytes: int = Field(default=MIB, ge=KIB, description="Largest JSON body.")
    max_import_bytes: int = Field(default=10 * MIB, ge=KIB, description="Largest spreadsheet.")
    max_import_rows: int = Field(default=20_000, ge=1, description="Most rows of a spreadsheet.")
    import_batch: int = Field(default=500, ge=1, description="Rows published at once.")
    read_wait_s: float = Field(default=2.0, ge=0, description="How long a read waits for the position it asked for.")
    poll_s: float = Field(default=0.2, gt=0, description="How often to look for what another process projected.")
    heartbeat_s: float = Field(default=15.0, gt=0, description="Silence after which the stream sends a comment.")
    stream_buffer: int = Field(
        default=2_000, ge=10, description="Events a slow listener may lag behind before it is cut."
    )
    idempotency_hours: float = Field(default=48.0, ge=24, description="How long an answer is kept for its key.")
    tend_s: float = Field(
        default=30.0, gt=0, description="How often to look for deadlines that have passed: evaluations, agreements."
    )
    ledger_size: int = Field(default=50_000, ge=100, description="Entries whose last write this process remembers.")
    horizon_years: int = Field(default=10, ge=1, le=100, description="Windows further off than this are impossible.")
    outward_poll_s: float = Field(default=0.5, gt=0, description="How often to look for what is to be sent out.")
    webhooks_private: bool = Field(default=False, description="Webhooks may have http and private addresses.")
