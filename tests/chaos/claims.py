"""Invariant 2 and what belongs to it: every acknowledged write lies where the server said, says what was asked, counts.

And the other way round: nothing lies in the log that nobody asked for, nothing that was refused, nothing twice.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from schemas.claims import ClaimDropped, ClaimMade
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from tests.chaos.journal import Notes, Write, digest_of
from tests.chaos.trial import Input, Trial

API = "/cobuild/api"
MODELS: dict[str, type[BaseModel]] = {
    "post": DemandPosted,
    "offer": ResourceOffered,
    "revise_demand": DemandRevised,
    "revise_resource": ResourceRevised,
    "whistle": DemandWhistled,
    "suspend": ResourceSuspended,
    "withdraw_demand": DemandWithdrawn,
    "withdraw_resource": ResourceWithdrawn,
    "accepted": AssignmentAccepted,
    "declined": AssignmentDeclined,
    "done": AssignmentDone,
    "no_show": AssignmentNoShow,
    "claim_demand": ClaimMade,
    "claim_resource": ClaimMade,
    "drop_claim": ClaimDropped,
    "enrol_unit": UnitEnrolled,
    "enrol_member": MemberEnrolled,
}
_OP_OF = {model: op for op, model in MODELS.items()}
_UNMARKED = ("accepted", "done", "claim_demand", "claim_resource", "drop_claim")
"""An event of these holds no mark: it is known by what it is about."""

Sign = tuple[str, str]


def check_writes(notes: Notes, trial: Trial) -> Iterator[str]:
    """Hold every write against the log."""
    found = _by_sign(trial)
    asked = {_sign(write) for write in notes.writes if write.outcome in ("acked", "unknown")}
    for sign, inputs in found.items():
        if sign not in asked:
            yield f"{inputs[0].place} lies in the log, and nobody asked for it or it was refused: {sign}"
        said = {(found.event.id, _version(found.event.data)) for found in inputs if found.event}
        if len(said) != len({version for _, version in said}) and sign[0] not in _UNMARKED:
            yield f"{sign} was asked for once and said several times: {sorted(said)}"
    for write in notes.of("acked"):
        for fault in _acked(write, trial, found.get(_sign(write), [])):
            yield f"the acknowledged {write.op} {write.mark} of {write.subject}: {fault}"


def check_repeats(trial: Trial) -> Iterator[str]:
    """What has one id is one fact, word for word, however often it was written."""
    first: dict[tuple[str, str], Input] = {}
    for found in trial.inputs.values():
        if found.event is not None:
            before = first.setdefault((found.event.source, found.event.id), found)
            if (before.record.key, before.record.value) != (found.record.key, found.record.value):
                yield f"{before.place} and {found.place} have one id and say different things"


def check_strangers(notes: Notes, trial: Trial) -> Iterator[str]:
    """What another process wrote lies where it was acknowledged, and is taken or refused as it deserves."""
    for stranger in notes.strangers:
        if stranger.position is None:
            continue
        record = trial.evidence.record(stranger.position)
        if record is None:
            yield f"the stranger's {stranger.what} at {stranger.position} is lost"
            continue
        if digest_of(record) != stranger.digest:
            yield f"at {stranger.position} lies something else than the stranger's {stranger.what}"
        found = trial.inputs.get(stranger.position)
        code = found.verdict if found and found.is_refused else trial.refused.get(stranger.position)
        if code != stranger.code:
            yield f"the stranger's {stranger.what} at {stranger.position} is refused as {code}, not {stranger.code}"


def check_reads(notes: Notes) -> Iterator[str]:
    """Who wrote sees what it wrote; a key gets one answer, however often; no request ends in a fault of ours."""
    for repeat in notes.repeats:
        if repeat["first"] != repeat["again"]:
            yield f"the repeat of {repeat['mark']} was answered {repeat['again']}, at first {repeat['first']}"
    for read in notes.reads:
        if read["seen"] < read["wanted"]:
            yield f"a read of {read['subject']} after version {read['wanted']} showed version {read['seen']}"
    for failure in notes.failures:
        yield f"{failure['method']} {failure['path']} was answered with {failure['status']}: {failure['text']}"


def _by_sign(trial: Trial) -> dict[Sign, list[Input]]:
    found: dict[Sign, list[Input]] = defaultdict(list)
    for each in trial.inputs.values():
        if each.event is not None and each.event.source == API:
            found[_sign_of(each.event.data)].append(each)
    return found


def _sign_of(data: Any) -> Sign:  # noqa: PLR0911 - one per kind of event
    """Return the operation and the mark of an event, or what it is about where it has no mark."""
    op = _OP_OF[type(data)]
    match data:
        case DemandPosted() | DemandRevised():
            return op, data.demand.detail
        case ResourceOffered() | ResourceRevised():
            return op, data.resource.detail
        case MemberEnrolled():
            return op, data.member_ref.removeprefix("m-")
        case UnitEnrolled():
            return op, data.name.rpartition(" ")[2]
        case AssignmentAccepted() | AssignmentDone():
            return op, data.assignment_id
        case ClaimMade():
            return "claim_demand" if data.by == "provider" else "claim_resource", f"{data.demand_id} {data.resource_id}"
        case ClaimDropped():
            return op, data.claim_id
    return op, data.reason or ""


def _version(data: Any) -> int:
    """Return the version that an event makes; a repeated change may come to make another one than at first."""
    entry = getattr(data, "demand", None) or getattr(data, "resource", None) or data
    return getattr(entry, "version", 0)


def _sign(write: Write) -> Sign:
    return write.op, (write.subject or "") if write.op in _UNMARKED else write.mark


def _acked(write: Write, trial: Trial, mine: list[Input]) -> Iterator[str]:
    if write.op == "forget":
        return
    if write.position is None:
        yield from _nothing_to_do(write, trial)
        return
    found = trial.inputs.get(write.position)
    if found is None or found.event is None:
        yield f"there is no such event at {write.position}"
        return
    if not isinstance(found.event.data, MODELS[write.op]):
        yield f"at {write.position} lies a {type(found.event.data).__name__}"
        return
    said = _says(write, found)
    if said is not None:
        yield f"at {write.position} lies something else: {said}"
    twin = next((other for other in mine if not other.is_refused and other.event.id == found.event.id), None)  # type: ignore[union-attr]
    if found.is_refused and twin is None:
        yield f"it is among the dead letters as {found.verdict}"


def _says(write: Write, found: Input) -> str | None:
    """Return how an event differs from what was asked for, None where it does not."""
    data = found.event.data  # type: ignore[union-attr]
    said: Any = {}
    asked: Any = {}
    match data:
        case DemandPosted(demand=entry):
            said, asked = entry, _posted(Demand, write, posted_at=entry.posted_at)
        case ResourceOffered(resource=entry):
            said, asked = entry, _posted(Resource, write, offered_at=entry.offered_at)
        case DemandRevised(demand=entry) | ResourceRevised(resource=entry):
            said, asked = entry, _revised(entry, write, found)
        case MemberEnrolled() | UnitEnrolled():
            body = {name: value for name, value in write.body.items() if name not in ("contact", "liaison")}
            said, asked = data, type(data).model_validate(body | {"enrolled_at": data.enrolled_at})
        case DemandWhistled() | DemandWithdrawn():
            said, asked = (data.demand_id, data.version), (write.subject, write.answer["version"])
        case ResourceSuspended() | ResourceWithdrawn():
            said, asked = (data.resource_id, data.version), (write.subject, write.answer["version"])
        case ClaimMade():
            said = f"{data.demand_id} {data.resource_id}", data.claim_id
            asked = write.subject, write.answer["claim_id"]
        case ClaimDropped():
            said, asked = data.claim_id, write.subject
        case _:
            said, asked = data.assignment_id, write.subject
    return None if said == asked else f"{said} instead of {asked}"


def _posted(model: type[BaseModel], write: Write, **ours: Any) -> BaseModel:
    name = "demand_id" if model is Demand else "resource_id"
    return model.model_validate(write.body | {name: write.answer["id"], "version": 1} | ours)


def _revised(entry: Demand | Resource, write: Write, found: Input) -> BaseModel:
    """Return the version before with the merge patch applied: what is not named in it must have stayed."""
    before = entry if found.before is None or found.is_refused or found.verdict == "seen" else found.before
    merged = before.model_dump(mode="json")
    for name, value in write.body.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return type(entry).model_validate(merged | {"version": write.answer["version"]})


def _nothing_to_do(write: Write, trial: Trial) -> Iterator[str]:
    """An acknowledged write that changed nothing: what it wanted must be so."""
    for book in trial.books.values():
        entry = book.demands.get(write.subject or "") or book.resources.get(write.subject or "")
        if entry is not None and write.op.startswith("withdraw") and entry.state != "withdrawn":
            yield f"it was said to be withdrawn and is {entry.state}"
        if entry is not None and entry.version < write.answer.get("version", 0):
            yield f"it was said to have version {write.answer['version']} and has {entry.version}"
    if write.op in ("declined", "done", "no_show"):
        said = set[str]().union(*(book.said.get(write.subject or "", set()) for book in trial.books.values()))
        if write.op not in said:
            yield f"it was said to have been answered so before, but only {sorted(said)} were"
