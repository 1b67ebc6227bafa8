"""What our own processes printed, and how they ended: nothing there may speak of a fault of ours."""

import json
import re
from collections.abc import Iterator

from tests.chaos.evidence import Evidence
from tests.chaos.journal import Notes

LOUD = ("error", "critical")
LIBRARY = re.compile(r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL) (kafka|aiokafka|faust|mode)[. ]")
CRASH = re.compile(r"^Traceback \(most recent call last\)|never retrieved|never awaited|^(ERROR|CRITICAL) ")
EXPECTED = re.compile(
    r"disconnected|Error (receiving|sending) network data|Metadata refresh: failed|Connect call failed"
    r"|[Cc]onnection (lost|failed|reset|refused|closed)|Unable connect|Connection at"
    r"|KafkaConnectionError|NodeNotReadyError|NotLeader|NotCoordinator|CoordinatorNotAvailable|CoordinatorLoad"
    r"|RequestTimedOut|KafkaTimeoutError|ConnectionResetError|BrokenPipe"
    r"|[Hh]eartbeat (send|session|failed)|is rebalancing|Thread keepalive|UnknownMemberIdError.*will rejoin"
    r"|Unhandled exception in task <kafka\.net\.selector\.Task"
    r"|Fetcher\]: Crashed reason=(CancelledError|AttributeError\(\"'NoneType' object has no attribute 'wakeup')"
)
"""What client libraries say of a broker that goes away, of the group's changes that follow, and of their own end."""
ABANDONED = "ERROR asyncio Task exception was never retrieved"
LATE_COMMIT = re.compile(r"GroupCoordinator\._do_commit_offsets\(\).*/aiokafka/.*exception=UnknownMemberIdError")
"""The client's own commit for a member that the group dropped meanwhile: nobody waits for it, nothing rests on it."""


def check_output(evidence: Evidence) -> Iterator[str]:
    """Go through every log, entry by entry."""
    for name, content in evidence.files.items():
        if name.endswith(".log") and "/" not in name:
            for number, head in _entries(content.decode(errors="replace")):
                if _is_fault(head):
                    yield f"{name}:{number} {head[:400]}"


def check_ends(notes: Notes) -> Iterator[str]:
    """Nobody ended but by the hand that killed or stopped it, and what was stopped ended in order."""
    for life in notes.lives:
        if life.phase == "by itself" or life.status not in (0, -9):
            yield f"{life.name} (pid {life.pid}) ended while {life.phase} with {life.status}"


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line of each entry with its number; the traceback that a library logs belongs to its entry."""
    inside = False
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        of_library = LIBRARY.match(line) is not None
        if line == ABANDONED and LATE_COMMIT.search(lines[number] if number < len(lines) else ""):
            inside = True
            continue
        if of_library or line.startswith("{") or not (inside and _continues(line)):
            inside = of_library
            yield number, line


def _continues(line: str) -> bool:
    return line.startswith((" ", "Traceback", "During handling", "The above exception", "future: <Task")) or (
        not line or re.match(r"^[\w.]+(Error|Exception)\b", line) is not None
    )


def _is_fault(head: str) -> bool:
    if head.startswith("{"):
        try:
            return json.loads(head).get("level") in LOUD
        except json.JSONDecodeError:
            return False  # cut off by a kill
    return CRASH.search(head) is not None and not (LIBRARY.match(head) and EXPECTED.search(head))
