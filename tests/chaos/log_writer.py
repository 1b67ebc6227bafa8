"""The process that gets killed: it appends without end and notes what the log acknowledged.

``python -m tests.chaos.log_writer`` forks one such process for each ``start`` line on its standard input, so that a
writer begins within milliseconds. ``kill`` ends it by SIGKILL and answers with what ended it.
"""

import asyncio
import itertools
import os
import random
import signal
import sys
from hashlib import blake2b
from pathlib import Path

from streams.embedded import EmbeddedLog
from streams.log import Draft, Position

TOPICS = ("cobuild.resources.v1", "cobuild.demands.v1")
PARTITIONS = 4
CALLERS = 4
MOST_DRAFTS = 12


def draft(identity: str) -> Draft:
    """Return the record of this identity; every byte of it follows from the identity."""
    digest = blake2b(identity.encode(), digest_size=16).digest()
    size = int.from_bytes(digest[:2]) % 700 if digest[2] else 100_000
    value = (digest * (1 + size // len(digest)))[:size]
    return Draft(key=b"3101%02d" % (digest[3] % 20), value=value, headers=(("ce_id", identity.encode()),))


async def append_forever(log: EmbeddedLog, *, name: str, acknowledged: int) -> None:
    """Append batches of random sizes; write a line per acknowledged record to the file ``acknowledged``."""
    chance = random.Random(name)
    for batch in itertools.count():
        size = chance.randint(1, MOST_DRAFTS)
        identities = [f"{name}.{batch}.{index}.{size}" for index in range(size)]
        positions = await log.append(chance.choice(TOPICS), [draft(identity) for identity in identities])
        os.write(acknowledged, "".join(map(_line, identities, positions)).encode())


def _line(identity: str, position: Position) -> str:
    return f"{identity}\t{position.topic}\t{position.partition}\t{position.offset}\n"


async def _write(path: Path, *, notes: Path, name: str) -> None:
    acknowledged = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    log = EmbeddedLog(path, partitions=PARTITIONS)
    await asyncio.gather(
        *(append_forever(log, name=f"{name}.{caller}", acknowledged=acknowledged) for caller in range(CALLERS))
    )


def main() -> None:
    living: set[int] = set()
    for line in sys.stdin:
        match line.rstrip("\n").split("\t"):
            case ["start", path, notes, name]:
                pid = os.fork()
                if pid == 0:
                    asyncio.run(_write(Path(path), notes=Path(notes), name=name))
                living.add(pid)
                print(pid, flush=True)  # noqa: T201
            case ["kill", number]:
                living.remove(int(number))
                print(_kill(int(number)), flush=True)  # noqa: T201
    for pid in living:  # whoever asked for them is gone
        _kill(pid)


def _kill(pid: int) -> int:
    """Kill a writer; return what ended it, which is something else when it had ended by itself."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
