"""Secrets and signatures of webhooks, by the Standard Webhooks specification.

A secret is ``whsec_`` and 32 bytes in base64. It follows from the master key and the command that asked for it, so that
a repeat of the command makes the same secret again and nobody has to keep an answer that holds one.
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from standardwebhooks import Webhook as Signer

PREFIX = "whsec_"


def new_secret(master_key: bytes, *, webhook_id: str, command: str) -> str:
    """Return the secret that ``command`` makes for a webhook; nobody finds it without the master key."""
    key = blake2b(b"webhook secrets", key=master_key, digest_size=32).digest()
    made = blake2b(f"{webhook_id}/{command}".encode(), key=key, digest_size=32).digest()
    return PREFIX + base64.b64encode(made).decode()


def signed(body: str, *, delivery_id: str, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of one attempt: one signature for each secret, ``at`` in UTC."""
    signatures = [Signer(secret).sign(msg_id=delivery_id, timestamp=at, data=body) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
