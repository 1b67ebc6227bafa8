"""What people see: the read model follows from the log, the API shows it, the match stream is the feed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.demands import Demand
from schemas.resources import Resource
from tests.chaos.book import Book, Entry
from tests.chaos.evidence import Tables
from tests.chaos.journal import Notes
from tests.chaos.published import events_of
from tests.chaos.trial import Trial

RANK = {"accepted": 1, "done": 2, "no_show": 3, "declined": 4}
Row = Mapping[str, Any]


def check_lists(trial: Trial) -> Iterator[str]:
    """Every row of the read model is what the books say, and no row is missing."""
    tables = trial.evidence.tables
    resources: dict[str, Any] = {}
    demands: dict[str, Any] = {}
    assignments: dict[str, Any] = {}
    for book in trial.books.values():
        resources |= {name: _resource(entry) for name, entry in book.resources.items() if entry.body is not None}
        demands |= {name: _demand(book, name, entry) for name, entry in book.demands.items() if entry.body is not None}
    for found in trial.rounds:
        for event_id, word, content in events_of(found.decided):
            book = trial.books[found.decided.shard]
            assignments[event_id.rpartition("-")[0]] = _assignment(book, event_id, word, content.get("reason"))
    yield from _compare("resources", resources, tables["resources"], "resource_id", _resource_row)
    yield from _compare("demands", demands, tables["demands"], "demand_id", _demand_row)
    yield from _compare("assignments", assignments, tables["assignments"], "assignment_id", _assignment_row)
    rounds = {(found.decided.shard, found.decided.round_no) for found in trial.rounds}
    if rounds != {(row["shard"], row["round_no"]) for row in tables["rounds"]}:
        yield f"the lists have {len(tables['rounds'])} rounds, the log {len(rounds)}"
    letters = {(row["topic"], row["partition"], row["offset"]): row["code"] for row in tables["deadletters"]}
    if letters != trial.refused:
        yield f"the lists have {len(letters)} dead letters, {len(trial.refused)} records are refused"
    behind = {(row["topic"], row["partition"]): row["next_offset"] for row in tables["offsets"]}
    for place, records in trial.evidence.records.items():
        if behind.get(place, 0) != len(records):
            yield f"the lists have seen {place} up to {behind.get(place, 0)} of {len(records)}"


def check_feed(trial: Trial) -> Iterator[str]:
    """The feed has every assignment event once, each shard's in their order."""
    rows = sorted(trial.evidence.tables["feed"], key=lambda row: row["seq"])
    for shard, rounds in trial.by_shard.items():
        due = [event_id for found in rounds for event_id, _, _ in events_of(found.decided)]
        if due != [row["event_id"] for row in rows if row["shard"] == shard]:
            yield f"the feed of {shard} is not what its rounds imply"
    if len(rows) != sum(1 for found in trial.rounds for _ in events_of(found.decided)):
        yield "the feed has rows that no round implies"


def check_stream(notes: Notes, trial: Trial, *, wanted: Mapping[str, Callable[[Row], bool]]) -> Iterator[str]:
    """What each listener saw over all the lives of the server is the feed: no gap, nothing twice, nothing else."""
    rows = sorted(trial.evidence.tables["feed"], key=lambda row: row["seq"])
    for name, is_wanted in wanted.items():
        seen = notes.seen.get(name, [])
        if any(each.event == "reset" for each in seen):
            yield f"the listener {name} was told that ids count anew"
            continue
        generations = {each.mark.rpartition("-")[0] for each in seen}
        if len(generations) > 1:
            yield f"the listener {name} saw {len(generations)} generations"
        due = [(row["seq"], row["event_id"], row["type"], row["assignment_id"]) for row in rows if is_wanted(row)]
        got = [
            (int(each.mark.rpartition("-")[2]), each.row["event_id"], each.event, each.row["assignment_id"])
            for each in seen
        ]
        if due != got:
            at = next(
                (place for place, (a, b) in enumerate(zip(due, got, strict=False)) if a != b), min(len(due), len(got))
            )
            yield f"the listener {name} saw {len(got)} of {len(due)} events; the first difference is at {at}: " + (
                f"due {due[at : at + 2]}, seen {got[at : at + 2]}"
            )


