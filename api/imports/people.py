"""Members in a sheet who bear no pseudonym: the vault tells by name and phone whether it has met them before."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from api.imports.rows import Parsed
from api.imports.shapes import UNNAMED
from api.vault import Vault
from schemas.enrolment import Enrolled, MemberEnrolled


class People:
    """The people of one file; all calls block, run them in a thread."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._new: dict[bytes, str] = {}

    def told_apart(self, rows: Sequence[Parsed]) -> list[Parsed]:
        """Return the rows, members without a pseudonym under that of before, or under a new one."""
        nameless = [row for row in rows if _is_nameless(row)]
        met = iter(self._vault.recognise([row.identity for row in nameless]))
        return [self._named(row, *next(met)) if _is_nameless(row) else row for row in rows]

    def keep(self, rows: Sequence[Parsed], *, at: datetime) -> None:
        """Put the identities of enrolments into the vault."""
        told = {row.entry.party: row.identity for row in rows if isinstance(row.entry, Enrolled) and row.identity}
        self._vault.put_all(told, at=at)

    def _named(self, row: Parsed, digest: bytes, ref: str | None) -> Parsed:
        assert isinstance(row.entry, MemberEnrolled)  # noqa: S101 - only these are nameless
        name = self._new.setdefault(digest, f"m-{secrets.token_hex(10)}") if ref is None else ref.partition(":")[2]
        return replace(row, entry=row.entry.model_copy(update={"member_ref": name}))


def _is_nameless(row: Parsed) -> bool:
    return isinstance(row.entry, MemberEnrolled) and row.entry.member_ref == UNNAMED and not row.faults
