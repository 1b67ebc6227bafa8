"""What the folds give to be written: dead letters and assignments, in the order of folding, beside the folding.

1. ``flush`` returns when all that was put in before it was called is durable; whoever writes that something has been
   dealt with (a manifest, an answer) flushes first.
2. Once a write failed, every flush fails: what was in it is written by whoever starts next and folds it again.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.refusals import Refused
from schemas.topics import DEADLETTERS
from streams.deadletters import dead_letter
from streams.log import Draft, Log, Record
from streams.publisher import Counted, Publisher

MOST_WAITING: Final = 2_000
"""With more records than this waiting, no more is folded until they are written."""
MOST_WAITING_BYTES: Final = 32 * 1024 * 1024
"""The same by the size of refused values."""
LARGE_BYTES: Final = 64 * 1024
"""The dead letter of a larger value is made in a thread: it is searched for personal data."""
APPEND_BYTES: Final = 8 * 1024 * 1024
"""Dead letters of so many bytes are appended together."""


class Outbox:
    """See the module's rules."""

    def __init__(self, log: Log, publisher: Publisher) -> None:
        self._log, self._publisher = log, publisher
        self._letters: list[tuple[Record, Refused, datetime]] = []
        self._rounds: list[Counted] = []
        self._bytes = 0
        self._writing = asyncio.Lock()
        self._filled = asyncio.Event()
        self.failure: Exception | None = None

    @property
    def is_full(self) -> bool:
        """Whether to wait before anything more is folded."""
        return len(self._letters) + len(self._rounds) > MOST_WAITING or self._bytes > MOST_WAITING_BYTES

    def refuse(self, record: Record, refusal: Refused, *, at: datetime) -> None:
        """Put in a refused record."""
        self._letters.append((record, refusal, at))
        self._bytes += len(record.value or b"")
        self._filled.set()

    def publish(self, counted: Counted) -> None:
        """Put in a round that was read back and counts."""
        self._rounds.append(counted)
        self._filled.set()

    async def run(self) -> None:
        """Write whatever is put in, until cancelled. Raises LogError."""
        while True:
            await self._filled.wait()
            await self.flush()

    async def flush(self) -> None:
        """Write all that is waiting; return when it, and all put in before, is durable.

        Raises:
            LogError: it is not known what was written.
        """
        async with self._writing:
            if self.failure is not None:
                raise self.failure
            self._filled.clear()
            letters, self._letters, self._bytes = self._letters, [], 0
            rounds, self._rounds = self._rounds, []
            try:
                if letters:
                    await self._write_letters(letters)
                if rounds:
                    await self._publisher.publish(rounds)
            except asyncio.CancelledError:  # cut off, not refused: written twice is the same fact
                self._letters[:0], self._rounds[:0] = letters, rounds
                raise
            except Exception as error:
                self.failure = error
                raise

    async def _write_letters(self, letters: Sequence[tuple[Record, Refused, datetime]]) -> None:
        drafts: list[Draft] = []
        size = 0
        for number, (record, refusal, at) in enumerate(letters, start=1):
            if len(record.value or b"") > LARGE_BYTES:
                draft = await asyncio.to_thread(dead_letter, record, refusal, at=at)
            else:
                draft = dead_letter(record, refusal, at=at)
            drafts.append(draft)
            size += len(draft.value or b"")
            if size >= APPEND_BYTES:
                await self._log.append(DEADLETTERS.name, drafts)
                drafts, size = [], 0
            elif number % 100 == 0:
                await asyncio.sleep(0)
        if drafts:
            await self._log.append(DEADLETTERS.name, drafts)
