"""The checker finds what is wrong: each test spoils a copy of sound evidence, or of its journal, in one way."""

import asyncio
import copy
import json
import shutil
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.deadletters import RecordRefused
from schemas.envelope import encode, new_event
from schemas.rounds import Proposal, RoundDecided, Transition
from schemas.topics import ASSIGNMENTS, DEADLETTERS, INPUTS
from streams.log import Record
from tests.chaos.checker import check
from tests.chaos.entries import MADE_UP_NAME, MADE_UP_PHONE
from tests.chaos.evidence import Evidence, gather
from tests.chaos.journal import Notes, Seen, Write, read_notes
from tests.chaos.small_run import NEEDED, run_small
from tests.chaos.stranger import PHONE
from tests.chaos.trial import Trial

pytestmark = pytest.mark.slow

Run = tuple[Notes, Evidence]
Spoil = Callable[[Notes, Evidence], None]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    asyncio.run(run_small(directory, seed="7"))
    return directory


@pytest.fixture(scope="module")
def sound(directory: Path) -> Run:
    return read_notes(directory), asyncio.run(gather(directory))


@pytest.fixture
def run(sound: Run) -> Run:
    return copy.deepcopy(sound)


def test_sound_evidence_has_no_fault_and_is_worth_looking_at(sound: Run) -> None:
    verdict = check(*sound)
    assert verdict.faults == []
    trial = Trial(sound[1])
    words = {transition.reason for found in trial.rounds for transition in found.decided.transitions}
    assert words >= NEEDED
    assert len(sound[0].of("acked")) > 100
    assert len(trial.refused) > 20


# -- ways to get at things ------------------------------------------------------------------------------------


def acked(notes: Notes, *ops: str) -> Write:
    """Return an acknowledged write of one of these operations that lies in the log."""
    return next(write for write in notes.of("acked") if write.op in ops and write.position)


def spoil_write(notes: Notes, write: Write, **changes: Any) -> None:
    notes.writes[notes.writes.index(write)] = replace(write, **changes)


def edit(evidence: Evidence, record: Record, value: bytes) -> None:
    records = evidence.records[record.topic, record.partition]
    records[records.index(record)] = replace(record, value=value)


def rounds_of(evidence: Evidence) -> Iterator[tuple[Record, RoundDecided]]:
    for found in Trial(evidence).rounds:
        yield found.record, found.decided


def edit_round(evidence: Evidence, suits: Callable[[RoundDecided], bool], **changes: Any) -> RoundDecided:
    record, decided = next((record, decided) for record, decided in rounds_of(evidence) if suits(decided))
    made = {name: change(decided) for name, change in changes.items()}
    edit(evidence, record, decided.model_copy(update=made).model_dump_json().encode())
    return decided


def busy(decided: RoundDecided) -> bool:
    return len(decided.proposals) > 0


def letters(evidence: Evidence) -> list[Record]:
    return list(evidence.of(DEADLETTERS.name))


def pair_that(evidence: Evidence, reason: str) -> tuple[RoundDecided, Proposal, Transition]:
    """Return a round that ended an assignment for this reason, with the assignment and its end."""
    proposals: dict[str, Proposal] = {}
    for _, decided in rounds_of(evidence):
        for transition in decided.transitions:
            if transition.reason == reason:
                return decided, proposals[transition.assignment_id], transition
        proposals |= {proposal.assignment_id: proposal for proposal in decided.proposals}
    raise LookupError(reason)


def propose_again(evidence: Evidence, reason: str) -> None:
    """Let the very round that ended an assignment propose the pair anew."""
    decided, proposal, _ = pair_that(evidence, reason)
    again = proposal.model_copy(update={"assignment_id": "f" * 32})
    edit_round(
        evidence,
        lambda each: (each.shard, each.round_no) == (decided.shard, decided.round_no),
        proposals=lambda each: (*each.proposals, again),
    )


# -- ways to spoil --------------------------------------------------------------------------------------------


def lose_a_record(notes: Notes, evidence: Evidence) -> None:
    position = acked(notes, "post").position
    assert position is not None
    del evidence.records[position[:2]][position[2] :]


def change_a_record(notes: Notes, evidence: Evidence) -> None:
    record = evidence.record(acked(notes, "offer").position or ("", 0, 0))
    assert record is not None
    data = json.loads(record.value or b"")
    data["resource"]["title"] = "something else"
    edit(evidence, record, json.dumps(data).encode())


