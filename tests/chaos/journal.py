"""What the load side knows, one JSON line each: requests with their outcomes, events seen, lives of processes.

1. A request is noted before it is sent, its outcome when it is known. A request without an outcome is unknown.
2. ``acked``: the server said 2xx. ``refused``: it said 4xx to the first attempt, so nothing may have happened.
   ``unknown``: it may or may not have happened. ``unsent``: no connection was ever made.
3. Several processes write, each its own file; nobody but the checker reads them.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from streams.log import Draft, Record

Outcome = Literal["acked", "refused", "unknown", "unsent"]


class Journal:
    """One file, appended to; every line is written whole."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, kind: str, **fields: Any) -> None:
        """Write down one thing with the time."""
        line = json.dumps({"kind": kind, "t": time.time(), **fields}, ensure_ascii=False)
        os.write(self._file, line.encode() + b"\n")

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Write:
    """One request to change something. ``mark`` is unlike that of every other and lies in the event where it can."""

    mark: str
    op: str
    subject: str | None
    body: dict[str, Any]
    if_match: int | None
    keyed: bool
    outcome: Outcome
    status: int | None = None
    code: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def position(self) -> tuple[str, int, int] | None:
        """Where the server said that it lies; None where there was nothing to do."""
        text = self.answer.get("position")
        if text is None:
            return None
        topic, partition, offset = text.split(":")
        return f"cobuild.{topic}.v1", int(partition), int(offset)


@dataclass(frozen=True, slots=True)
class Stranger:
    """One record that another process appended to the log; ``code`` is how it must be refused, None where it is good.

    ``digest`` is that of its content. ``position`` is None where the append was not acknowledged.
    """

    mark: str
    what: str
    code: str | None
    digest: str
    position: tuple[str, int, int] | None


@dataclass(frozen=True, slots=True)
class Heard:
    """One record of the assignments topic as a foreign reader, who reads on whatever happens, got it."""

    partition: int
    offset: int
    digest: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the match stream as it came in."""

    mark: str
    event: str
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a process; times are seconds since 1970. ``phase`` says what it was doing when it ended.

    A broker is ready when the cluster is whole again.
    """

    role: str
    name: str
    pid: int
    started: float
    ready: float | None
    ended: float
    phase: str
    status: int

    @property
    def killed(self) -> bool:
        return self.status == -9


@dataclass(frozen=True, slots=True)
class Pause:
    """A process that was made to stand still, and for how long."""

    name: str
    pid: int
    begun: float
    ended: float


@dataclass(slots=True)
class Notes:
    """Everything in the journals of one run."""

    writes: list[Write] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)
    repeats: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    final: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, outcome: Outcome) -> list[Write]:
        """Return the writes that came out so."""
        return [write for write in self.writes if write.outcome == outcome]

    def lived(self, *roles: str) -> list[Life]:
        """Return the lives of these roles."""
        return [life for life in self.lives if life.role in roles]


def digest_of(record: Record | Draft) -> str:
    """Return what tells the content of one record from that of another."""
    headers = [(name, bytes(value)) for name, value in record.headers]
    return blake2b(repr((record.key, record.value, headers)).encode(), digest_size=12).hexdigest()


def read_notes(directory: Path) -> Notes:
    """Return what all journals of a run (``*.journal``) say."""
    notes = Notes()
    begun: dict[str, dict[str, Any]] = {}
    ends: dict[str, dict[str, Any]] = {}
    kept = {"read": notes.reads, "repeat": notes.repeats, "failure": notes.failures}
    for line in (line for path in sorted(directory.glob("*.journal")) for line in _lines(path)):
        match line["kind"]:
            case "began" | "appending":
                begun[line["mark"]] = line
            case "outcome" | "appended":
                ends[line["mark"]] = line
            case "seen":
                seen = Seen(line["id"], line["event"], line["row"])
                notes.seen.setdefault(line["stream"], []).append(seen)
            case "heard":
                notes.heard.append(Heard(line["partition"], line["offset"], line["digest"]))
            case "life":
                notes.lives.append(Life(**{name: line[name] for name in Life.__slots__}))
            case "pause":
                notes.pauses.append(Pause(**{name: line[name] for name in Pause.__slots__}))
            case "final":
                notes.final.setdefault(line["what"], []).extend(line["rows"])
            case other:
                kept[other].append(line)
    for mark, begin in begun.items():
        if begin["kind"] == "began":
            notes.writes.append(_write(begin, ends.get(mark)))
        else:
            notes.strangers.append(_stranger(begin, ends.get(mark)))
    return notes


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)


def _write(begin: dict[str, Any], end: dict[str, Any] | None) -> Write:
    end = end or {"outcome": "unknown"}
    return Write(
        mark=begin["mark"],
        op=begin["op"],
        subject=begin["subject"],
        body=begin["body"],
        if_match=begin["if_match"],
        keyed=begin["keyed"],
        outcome=end["outcome"],
        status=end.get("status"),
        code=end.get("code"),
        answer=end.get("answer") or {},
    )


def _stranger(begin: dict[str, Any], end: dict[str, Any] | None) -> Stranger:
    position = None if end is None else (end["topic"], end["partition"], end["offset"])
    return Stranger(begin["mark"], begin["what"], begin["code"], begin["digest"], position)
