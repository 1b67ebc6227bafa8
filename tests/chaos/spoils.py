"""Ways to spoil sound evidence, or its journal: each must be found, and said in words of its own."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from schemas.claims import ClaimSettled
from schemas.deadletters import RecordRefused
from schemas.envelope import encode, new_event
from schemas.rounds import Proposal, RoundDecided, Transition
from schemas.topics import ASSIGNMENTS, DEADLETTERS
from streams.log import Record
from tests.chaos.evidence import Evidence
from tests.chaos.journal import Notes, Write
from tests.chaos.published import latest
from tests.chaos.teams import every_team
from tests.chaos.trial import Trial

Spoil = Callable[[Notes, Evidence], None]


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


def claimed(decided: RoundDecided) -> bool:
    return any(claim.outcome not in ("gone", "honoured") for claim in decided.claims)


def letters(evidence: Evidence) -> list[Record]:
    return list(evidence.of(DEADLETTERS.name))


def pairs_that(evidence: Evidence, reason: str) -> Iterator[tuple[RoundDecided, Proposal, Transition]]:
    """Yield the rounds that ended an assignment for this reason, with the assignment and its end."""
    proposals: dict[str, Proposal] = {}
    for _, decided in rounds_of(evidence):
        for transition in decided.transitions:
            if transition.reason == reason:
                yield decided, proposals[transition.assignment_id], transition
        proposals |= {proposal.assignment_id: proposal for proposal in decided.proposals}


def proposed_again(evidence: Evidence, reason: str) -> Iterator[Evidence]:
    """Yield spoiled copies: the very round that ended an assignment proposes the pair anew, and nobody else."""
    for decided, proposal, _ in list(pairs_that(evidence, reason)):
        spoiled, again = copy.deepcopy(evidence), proposal.model_copy(update={"assignment_id": "f" * 32})
        edit_round(
            spoiled,
            lambda each, place=(decided.shard, decided.round_no): (each.shard, each.round_no) == place,
            proposals=lambda each, again=again: (again,),
        )
        yield spoiled


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
    decided, _, transition = next(pairs_that(evidence, "declined"))
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


def keep_who_is_left_of_a_team(notes: Notes, evidence: Evidence) -> None:
    edit_round(
        evidence,
        lambda each: any(move.reason == "team_broken" for move in each.transitions),
        transitions=lambda each: tuple(move for move in each.transitions if move.reason != "team_broken"),
    )


def publish_half_a_team(notes: Notes, evidence: Evidence) -> None:
    """Strike out from the topic that a member of a broken team is free."""
    trial = Trial(evidence)
    newest = {name: demand.version for name, demand in latest(trial).items()}
    given = [new for found in trial.rounds for new in found.decided.proposals]
    of_now = {new.assignment_id for new in given if new.demand_version == newest[new.demand_id]}
    broken = next(
        record
        for record in evidence.of(ASSIGNMENTS.name)
        if b'"team_broken"' in (record.value or b"") and json.loads(record.value or b"")["assignment_id"] in of_now
    )
    evidence.records[broken.topic, broken.partition].remove(broken)


def leave_a_pair_lying(notes: Notes, evidence: Evidence) -> None:
    edit_round(evidence, busy, proposals=lambda each: each.proposals[1:])


def leave_a_team_unfinished(notes: Notes, evidence: Evidence) -> None:
    versions = {
        place: book.demands[place[0]].version
        for book in Trial(evidence).books.values()
        for team in every_team(book)
        for place in team
    }

    def is_of_team(new: Proposal) -> bool:
        return versions.get((new.demand_id, new.line)) == new.demand_version

    def but_one(decided: RoundDecided) -> tuple[Proposal, ...]:
        left = next(new for new in decided.proposals if is_of_team(new))
        return tuple(new for new in decided.proposals if new != left)

    edit_round(evidence, lambda each: any(map(is_of_team, each.proposals)), proposals=but_one)


def break_the_proof(notes: Notes, evidence: Evidence) -> None:
    edit_round(evidence, busy, certificate=lambda each: each.certificate.model_copy(update={"holds": False}))


def leave_out_a_round(notes: Notes, evidence: Evidence) -> None:
    record = next(record for record, decided in rounds_of(evidence) if decided.round_no == 2)
    evidence.records[record.topic, record.partition].remove(record)


def stop_deciding(notes: Notes, evidence: Evidence) -> None:
    """Strike out the last round that saw something new, and what came after it in its shard."""
    inputs = [each for each in Trial(evidence).inputs.values() if each.verdict == "applied" and each.round]
    last = max((each.round for each in inputs if each.round), key=lambda found: found.decided.decided_at)
    for record, decided in list(rounds_of(evidence)):
        if decided.shard == last.decided.shard and decided.round_no >= last.decided.round_no:
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


def settle_a_claim_of_nobody(notes: Notes, evidence: Evidence) -> None:
    def and_another(decided: RoundDecided) -> tuple[ClaimSettled, ...]:
        return (*decided.claims, decided.claims[0].model_copy(update={"claim_id": "c-nobody"}))

    edit_round(evidence, claimed, claims=and_another)


def honour_a_claim_in_words_alone(notes: Notes, evidence: Evidence) -> None:
    def honoured(decided: RoundDecided) -> tuple[ClaimSettled, ...]:
        return tuple(claim.model_copy(update={"outcome": "honoured", "rule": None}) for claim in decided.claims)

    edit_round(evidence, lambda decided: claimed(decided) and not decided.proposals, claims=honoured)


def pass_over_a_claim(notes: Notes, evidence: Evidence) -> None:
    edit_round(evidence, claimed, claims=lambda decided: ())


OF_THE_LOG: list[tuple[Spoil, str]] = [
    (lose_a_record, "there is no such event"),
    (change_a_record, "lies something else"),
    (claim_what_never_was, "there is no such event"),
    (refuse_what_was_done, "nobody asked for it or it was refused"),
    (say_it_twice, "said several times"),
    (accept_what_must_be_refused, "the stranger's good"),
    (settle_a_claim_of_nobody, "which is not open"),
    (honour_a_claim_in_words_alone, "is honoured"),
    (pass_over_a_claim, "nothing is said of the claim"),
    (promise_a_seat_twice, "is promised twice"),
    (publish_a_seat_twice, "1 no double promise"),
    (pass_over_an_answer, "should be ('revoked', 'declined')"),
    (keep_what_is_gone, "_gone'), is None"),
    (leave_a_pair_lying, "the certificate"),
    (leave_a_team_unfinished, "is half filled"),
    (publish_half_a_team, "1 no half-filled team"),
    (keep_who_is_left_of_a_team, "should be ('revoked', 'team_broken')"),
    (break_the_proof, "does not hold"),
    (leave_out_a_round, "it follows round"),
    (stop_deciding, "never got a round"),
    (hold_a_whistle_up, "got a round of cause interval"),
    (lose_a_dead_letter, "its dead letters: 0 ids"),
    (bury_twice, "its dead letters: 2 ids"),
    (bury_the_living, "and is sound"),
    (lose_an_assignment_event, "was published where the rounds imply"),
    (make_up_an_assignment_event, "no round implies it"),
]
