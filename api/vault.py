"""The identity vault: names and phones, encrypted per person, nowhere else in the house (invariant 7).

1. Every person has a random data key (AES-256-GCM) that encrypts their fields, and nothing else.
2. The data key lies beside the ciphertext, wrapped by the master key, which lies elsewhere (``vault.key``).
3. The reference is bound into both as associated data: a row moved to another person does not open.
4. Forgetting deletes both and truncates the journal; a backup of the database alone never opens without the
   master key, and a forgotten person's key is in no later backup.
5. Reading needs a reason and is logged: who was looked up and why, never what was found.
6. A member is known again by name and phone: an HMAC of them, under a key derived of the master key, leads to the
   reference. Forgetting deletes that, too; met again, the same person is somebody new.
"""

import hmac
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.dialects.sqlite import insert

from api.store import acquaintances, identities

log = structlog.get_logger(__name__)

KEY_BYTES = 32
_NONCE_BYTES = 12
_BY = ("name", "phone")
_MOST = 500
"""Digests of one lookup."""


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
        self._acquaintance = hmac.digest(master_key, b"cobuild acquaintances", "sha256")

    def put(self, *, ref: str, fields: Mapping[str, str], at: datetime) -> None:
        """Keep ``fields`` for ``ref`` under a new key; whatever was there before is gone."""
        self.put_all({ref: fields}, at=at)

    def put_all(self, people: Mapping[str, Mapping[str, str]], *, at: datetime) -> None:
        """Keep the fields of each reference, all at once."""
        rows = [self._row(ref, fields, at=at) for ref, fields in people.items()]
        statement = insert(identities)
        replaced = {name: statement.excluded[name] for name in ("wrapped_key", "ciphertext", "changed_at")}
        met = [{"digest": self._digest(fields), "ref": ref} for ref, fields in people.items() if _is_known(ref, fields)]
        with self._engine.begin() as connection:
            if rows:
                connection.execute(statement.on_conflict_do_update(index_elements=["ref"], set_=replaced), rows)
            if met:
                connection.execute(insert(acquaintances).on_conflict_do_nothing(), met)

    def recognise(self, people: Sequence[Mapping[str, str]]) -> list[tuple[bytes, str | None]]:
        """Return for each, by name and phone, what tells them apart, and the reference of a member met before."""
        digests = [self._digest(person) for person in people]
        wanted = sorted(set(digests))
        refs: dict[bytes, str] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), _MOST):
                among = acquaintances.c.digest.in_(wanted[start : start + _MOST])
                rows = connection.execute(select(acquaintances.c.digest, acquaintances.c.ref).where(among))
                refs |= {row.digest: row.ref for row in rows}
        return [(digest, refs.get(digest)) for digest in digests]

    def _digest(self, person: Mapping[str, str]) -> bytes:
        plain = ["".join(person[name].split()) for name in _BY]
        return hmac.digest(self._acquaintance, json.dumps(plain).encode(), "sha256")

    def _row(self, ref: str, fields: Mapping[str, str], *, at: datetime) -> dict[str, Any]:
        data_key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
        return {
            "ref": ref,
            "wrapped_key": seal(self._master, data_key, bound_to=f"key:{ref}"),
            "ciphertext": seal(AESGCM(data_key), json.dumps(dict(fields)).encode(), bound_to=f"data:{ref}"),
            "changed_at": at,
        }

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
            connection.execute(delete(acquaintances).where(acquaintances.c.ref == ref))
        with self._engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        log.info("identity forgotten", ref=ref, found=gone)
        return gone


def _is_known(ref: str, fields: Mapping[str, str]) -> bool:
    return ref.startswith("member:") and all(name in fields for name in _BY)


def seal(key: AESGCM, plain: bytes, *, bound_to: str) -> bytes:
    """Return ``plain`` so that only ``unseal`` with the same key and place reads it."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, bound_to.encode())


def unseal(key: AESGCM, sealed: bytes, *, bound_to: str) -> bytes:
    """Return what was sealed. Raises cryptography.exceptions.InvalidTag: another key, another place, or changed."""
    return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