def claim_what_never_was(notes: Notes, evidence: Evidence) -> None:
    write = acked(notes, "withdraw_demand", "withdraw_resource")
    spoil_write(notes, write, answer=write.answer | {"position": "demands:0:999999"})


def refuse_what_was_done(notes: Notes, evidence: Evidence) -> None:
    spoil_write(notes, acked(notes, "revise_demand", "revise_resource"), outcome="refused")


def say_it_twice(notes: Notes, evidence: Evidence) -> None:
    position = acked(notes, "post").position
    record = evidence.record(position or ("", 0, 0))
    assert record is not None
    records = evidence.records[record.topic, record.partition]
    headers = [(name, b"another" if name == "ce_id" else value) for name, value in record.headers]
    records.append(replace(record, headers=headers, offset=len(records)))


def accept_what_must_be_refused(notes: Notes, evidence: Evidence) -> None:
    place = next(i for i, each in enumerate(notes.strangers) if each.code is None and each.what == "good")
    notes.strangers[place] = replace(notes.strangers[place], code="wrong_key")


def promise_a_seat_twice(notes: Notes, evidence: Evidence) -> None:
    def and_a_twin(decided: RoundDecided) -> tuple[Proposal, ...]:
        return (*decided.proposals, decided.proposals[0].model_copy(update={"assignment_id": "e" * 32}))

    edit_round(evidence, busy, proposals=and_a_twin)


def publish_a_seat_twice(notes: Notes, evidence: Evidence) -> None:
    record = next(r for r in evidence.of(ASSIGNMENTS.name) if b'"assignment":{' in (r.value or b""))
    data = json.loads(record.value or b"")
    data["assignment"]["assignment_id"] = "e" * 32
    headers = [(name, b"e" * 32 + b"-proposed" if name == "ce_id" else value) for name, value in record.headers]
    records = evidence.records[record.topic, record.partition]
    records.insert(records.index(record) + 1, replace(record, value=json.dumps(data).encode(), headers=headers))


def pass_over_an_answer(notes: Notes, evidence: Evidence) -> None:
    decided, _, transition = pair_that(evidence, "declined")
    edit_round(
        evidence,
        lambda each: each is decided or (each.shard, each.round_no) == (decided.shard, decided.round_no),
        transitions=lambda each: tuple(move for move in each.transitions if move != transition),
    )


def keep_what_is_gone(notes: Notes, evidence: Evidence) -> None:
    gone = ("resource_gone", "demand_gone")
    edit_round(
        evidence,
        lambda each: any(move.reason in gone for move in each.transitions),
        transitions=lambda each: tuple(move for move in each.transitions if move.reason not in gone),
    )


def leave_a_pair_lying(notes: Notes, evidence: Evidence) -> None:
    edit_round(evidence, busy, proposals=lambda each: each.proposals[1:])


def break_the_proof(notes: Notes, evidence: Evidence) -> None:
    edit_round(evidence, busy, certificate=lambda each: each.certificate.model_copy(update={"holds": False}))


def leave_out_a_round(notes: Notes, evidence: Evidence) -> None:
    record = next(record for record, decided in rounds_of(evidence) if decided.round_no == 2)
    evidence.records[record.topic, record.partition].remove(record)


def stop_deciding(notes: Notes, evidence: Evidence) -> None:
    last = {decided.shard: record for record, decided in rounds_of(evidence)}
    record = next(iter(last.values()))
    evidence.records[record.topic, record.partition].remove(record)


def hold_a_whistle_up(notes: Notes, evidence: Evidence) -> None:
    edit_round(evidence, lambda each: each.cause == "whistle", cause=lambda each: "interval")


def lose_a_dead_letter(notes: Notes, evidence: Evidence) -> None:
    record = letters(evidence)[0]
    evidence.records[record.topic, record.partition].remove(record)


def bury_twice(notes: Notes, evidence: Evidence) -> None:
    record = letters(evidence)[0]
    headers = [(name, b"another" if name == "ce_id" else value) for name, value in record.headers]
    evidence.records[record.topic, record.partition].append(replace(record, headers=headers))


