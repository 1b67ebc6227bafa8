"""Agreements and the lists: the resources that clauses name, and the project, are there."""

from datetime import datetime

from sqlalchemy import Connection

from api.living import Practice
from api.readmodel.queries.named import must_be_there
from api.readmodel.views import View
from schemas.lifecycle import Life, Step
from schemas.lives.agreement import Agreement, AgreementClauseAdded, AgreementDrafted


class ClauseBeside(View):
    """How much of a clause was said to be done and not disputed, how much of that confirmed; whether it is late."""

    clause: int
    promise: str
    promised_by: str
    quantity: int
    done: int
    confirmed: int
    is_late: bool


class AgreementBeside(View):
    """How far each clause is kept, and who has still to sign."""

    clauses: tuple[ClauseBeside, ...]
    unsigned: tuple[str, ...]


def _named(connection: Connection, after: Life, _: Step) -> None:
    assert isinstance(after, Agreement)  # noqa: S101 - guards are kept by kind
    must_be_there(connection, (f"resource:{each}" for clause in after.clauses for each in clause.resources))
    if after.project is not None:
        must_be_there(connection, [f"project:{after.project}"])


def _beside(_: Connection, agreement: Agreement, now: datetime) -> AgreementBeside:
    signed = {each.by for each in agreement.signatures}
    return AgreementBeside(
        clauses=tuple(_clause(agreement, place, now) for place in range(1, len(agreement.clauses) + 1)),
        unsigned=tuple(party for party in agreement.signatories if party not in signed),
    )


def _clause(agreement: Agreement, place: int, now: datetime) -> ClauseBeside:
    clause = agreement.clauses[place - 1]
    told = [each for each in agreement.fulfilments if each.clause == place and each.confirmed is not False]
    return ClauseBeside(
        clause=place,
        promise=clause.promise,
        promised_by=clause.promised_by,
        quantity=clause.quantity,
        done=sum(each.quantity for each in told),
        confirmed=sum(each.quantity for each in told if each.confirmed),
        is_late=clause.due < now and agreement.left_of(place) > 0,
    )


PRACTICE = Practice(
    guards={AgreementDrafted: _named, AgreementClauseAdded: _named}, beside=_beside, view=AgreementBeside
)
