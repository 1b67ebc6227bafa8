"""The life of assignments, what was answered to them, and the feed of the match stream."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, select

from api.readmodel.projection.phases import ANSWER_RANK, holds_seat, is_done, is_later, state_of
from api.readmodel.projection.rows import Values, add, change, put, put_once, rows_among
from api.readmodel.projection.sorting import Located, Sorted
from api.readmodel.projection.tallies import Tally
from api.readmodel.tables import answers, assignments, feed, resource_seats
from schemas.assignments import AssignmentProposed
from schemas.catalogue import Catalogue
from schemas.envelope import Event
from schemas.rounds import Proposal

_CHANGING = ("phase", "phase_round", "phase_at", "reason", "answer", "answered_at", "state")
_KNOWN = ("assignment_id", "shard", "demand_id", "resource_id", "category", "community", *_CHANGING)

_AS_KNOWN = select(*(assignments.c[name] for name in _KNOWN))
_ANSWERS = select(answers).order_by(answers.c.partition, answers.c.offset)


def project_assignments(connection: Connection, batch: Sorted, *, tally: Tally, catalogue: Catalogue) -> None:
    """Write assignments, answers and feed; note the seats they take and give back."""
    if not batch.assignments and not batch.responses:
        return
    _write_answers(connection, batch.responses)
    known = _load(connection, batch)
    rows = {assignment_id: dict(row) for assignment_id, row in known.items()}
    lines = [_evolve(rows, event, catalogue) for event in batch.assignments]
    put_once(connection, feed, lines)
    answered = {event.data.assignment_id for _, event in batch.responses}
    _apply_answers(connection, rows, among=answered | (rows.keys() - known.keys()))
    put(connection, assignments, [row for name, row in rows.items() if name not in known])
    changed = [row for name, row in rows.items() if name in known and row != known[name]]
    change(connection, assignments, changed, columns=_CHANGING)
    _count(connection, known, rows, tally)


def _load(connection: Connection, batch: Sorted) -> dict[str, Values]:
    wanted = {_id_of(event.data) for event in batch.assignments}
    wanted |= {event.data.assignment_id for _, event in batch.responses}
    found = rows_among(connection, _AS_KNOWN, key=assignments.c.assignment_id, wanted=wanted)
    return {row.assignment_id: row._asdict() for row in found}


def _evolve(rows: dict[str, Values], event: Event[Any], catalogue: Catalogue) -> Values:
    """Move one assignment on in ``rows``; return the event's line in the feed."""
    data = event.data
    phase = _phase_of(event)
    if isinstance(data, AssignmentProposed):
        if data.assignment.assignment_id not in rows:
            rows[data.assignment.assignment_id] = _proposed(data, catalogue)
    elif (row := rows.get(data.assignment_id)) and is_later(
        phase, data.round_no, than=row["phase"], of_round=row["phase_round"]
    ):
        row.update(phase=phase, phase_round=data.round_no, phase_at=data.at, reason=data.reason)
        row["state"] = state_of(phase, reason=row["reason"], answer=row["answer"])
    return _feed_line(event, phase, rows.get(_id_of(data)))


def _feed_line(event: Event[Any], phase: str, row: Mapping[str, Any] | None) -> Values:
    data = event.data
    return {
        "event_id": event.id,
        "type": phase,
        "at": data.at,
        "shard": data.shard,
        "community": row["community"] if row else data.shard.ljust(12, "0"),
        "category": row["category"] if row else "",
        "assignment_id": _id_of(data),
        "round_no": data.round_no,
        "reason": getattr(data, "reason", None),
    }


def _proposed(data: AssignmentProposed, catalogue: Catalogue) -> Values:
    proposal = data.assignment
    return {
        **_copied(proposal),
        "shard": data.shard,
        "round_no": data.round_no,
        "proposed_at": data.at,
        "category": _category(catalogue, proposal.item),
        "terms": to_json(proposal.terms).decode(),
        "phase": "proposed",
        "phase_round": data.round_no,
        "phase_at": data.at,
        "reason": None,
        "answer": None,
        "answered_at": None,
        "state": "proposed",
    }


def _category(catalogue: Catalogue, item: str) -> str:
    """Return the item's category; of an item that the catalogue no longer has, the part before the dot."""
    known = catalogue.items.get(item)
    return known.category_id if known else item.partition(".")[0]


_SAME = [name for name in Proposal.model_fields if name in assignments.c and name != "terms"]


def _copied(proposal: Proposal) -> Values:
    return {name: getattr(proposal, name) for name in _SAME}


def _write_answers(connection: Connection, responses: Sequence[Located]) -> None:
    rows = [
        {
            "assignment_id": event.data.assignment_id,
            "partition": partition,
            "offset": offset,
            "shard": event.data.shard,
            "answer": _phase_of(event),
            "by": event.data.by,
            "reason": getattr(event.data, "reason", None),
            "at": event.data.at,
        }
        for (_, partition, offset), event in responses
    ]
    put_once(connection, answers, rows)


def _apply_answers(connection: Connection, rows: dict[str, Values], *, among: Iterable[str]) -> None:
    """Give each assignment the answer that counts; one that names another shard does not."""
    for found in rows_among(connection, _ANSWERS, key=answers.c.assignment_id, wanted=set(among)):
        row = rows.get(found.assignment_id)
        if row is None or row["shard"] != found.shard:
            continue
        if ANSWER_RANK[found.answer] > ANSWER_RANK[row["answer"]]:
            row.update(answer=found.answer, answered_at=found.at)
            row["state"] = state_of(row["phase"], reason=row["reason"], answer=found.answer)


def _count(connection: Connection, before: Mapping[str, Values], after: Mapping[str, Values], tally: Tally) -> None:
    """Note what the moves from ``before`` to ``after`` mean for seats and sums."""
    seats: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, row in after.items():
        old = before[name]["phase"] if name in before else None
        live = holds_seat(row["phase"]) - holds_seat(old)
        done = is_done(row["phase"]) - is_done(old)
        if live or done:
            seats[row["resource_id"]][0] += live
            seats[row["resource_id"]][1] += done
            tally.add_both(row["community"], row["category"], live=live)
    rows = [{"resource_id": name, "live": live, "fulfilled": done} for name, (live, done) in seats.items()]
    add(connection, resource_seats, rows, sums=("live", "fulfilled"))


def _phase_of(event: Event[Any]) -> str:
    """Return the fact's last word: ``cn.cobuild.assignment.proposed.v1`` is ``proposed``."""
    return event.type.split(".")[-2]


def _id_of(data: Any) -> str:
    found: str = data.assignment.assignment_id if isinstance(data, AssignmentProposed) else data.assignment_id
    return found