def bury_the_living(notes: Notes, evidence: Evidence) -> None:
    record = letters(evidence)[0]
    letter = RecordRefused.model_validate_json(record.value or b"")
    topic, partition, offset = acked(notes, "post", "offer").position or ("", 0, 0)
    moved = letter.model_copy(update={"topic": topic, "partition": partition, "offset": offset, "key": None})
    event = new_event(moved.model_copy(update={"value": None, "headers": ()}), id="x", source="x", key="310105",
                      time=letter.refused_at)  # fmt: skip
    key, headers, value = encode(event)
    evidence.records[record.topic, record.partition].append(replace(record, key=key, headers=headers, value=value))


def lose_an_assignment_event(notes: Notes, evidence: Evidence) -> None:
    record = next(evidence.of(ASSIGNMENTS.name))
    evidence.records[record.topic, record.partition].remove(record)


def make_up_an_assignment_event(notes: Notes, evidence: Evidence) -> None:
    record = next(evidence.of(ASSIGNMENTS.name))
    headers = [(name, b"made-up" if name == "ce_id" else value) for name, value in record.headers]
    evidence.records[record.topic, record.partition].append(replace(record, headers=headers))


def replay_otherwise(notes: Notes, evidence: Evidence) -> None:
    evidence.replay_said = evidence.replay_said.replace(" 0 different", " 1 different")


def replay_too_little(notes: Notes, evidence: Evidence) -> None:
    evidence.replay_said = "0 rounds equal, 0 different"


def log_a_name(notes: Notes, evidence: Evidence) -> None:
    evidence.files["server.log"] += f"enrolled {MADE_UP_NAME}0001".encode()


def send_a_phone(notes: Notes, evidence: Evidence) -> None:
    topic = INPUTS[0].name
    record = next(evidence.of(topic))
    headers = [*record.headers, ("ce_who", f"{MADE_UP_PHONE}0001".encode())]
    records = evidence.records[topic, record.partition]
    records[0] = replace(record, headers=headers)


def list_a_phone(notes: Notes, evidence: Evidence) -> None:
    evidence.tables["deadletters"][0]["detail"] = f"call {PHONE}"


def bury_a_phone(notes: Notes, evidence: Evidence) -> None:
    record = letters(evidence)[0]
    data = json.loads(record.value or b"") | {"value": b64encode(f"call {PHONE}".encode()).decode()}
    edit(evidence, record, json.dumps(data).encode())


def forget_too_much(notes: Notes, evidence: Evidence) -> None:
    gone = {write.subject for write in notes.writes if write.op == "forget"}
    kept = next(w for w in notes.of("acked") if w.op.startswith("enrol_") and w.subject not in gone)
    evidence.identities.pop(f"member:{kept.subject}", None)
    evidence.identities.pop(f"unit:{kept.subject}", None)


def forget_nothing(notes: Notes, evidence: Evidence) -> None:
    ref = next(iter(evidence.identities)).partition(":")[2]
    notes.writes.append(Write("c9-00001", "forget", ref, {}, None, False, "acked", 204))


def strike_an_enrolment(notes: Notes, evidence: Evidence) -> None:
    evidence.tables["enrolments"].clear()
    evidence.tables["units"].clear()


def miss_an_event(notes: Notes, evidence: Evidence) -> None:
    del notes.seen["all"][3]


def hear_an_event_twice(notes: Notes, evidence: Evidence) -> None:
    notes.seen["one district"].insert(2, notes.seen["one district"][2])


def hear_too_much(notes: Notes, evidence: Evidence) -> None:
    other = next(seen for seen in notes.seen["all"] if seen.event == "proposed")
    notes.seen["two types"].append(other)


def count_anew(notes: Notes, evidence: Evidence) -> None:
    notes.seen["all"].append(Seen("0b-1", "reset", {"generation": "0b"}))


def list_an_old_version(notes: Notes, evidence: Evidence) -> None:
    evidence.tables["demands"][0]["version"] += 1


def list_too_little(notes: Notes, evidence: Evidence) -> None:
    evidence.tables["assignments"].pop()


def count_seats_wrongly(notes: Notes, evidence: Evidence) -> None:
    evidence.tables["demands"][0]["filled"] += 1


def feed_twice(notes: Notes, evidence: Evidence) -> None:
    last = max(row["seq"] for row in evidence.tables["feed"])
    evidence.tables["feed"].append(evidence.tables["feed"][0] | {"seq": last + 1})


