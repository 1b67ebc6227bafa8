"""What comes out: the assignments topic follows from the rounds, dead letters from the refused, and all is sound.

The life of assignments is told once more here, from the assignments topic alone (invariant 1).
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from schemas.assignments import AssignmentProposed
from schemas.deadletters import RecordRefused
from schemas.demands import Demand, DemandPosted, DemandRevised
from schemas.envelope import Event
from schemas.rounds import RoundDecided
from schemas.topics import ASSIGNMENTS, DEADLETTERS
from streams.log import Record
from tests.chaos.evidence import Evidence
from tests.chaos.journal import Heard, Notes, digest_of
from tests.chaos.process import PARTITIONS
from tests.chaos.trial import Trial
from tests.property.optimum import Team, teams_of

Due = tuple[str, str, dict[str, Any], int]
"""Id, word and content of an event that must be there, and the offset of its round."""
LIVE_WORDS = ("proposed", "confirmed")


def events_of(decided: RoundDecided) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield id, word and content of every assignment event that a round implies, in order."""
    common = {"shard": decided.shard, "round_no": decided.round_no, "at": decided.decided_at}
    for move in decided.transitions:
        names = {"assignment_id": move.assignment_id, "demand_id": move.demand_id, "resource_id": move.resource_id}
        yield f"{move.assignment_id}-{move.to}", move.to, common | names | {"reason": move.reason}
    for new in decided.proposals:
        yield f"{new.assignment_id}-proposed", "proposed", common | {"assignment": new}
        if new.auto_accepted:
            names = {"assignment_id": new.assignment_id, "demand_id": new.demand_id, "resource_id": new.resource_id}
            yield f"{new.assignment_id}-confirmed", "confirmed", common | names | {"reason": "auto_accepted"}


def check_assignments(trial: Trial) -> Iterator[str]:
    """The topic holds what the rounds that count imply, in their order; repeats are the same facts."""
    for partition in range(PARTITIONS):
        due = [
            (event_id, word, content, found.record.offset)
            for found in sorted(trial.rounds, key=lambda found: found.record.offset)
            if found.record.partition == partition
            for event_id, word, content in events_of(found.decided)
        ]
        yield from _follow(trial, trial.evidence.records[ASSIGNMENTS.name, partition], due)


def _follow(trial: Trial, records: list[Record], due: list[Due]) -> Iterator[str]:
    """Hold the records of one partition against what is due; where they part, say so once."""
    known: dict[str, Any] = {}
    offsets = [offset for _, _, _, offset in due]
    for record in records:
        event = trial.read(record)
        yield from _judge_mark(record, offsets, len(known))
        if isinstance(event, str):
            yield f"the assignments topic holds what is refused as {event}: {record.partition}/{record.offset}"
        elif event.id in known:
            if known[event.id] != event.data:
                yield f"the assignment event {event.id} was published again as something else"
        else:
            known[event.id] = event.data
            if len(known) > len(due):
                yield f"{event.id} was published, and no round implies it"
                return
            event_id, word, content, offset = due[len(known) - 1]
            if (event.id, event.type) != (event_id, f"cn.cobuild.assignment.{word}.v1"):
                yield f"{event.id} was published where the rounds imply {event_id}"
                return
            if event.data.model_dump() != type(event.data).model_validate(content).model_dump():
                yield f"{event.id} says something else than its round"
            if int(dict(record.headers).get("ce_roundoffset", b"-1")) not in range(offset + 1):
                yield f"{event.id} says that its round, at offset {offset}, had been published whole before"
    for event_id, _, _, _ in due[len(known) :]:
        yield f"{event_id} follows from a round and was never published"


def _judge_mark(record: Record, offsets: list[int], published: int) -> Iterator[str]:
    """What a record says to be published whole must be: whoever takes over goes on from there."""
    if bisect_left(offsets, _mark(record)) > published:
        yield f"{record.partition}/{record.offset} says that all below {_mark(record)} is published, and it is not"


def _mark(record: Record) -> int:
    return int(dict(record.headers).get("ce_roundoffset", b"-1"))


def check_heard(notes: Notes, trial: Trial) -> Iterator[str]:
    """A foreign reader got every record of the topic once and in order, and nothing that is not there any more."""
    heard: dict[int, list[Heard]] = defaultdict(list)
    for each in notes.heard:
        heard[each.partition].append(each)
    for partition in range(PARTITIONS) if notes.heard else ():
        records = trial.evidence.records[ASSIGNMENTS.name, partition]
        due = [(record.offset, digest_of(record)) for record in records]
        got = [(each.offset, each.digest) for each in heard[partition]]
        if got != due:
            at = next((n for n, (a, b) in enumerate(zip(due, got, strict=False)) if a != b), min(len(due), len(got)))
            yield (
                f"a foreign reader got {len(got)} of {len(due)} records of {ASSIGNMENTS.name}/{partition}; the first "
                f"difference is at {at}: due {due[at : at + 2]}, got {got[at : at + 2]}"
            )


