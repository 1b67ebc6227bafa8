"""What the load side knows, one JSON line each: requests with their outcomes, events seen, lives of the server.

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
from pathlib import Path
from typing import Any, Literal

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

    ``position`` is None where the append was not acknowledged.
    """

    mark: str
    what: str
    code: str | None
    position: tuple[str, int, int] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the match stream as it came in."""

    mark: str
    event: str
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the server; times are seconds since 1970. ``phase`` says what it was doing when it ended."""

    pid: int
    started: float
    ready: float | None
    ended: float
    phase: str
    status: int

    @property
    def killed(self) -> bool:
        return self.status == -9


@dataclass(slots=True)
class Notes:
    """Everything in the journals of one run."""

    writes: list[Write] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    lives: list[Life] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)
    repeats: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    final: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, outcome: Outcome) -> list[Write]:
        """Return the writes that came out so."""
        return [write for write in self.writes if write.outcome == outcome]


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
            case "life":
                notes.lives.append(Life(**{name: line[name] for name in Life.__slots__}))
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
    return Stranger(begin["mark"], begin["what"], begin["code"], position)
