"""A drawer for evaluations under seal: encrypted by the vault's key until their time, and emptied then.

1. What is kept lies under its digest, which is what the log has. A party that sends another text later changes nothing.
2. The salt follows from the master key, project and party, so that the same text said again has the same digest, and
   nobody without the key can try texts against it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.sqlite import insert

from api.store import sealed_evaluations
from api.vault import seal, unseal
from schemas.lives.evaluation import digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a party says of the others."""

    project: str
    party: str
    score: int
    text: str


class Drawer:
    """Keeps evaluations; all calls block, run them in a thread."""

    def __init__(self, *, engine: Engine, master_key: bytes) -> None:
        self._engine = engine
        self._master = AESGCM(master_key)
        self._salts = blake2b(b"evaluations", key=master_key, digest_size=32).digest()

    def salt(self, words: Words) -> str:
        """Return the salt of what a party says of a project."""
        return blake2b(f"{words.project}\n{words.party}".encode(), key=self._salts, digest_size=32).hexdigest()

    def digest(self, words: Words) -> str:
        """Return the commitment to an evaluation."""
        return digest_of(**asdict(words), salt=self.salt(words))

    def put(self, words: Words, *, at: datetime) -> None:
        """Keep an evaluation."""
        digest = self.digest(words)
        sealed = seal(self._master, json.dumps(asdict(words)).encode(), bound_to=f"evaluation:{digest}")
        row = {"digest": digest, "project": words.project, "ciphertext": sealed, "kept_at": at}
        with self._engine.begin() as connection:
            connection.execute(insert(sealed_evaluations).values(row).on_conflict_do_nothing())

    def of(self, project: str) -> Mapping[str, Words]:
        """Return what is kept of a project, by digest."""
        query = select(sealed_evaluations).where(sealed_evaluations.c.project == project)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return {
            row.digest: Words(**json.loads(unseal(self._master, row.ciphertext, bound_to=f"evaluation:{row.digest}")))
            for row in rows
        }

    def projects(self) -> list[str]:
        """Return the projects of which something is kept."""
        query = select(sealed_evaluations.c.project).distinct().order_by(sealed_evaluations.c.project)
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def empty(self, project: str) -> None:
        """Keep nothing of a project any more."""
        with self._engine.begin() as connection:
            connection.execute(delete(sealed_evaluations).where(sealed_evaluations.c.project == project))