def show_something_else(notes: Notes, evidence: Evidence) -> None:
    notes.final["resources"][0]["state"] = "suspended!"


def rebuild_otherwise(notes: Notes, evidence: Evidence) -> None:
    next(row for row in evidence.rebuilt["tallies"] if row["resources"])["resources"] += 1


def read_the_past(notes: Notes, evidence: Evidence) -> None:
    notes.reads.append({"subject": "d-1", "wanted": 2, "seen": 1})


def answer_a_key_twice(notes: Notes, evidence: Evidence) -> None:
    notes.repeats.append({"mark": "c0-00001", "first": {"version": 1}, "again": {"version": 2}})


def fail(notes: Notes, evidence: Evidence) -> None:
    notes.failures.append({"method": "POST", "path": "/v1/demands", "status": 500, "text": "internal_error"})


SPOILED: list[tuple[Spoil, str]] = [
    (lose_a_record, "there is no such event"),
    (change_a_record, "lies something else"),
    (claim_what_never_was, "there is no such event"),
    (refuse_what_was_done, "nobody asked for it or it was refused"),
    (say_it_twice, "said several times"),
    (accept_what_must_be_refused, "the stranger's good"),
    (promise_a_seat_twice, "is promised twice"),
    (publish_a_seat_twice, "1 no double promise"),
    (pass_over_an_answer, "should be ('revoked', 'declined')"),
    (keep_what_is_gone, "_gone'), is None"),
    (leave_a_pair_lying, "the certificate"),
    (break_the_proof, "does not hold"),
    (leave_out_a_round, "it follows round"),
    (stop_deciding, "never got a round"),
    (hold_a_whistle_up, "got a round of cause interval"),
    (lose_a_dead_letter, "its dead letters: 0 ids"),
    (bury_twice, "its dead letters: 2 ids"),
    (bury_the_living, "and is sound"),
    (lose_an_assignment_event, "was published where the rounds imply"),
    (make_up_an_assignment_event, "no round implies it"),
    (replay_otherwise, "3 replay"),
    (replay_too_little, "3 replay"),
    (log_a_name, "server.log holds"),
    (send_a_phone, "7 no personal data: cobuild.resources.v1"),
    (list_a_phone, "deadletters.detail holds personal data"),
    (bury_a_phone, "the dead letter at"),
    (forget_too_much, "the vault knows None"),
    (forget_nothing, "is still in the vault"),
    (strike_an_enrolment, "the enrolment of"),
    (miss_an_event, "the listener all saw"),
    (hear_an_event_twice, "the listener one district saw"),
    (hear_too_much, "the listener two types saw"),
    (count_anew, "ids count anew"),
    (list_an_old_version, "the lists say of demands"),
    (list_too_little, "the lists say of assignments"),
    (count_seats_wrongly, "the lists say of demands"),
    (feed_twice, "the feed"),
    (show_something_else, "the API and the lists differ about resources"),
    (rebuild_otherwise, "rebuilt, tallies"),
    (read_the_past, "showed version 1"),
    (answer_a_key_twice, "the repeat of"),
    (fail, "was answered with 500"),
]


@pytest.mark.parametrize(("spoil", "found"), SPOILED, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_spoiled_is_found(run: Run, spoil: Spoil, found: str) -> None:
    spoil(*run)
    faults = check(*run).faults
    assert any(found in fault for fault in faults), faults[:10]


@pytest.mark.parametrize("reason", ["declined", "resource_gone", "demand_gone"])
def test_what_was_declined_or_is_gone_and_proposed_again_is_found(run: Run, reason: str) -> None:
    propose_again(run[1], reason)
    expected = "was declined, missed or left unanswered before" if reason == "declined" else "has no open seat"
    assert any(expected in fault for fault in check(*run).faults)


def test_who_waits_longer_than_patience_is_found(run: Run) -> None:
    assert any("waited" in fault for fault in check(*run, patience_s=-1.0).faults)


def test_a_damaged_file_is_found(directory: Path, tmp_path: Path) -> None:
    spoiled = tmp_path / "run"
    shutil.copytree(directory, spoiled)
    with closing(sqlite3.connect(spoiled / "data" / "log.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM records WHERE id = (SELECT id FROM records LIMIT 1 OFFSET 40)")
    faults = check(read_notes(spoiled), asyncio.run(gather(spoiled))).faults
    assert any("files: the log cannot be read" in fault for fault in faults)
