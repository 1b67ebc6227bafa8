"""Another process that writes straight to the log, whatever is killed meanwhile.

``python -m tests.chaos.stranger LOG JOURNAL`` appends in short bursts until its standard input is closed. It opens the
log for each burst, so that the server sometimes has the file to itself when it is killed and sometimes not.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

from streams.embedded import EmbeddedLog
from streams.log import Draft, Position
from tests.chaos.hand import SOURCE, Hand, Parcel
from tests.chaos.journal import Journal, digest_of
from tests.chaos.process import PARTITIONS

FLOOD = 1500


class Sink(Protocol):
    """Where a stranger writes."""

    async def append(self, topic: str, drafts: Sequence[Draft]) -> Sequence[Position | None]:
        """Return where each lies, None where nobody said so."""
        ...

    async def close(self) -> None: ...


async def append(log: Sink, journal: Journal, parcels: list[Parcel], marks: list[str]) -> None:
    """Append parcels, those of one topic together; a large one makes the readers fall behind."""
    for topic in dict.fromkeys(parcel[2] for parcel in parcels):
        mine = [(parcel, mark) for parcel, mark in zip(parcels, marks, strict=True) if parcel[2] == topic]
        for (what, code, _, draft), mark in mine:
            journal.note("appending", mark=mark, what=what, code=code, digest=digest_of(draft))
        positions = await log.append(topic, [parcel[3] for parcel, _ in mine])
        for (_, mark), position in zip(mine, positions, strict=True):
            if position is not None:
                journal.note("appended", mark=mark, **position._asdict())


class Bursts:
    """Appends until standard input is closed; each line of it calls for a flood, so that the readers fall behind."""

    def __init__(self, opened: Callable[[], Awaitable[Sink | None]], journal: Journal, *, seed: str) -> None:
        self._opened, self._journal = opened, journal
        self._chance, self._hand = random.Random(seed), Hand(seed)
        self._count = 0
        self._floods = 0

    async def go(self) -> None:
        closed = asyncio.ensure_future(asyncio.to_thread(self._listen))
        while not closed.done():
            if (log := await self._opened()) is not None:
                await self._burst(log)
                await log.close()
            await asyncio.wait({closed}, timeout=self._chance.uniform(0, 0.6))

    def _listen(self) -> None:
        for _ in sys.stdin:
            self._floods += 1

    async def _burst(self, log: Sink) -> None:
        for _ in range(self._chance.randint(1, 8)):
            size = 1
            if self._floods:
                size, self._floods = FLOOD, self._floods - 1
            marks = [f"{SOURCE}-{self._count + number:06}" for number in range(1, size + 1)]
            self._count += size
            await append(log, self._journal, [self._hand.next(mark) for mark in marks], marks)
            await asyncio.sleep(self._chance.uniform(0, 0.2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--seed", default="0")
    asked = parser.parse_args()
    journal = Journal(asked.journal)

    async def opened() -> Sink | None:
        return EmbeddedLog(asked.log, partitions=PARTITIONS) if asked.log.exists() else None

    asyncio.run(Bursts(opened, journal, seed=asked.seed).go())
    journal.close()


if __name__ == "__main__":
    main()
