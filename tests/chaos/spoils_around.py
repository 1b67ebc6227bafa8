"""Ways to spoil what lies around the log: replay, files, vault, lists, streams, processes, what outsiders saw."""

import json
from base64 import b64encode
from dataclasses import replace

from schemas.topics import ASSIGNMENTS, INPUTS
from tests.chaos.comeback import FROM_NOTHING, Comeback
from tests.chaos.entries import MADE_UP_NAME, MADE_UP_PHONE
from tests.chaos.evidence import Evidence
from tests.chaos.hand import PHONE
from tests.chaos.journal import Life, Notes, Seen, Write
from tests.chaos.spoils import Spoil, edit, letters, rounds_of


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


def miss_what_a_foreigner_should_hear(notes: Notes, evidence: Evidence) -> None:
    del notes.heard[2]


def let_a_foreigner_hear_what_is_gone(notes: Notes, evidence: Evidence) -> None:
    notes.heard[-1] = replace(notes.heard[-1], digest="of something that was taken back")


def say_that_more_is_published(notes: Notes, evidence: Evidence) -> None:
    topic = ASSIGNMENTS.name
    first = next(iter(evidence.of(topic)))
    records = evidence.records[topic, first.partition]
    headers = [(name, b"999999" if name == "ce_roundoffset" else value) for name, value in first.headers]
    records.insert(1, replace(first, headers=headers))


def come_back_otherwise(notes: Notes, evidence: Evidence) -> None:
    states = evidence.comebacks["data"].states
    states[next(iter(states))] = "something else"


def come_back_without_a_shard(notes: Notes, evidence: Evidence) -> None:
    evidence.comebacks["data"].states.popitem()


def mirror_too_little(notes: Notes, evidence: Evidence) -> None:
    plain = evidence.comebacks[FROM_NOTHING]
    evidence.comebacks["data"].snapshots = 3
    evidence.comebacks["kafka"] = Comeback(dict(plain.states), plain.records, 2)


def print_a_traceback(notes: Notes, evidence: Evidence) -> None:
    evidence.files["server.log"] += b"Traceback (most recent call last):\n"


def print_an_error(notes: Notes, evidence: Evidence) -> None:
    evidence.files["w-1.log"] = b'{"event": "a round failed", "level": "error"}\n'


def end_by_itself(notes: Notes, evidence: Evidence) -> None:
    notes.lives.append(Life("worker", "w-1", 7, 1.0, 2.0, 3.0, "by itself", 70))


def stop_out_of_order(notes: Notes, evidence: Evidence) -> None:
    notes.lives.append(Life("api", "api", 7, 1.0, 2.0, 3.0, "stopped", 1))


def replace_what_a_stranger_wrote(notes: Notes, evidence: Evidence) -> None:
    place = next(i for i, each in enumerate(notes.strangers) if each.position)
    notes.strangers[place] = replace(notes.strangers[place], digest="another")


def lose_what_a_stranger_wrote(notes: Notes, evidence: Evidence) -> None:
    place = next(i for i, each in enumerate(notes.strangers) if each.position)
    topic, partition, _ = notes.strangers[place].position or ("", 0, 0)
    notes.strangers[place] = replace(notes.strangers[place], position=(topic, partition, 999_999))


def void_a_round_behind_the_replay(notes: Notes, evidence: Evidence) -> None:
    record, _ = next(rounds_of(evidence))
    records = evidence.records[record.topic, record.partition]
    records.append(replace(record, offset=len(records)))


AROUND: list[tuple[Spoil, str]] = [
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
    (miss_what_a_foreigner_should_hear, "a foreign reader got"),
    (let_a_foreigner_hear_what_is_gone, "a foreign reader got"),
    (say_that_more_is_published, "says that all below 999999 is published"),
    (come_back_otherwise, "that comes back from data is not that of the log"),
    (come_back_without_a_shard, "that comes back from data is not that of the log"),
    (mirror_too_little, "a worker's disk has more snapshots than Kafka"),
    (print_a_traceback, "output: server.log"),
    (print_an_error, "output: w-1.log:1"),
    (end_by_itself, "w-1 (pid 7) ended while by itself with 70"),
    (stop_out_of_order, "api (pid 7) ended while stopped with 1"),
    (replace_what_a_stranger_wrote, "lies something else than the stranger's"),
    (lose_what_a_stranger_wrote, "is lost"),
    (void_a_round_behind_the_replay, "1 void"),
]
