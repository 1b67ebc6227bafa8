"""Where a party's calendar is: calendar programs send no headers, so whoever knows the address may read it.

1. The address of a member's or a unit's calendar ends in 256 bits: an HMAC, under a key derived of the master key, of
   the party and a serial number. It says nothing of the party, and nobody guesses it.
2. The store keeps the serial and a digest of the address, so neither the store nor a backup of it opens a calendar.
3. Revoking ends an address for good: the next one has another serial. The same serial gives the same address again.
4. What is matched in a community is on its lists for everybody; its calendar goes by its code.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects.sqlite import insert

from api.store import calendars

CalendarKind = Literal["member", "unit", "community"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the calendar of a party is, and since when."""

    party: str
    path: str
    made_at: datetime | None


class Addresses:
    """Gives, finds and revokes addresses; all calls block, run them in a thread."""

    def __init__(self, *, engine: Engine, master_key: bytes) -> None:
        self._engine = engine
        self._key = hmac.digest(master_key, b"cobuild calendars", "sha256")

    def give(self, party: str, *, at: datetime, anew: bool = False, repeat: bool = False) -> Address:
        """Return the address of a party's calendar, made at need; ``anew`` revokes the one before.

        A ``repeat`` of a request finds by its instant what its first attempt made.
        """
        kind, _, name = party.partition(":")
        if kind == "community":
            return Address(party, _path(kind, name), None)
        with self._engine.begin() as connection:
            known = connection.execute(select(calendars).where(calendars.c.party == party)).one_or_none()
            made = known is not None and repeat and known.made_at == at
            if known is not None and known.digest is not None and (made or not anew):
                return Address(party, _path(kind, self._token(party, known.serial)), known.made_at)
            serial = 1 if known is None else known.serial + 1
            token = self._token(party, serial)
            row = {"party": party, "serial": serial, "digest": _digest(token), "made_at": at}
            statement = insert(calendars).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["party"], set_=row))
        return Address(party, _path(kind, token), at)

    def revoke(self, party: str) -> bool:
        """End the address of a party's calendar; return whether there was one."""
        standing = (calendars.c.party == party, calendars.c.digest.is_not(None))
        with self._engine.begin() as connection:
            return connection.execute(update(calendars).where(*standing).values(digest=None)).rowcount > 0

    def party(self, kind: CalendarKind, name: str) -> str | None:
        """Return whose calendar has this address; None where it is nobody's, or was revoked."""
        if kind == "community":
            return f"{kind}:{name}"
        with self._engine.connect() as connection:
            found = _found(connection, _digest(name))
        return found if found is not None and found.startswith(f"{kind}:") else None

    def _token(self, party: str, serial: int) -> str:
        code = hmac.digest(self._key, f"{serial}:{party}".encode(), "sha256")
        return base64.urlsafe_b64encode(code).decode().rstrip("=")


def _found(connection: Connection, digest: bytes) -> str | None:
    found: str | None = connection.execute(select(calendars.c.party).where(calendars.c.digest == digest)).scalar()
    return found


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _path(kind: str, name: str) -> str:
    return f"/v1/calendars/{kind}/{name}.ics"