def check_api(notes: Notes, trial: Trial) -> Iterator[str]:
    """After the last start the API lists what the read model holds, which is what the books say."""
    for what, name in (("resources", "resource"), ("demands", "demand"), ("assignments", "assignment")):
        due = {_shown(row, name) for row in trial.evidence.tables[what]}
        got = [_shown(row | row.get(name, {}) | row, name) for row in notes.final.get(what, [])]
        if len(got) != len(set(got)):
            yield f"the API lists some {what} twice"
        for missing in sorted(due ^ set(got), key=str)[:5]:
            yield f"the API and the lists differ about {what}: {missing}"


def _shown(row: Row, name: str) -> tuple[Any, ...]:
    return row[f"{name}_id"], row["state"], row["answer" if name == "assignment" else "version"]


def check_rebuilt(trial: Trial) -> Iterator[str]:
    """A read model made anew from the log is the same."""
    yield from differences(trial.evidence.tables, trial.evidence.rebuilt)


def differences(one: Tables, other: Tables) -> Iterator[str]:
    """Say where two read models differ; how the feed counts, and sums that are all zero, do not matter."""
    for name in sorted((one.keys() | other.keys()) - {"meta"}):
        rows, again = _plain(name, one.get(name, [])), _plain(name, other.get(name, []))
        for row in sorted(rows ^ again)[:4]:
            yield f"rebuilt, {name} {'lacks' if row in rows else 'has'} {row}"


_SUMS = {
    "tallies": ("region", "category", "parent"),
    "stages": ("region", "kind", "state", "parent"),
    "resource_seats": ("resource_id",),
}
"""Tables of running sums, and what they are the sums of."""


def _plain(name: str, rows: list[dict[str, Any]]) -> set[str]:
    if name in _SUMS:
        rows = [row for row in rows if any(value for column, value in row.items() if column not in _SUMS[name])]
    return {str({column: value for column, value in row.items() if (name, column) != ("feed", "seq")}) for row in rows}


def _compare(what: str, due: dict[str, Any], rows: list[dict[str, Any]], key: str, plain: Any) -> Iterator[str]:
    got = {row[key]: plain(row) for row in rows}
    for name in due.keys() | got.keys():
        if due.get(name) != got.get(name):
            yield f"the lists say of {what} {name}: {got.get(name)}, the log says {due.get(name)}"


def _resource(entry: Entry) -> tuple[Any, ...]:
    state = {"open": "published"}.get(entry.state, entry.state)
    assert isinstance(entry.body, Resource)
    return entry.version, state, entry.body


def _resource_row(row: Row) -> tuple[Any, ...]:
    return row["version"], row["state"], Resource.model_validate_json(row["body"])


def _demand(book: Book, name: str, entry: Entry) -> tuple[Any, ...]:
    assert isinstance(entry.body, Demand)
    held = [promise.proposal for promise in book.live.values() if promise.proposal.demand_id == name]
    asked = filled = done = 0
    for number, line in enumerate(entry.body.lines):
        over = book.filled[name, number]
        asked += line.quantity
        done += min(line.quantity, over)
        filled += min(line.quantity, over + sum(proposal.line == number for proposal in held))
    return entry.version, _standing(entry, asked, filled, done), asked, filled, done, entry.urgency.value, entry.body


def _standing(entry: Entry, asked: int, filled: int, done: int) -> str:
    rules = [
        (entry.state == "withdrawn", "withdrawn"),
        (done >= asked, "fulfilled"),
        (filled >= asked, "matched"),
        (entry.lapsed >= entry.version, "lapsed"),
        (filled > 0, "partly_matched"),
    ]
    return next((state for holds, state in rules if holds), "open")


def _demand_row(row: Row) -> tuple[Any, ...]:
    names = ("version", "state", "asked", "filled", "fulfilled", "urgency")
    return *(row[name] for name in names), Demand.model_validate_json(row["body"])


def _assignment(book: Book, event_id: str, word: str, reason: str | None) -> tuple[Any, ...]:
    name = event_id.rpartition("-")[0]
    said = max(book.said.get(name, set()), key=RANK.__getitem__, default=None)
    state = word
    if word == "proposed":
        state = "accepted" if said == "accepted" else "proposed"
    elif word == "revoked" and reason == "declined":
        state = "declined"
    return word, said, state, reason


def _assignment_row(row: Row) -> tuple[Any, ...]:
    return row["phase"], row["answer"], row["state"], row["reason"]