def check_promises(trial: Trial) -> Iterator[str]:
    """Invariant 1 from the assignments topic alone: a seat is never in two live assignments at a time."""
    live: dict[str, AssignmentProposed] = {}
    held: dict[tuple[Any, ...], list[AssignmentProposed]] = defaultdict(list)
    for event in _facts(trial):
        data: Any = event.data
        if isinstance(data, AssignmentProposed):
            new = data.assignment
            for seat in _seats(data):
                for other in held[seat]:
                    if seat[0] == "demand" or _meet(data, other):
                        yield f"{seat} is given to {new.assignment_id} while {other.assignment.assignment_id} lives"
                held[seat].append(data)
            live[new.assignment_id] = data
        elif data.assignment_id not in live:
            yield f"{event.id} speaks of an assignment that does not live"
        elif event.type.split(".")[-2] not in LIVE_WORDS:
            over = live.pop(data.assignment_id)
            for seat in _seats(over):
                held[seat].remove(over)
    promised = {name for book in trial.books.values() for name in book.live}
    if promised != live.keys():
        yield f"by the topic {len(live)} assignments live, by the rounds {len(promised)}"


def check_teams(trial: Trial) -> Iterator[str]:
    """From the assignments topic: what a round gave a team lives on whole, or ends as a whole within one round.

    Not once a seat is fulfilled: then the team has met. Looked at here is what demands were given as they stand now.
    """
    newest = latest(trial)
    team_of = {place: team for body in newest.values() for team in teams_of(body) for place in team}
    of: dict[str, tuple[Team, int]] = {}
    members: dict[tuple[Team, int], set[str]] = defaultdict(set)
    left: dict[str, dict[tuple[Team, int], int]] = defaultdict(Counter)
    """Of each shard, and each team that the round at hand takes somebody from: how many."""
    rounds: dict[str, int] = {}
    for event in _facts(trial):
        data: Any = event.data
        if rounds.setdefault(data.shard, data.round_no) != data.round_no:
            yield from _torn(members, left.pop(data.shard, {}))
            rounds[data.shard] = data.round_no
        if isinstance(data, AssignmentProposed):
            new = data.assignment
            team = team_of.get((new.demand_id, new.line))
            if team and new.demand_version == newest[new.demand_id].version:
                of[new.assignment_id] = team, data.round_no
                members[team, data.round_no].add(new.assignment_id)
        elif event.type.split(".")[-2] not in LIVE_WORDS and (group := of.get(data.assignment_id)) in members:
            if data.reason == "done":
                del members[group]
                continue
            members[group].discard(data.assignment_id)
            left[data.shard][group] += 1
    for groups in left.values():
        yield from _torn(members, groups)


def _torn(members: dict[tuple[Team, int], set[str]], left: dict[tuple[Team, int], int]) -> Iterator[str]:
    """Say which of the teams that somebody left are not gone as a whole."""
    for group, count in left.items():
        if alive := members.get(group):
            yield f"the team {group[0]} of round {group[1]} is half filled: {count} left, {len(alive)} live on"


def latest(trial: Trial) -> dict[str, Demand]:
    """Return each demand in the last version that the log has."""
    newest: dict[str, Demand] = {}
    for found in trial.inputs.values():
        match found.event.data if found.event else None:
            case DemandPosted(demand=body) | DemandRevised(demand=body):
                newest[body.demand_id] = max(newest.get(body.demand_id, body), body, key=lambda each: each.version)
    return newest


def _facts(trial: Trial) -> Iterator[Event[Any]]:
    """Yield the events of the assignments topic, partition by partition, each once."""
    for partition in range(PARTITIONS):
        known: set[str] = set()
        for record in trial.evidence.records[ASSIGNMENTS.name, partition]:
            event = trial.read(record)
            if not isinstance(event, str) and event.id not in known:
                known.add(event.id)
                yield event


def _meet(one: AssignmentProposed, other: AssignmentProposed) -> bool:
    """Whether two jobs are at one time; a resource that does not serve per occasion is judged by its book."""
    return one.assignment.starts_at < other.assignment.ends_at and other.assignment.starts_at < one.assignment.ends_at


def _seats(data: AssignmentProposed) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    new = data.assignment
    return ("resource", new.resource_id, new.resource_seat), ("demand", new.demand_id, new.line, new.seat)


def check_dead_letters(trial: Trial) -> Iterator[str]:
    """Every refused record has one dead letter by id, with its reason; nothing else has one."""
    ids: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    said: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for record in trial.evidence.of(DEADLETTERS.name):
        letter = RecordRefused.model_validate_json(record.value or b"")
        place = letter.topic, letter.partition, letter.offset
        ids[place].add(dict(record.headers)["ce_id"].decode())
        said[place].add(letter.code)
    for place, code in trial.refused.items():
        if said[place] != {code} or len(ids[place]) != 1:
            yield f"{place} is refused as {code}; its dead letters: {len(ids[place])} ids, codes {sorted(said[place])}"
    for place in said.keys() - trial.refused.keys():
        yield f"{place} has a dead letter ({sorted(said[place])}) and is sound"
    shared = Counter(name for names in ids.values() for name in names)
    yield from (f"the dead letter {name} speaks of {count} records" for name, count in shared.items() if count > 1)


def letters_in_the_clear(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of records that dead letters keep, decoded: what is in there does not show in the bytes."""
    for record in evidence.of(DEADLETTERS.name):
        letter = RecordRefused.model_validate_json(record.value or b"")
        where = f"the dead letter at {record.partition}/{record.offset}"
        for part in (letter.key, letter.value, *(value for _, value in letter.headers)):
            if part is not None:
                yield where, part
        yield where, letter.detail.encode()
