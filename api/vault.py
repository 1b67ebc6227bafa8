"""The identity vault: names and phones, encrypted per person, nowhere else in the house (invariant 7).

1. Every person has a random data key (AES-256-GCM) that encrypts their fields, and nothing else.
2. The data key lies beside the ciphertext, wrapped by the master key, which lies elsewhere (``vault.key``).
3. The reference is bound into both as associated data: a row moved to another person does not open.
4. Forgetting deletes both and truncates the journal; a backup of the database alone never opens without the
   master key, and a forgotten person's key is in no later backup.
5. Reading needs a reason and is logged: who was looked up and why, never what was found.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.dialects.sqlite import insert

from api.store import identities

log = structlog.get_logger(__name__)

KEY_BYTES = 32
_NONCE_BYTES = 12


def new_master_key() -> bytes:
    """Return a fresh master key."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


class Vault:
    """Keeps identities; all calls block, run them in a thread."""

    def __init__(self, *, engine: Engine, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"the vault's master key has {KEY_BYTES} bytes, this one {len(master_key)}")
        self._engine = engine
        self._master = AESGCM(master_key)

    def put(self, *, ref: str, fields: Mapping[str, str], at: datetime) -> None:
        """Keep ``fields`` for ``ref`` under a new key; whatever was there before is gone."""
        data_key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
        row = {
            "ref": ref,
            "wrapped_key": seal(self._master, data_key, bound_to=f"key:{ref}"),
            "ciphertext": seal(AESGCM(data_key), json.dumps(dict(fields)).encode(), bound_to=f"data:{ref}"),
            "changed_at": at,
        }
        statement = insert(identities).values(row)
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["ref"], set_=row))

    def read(self, *, ref: str, reason: str) -> dict[str, str] | None:
        """Return the fields of ``ref``, or None where nothing is known or it was forgotten.

        Raises:
            ValueError: no reason was given.
            cryptography.exceptions.InvalidTag: another master key, or somebody changed the row.
        """
        if not reason.strip():
            raise ValueError("reading an identity needs a reason")
        log.info("identity read", ref=ref, reason=reason)
        with self._engine.connect() as connection:
            row = connection.execute(select(identities).where(identities.c.ref == ref)).one_or_none()
        if row is None:
            return None
        data_key = AESGCM(unseal(self._master, row.wrapped_key, bound_to=f"key:{ref}"))
        fields: dict[str, str] = json.loads(unseal(data_key, row.ciphertext, bound_to=f"data:{ref}"))
        return fields

    def knows(self, ref: str) -> bool:
        """Whether something is kept for ``ref``; opens nothing."""
        with self._engine.connect() as connection:
            return connection.execute(select(identities.c.ref).where(identities.c.ref == ref)).first() is not None

    def forget(self, ref: str) -> bool:
        """Destroy the key and the ciphertext of ``ref``; return whether there was something."""
        with self._engine.begin() as connection:
            gone = connection.execute(delete(identities).where(identities.c.ref == ref)).rowcount > 0
        with self._engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        log.info("identity forgotten", ref=ref, found=gone)
        return gone


def seal(key: AESGCM, plain: bytes, *, bound_to: str) -> bytes:
    """Return ``plain`` so that only ``unseal`` with the same key and place reads it."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, bound_to.encode())


def unseal(key: AESGCM, sealed: bytes, *, bound_to: str) -> bytes:
    """Return what was sealed. Raises cryptography.exceptions.InvalidTag: another key, another place, or changed."""
    return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
