"""Invariant 7: names and phones lie in the vault, encrypted, and nowhere else: not in any file, not in any record."""

import json
import zlib
from collections.abc import Iterator

from tests.chaos.entries import MADE_UP_NAME, MADE_UP_PHONE
from tests.chaos.evidence import Evidence
from tests.chaos.hand import PHONE
from tests.chaos.journal import Notes
from tests.chaos.published import letters_in_the_clear
from tests.chaos.trial import Trial

OURS = (MADE_UP_NAME.encode(), json.dumps(MADE_UP_NAME)[1:-1].encode(), MADE_UP_PHONE.encode())
THEIRS = PHONE.encode()


def check_secrets(evidence: Evidence) -> Iterator[str]:
    """Look through every byte that the server has written."""
    for name, content in evidence.files.items():
        yield from (f"{name} holds {secret.decode()}" for secret in OURS if secret in content)
        if "log.sqlite3" not in name and THEIRS in content:
            yield f"{name} holds the phone number that a stranger wrote to the log"
    for where, part in _parts(evidence):
        yield from (f"{where} holds {secret.decode()}" for secret in OURS if secret in part)
    for where, part in (*letters_in_the_clear(evidence), *_cells(evidence)):
        if any(secret in part for secret in (*OURS, THEIRS)):
            yield f"{where} holds personal data"


def check_vault(notes: Notes, trial: Trial) -> Iterator[str]:
    """Who was enrolled is known to the vault until forgotten; who was forgotten is not."""
    gone = {write.subject for write in notes.writes if write.op == "forget" and write.outcome != "refused"}
    for write in notes.of("acked"):
        known = trial.evidence.identities.get(f"{'member' if write.op == 'enrol_member' else 'unit'}:{write.subject}")
        if write.op.startswith("enrol_") and write.subject not in gone:
            given = write.body.get("contact") or write.body.get("liaison")
            if known != given:
                yield f"the vault knows {known} of {write.subject}, who gave {given}"
        if write.op == "forget" and any(
            f"{kind}:{write.subject}" in trial.evidence.identities for kind in ("member", "unit")
        ):
            yield f"{write.subject} was forgotten and is still in the vault"


def check_enrolments(notes: Notes, trial: Trial) -> Iterator[str]:
    """Every acknowledged enrolment is on the list."""
    tables = trial.evidence.tables
    there = {row["member_ref"] for row in tables["enrolments"]} | {row["party"][5:] for row in tables["units"]}
    for write in notes.of("acked"):
        if write.op.startswith("enrol_") and write.subject not in there:
            yield f"the enrolment of {write.subject} is lost"


def _parts(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    for (topic, partition), records in evidence.records.items():
        for record in records:
            where = f"{topic}/{partition}/{record.offset}"
            yield where, record.value or b""
            yield where, record.key or b""
            yield from ((where, value or b"") for _, value in record.headers)


def _cells(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    for name, rows in evidence.tables.items():
        for row in rows:
            for column, value in row.items():
                if isinstance(value, bytes) and (name, column) == ("rounds", "body"):
                    yield f"{name}.{column}", zlib.decompress(value)
                elif isinstance(value, str | bytes):
                    yield f"{name}.{column}", value.encode() if isinstance(value, str) else value
