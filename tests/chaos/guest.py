"""How a program starts that is not ours and reaches the brokers by itself: what it is told, and where it notes."""

import argparse
import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Protocol

from tests.chaos.journal import Journal


class Guest(Protocol):
    """What such a program does until it is stopped."""

    def __call__(self, brokers: str, journal: Journal, /, *, prefix: str, seed: str) -> Awaitable[None]:
        """Write to ``brokers``, and note it in ``journal``."""
        ...


def play(story: str | None, run: Guest) -> None:
    """Read the arguments and ``run``; ``story`` is what ``--help`` says."""
    parser = argparse.ArgumentParser(description=story, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokers")
    parser.add_argument("journal", type=Path)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--seed", default="0")
    asked = parser.parse_args()
    journal = Journal(asked.journal)
    asyncio.run(_run(run, asked, journal))
    journal.close()


async def _run(run: Guest, asked: argparse.Namespace, journal: Journal) -> None:
    await run(asked.brokers, journal, prefix=asked.prefix, seed=asked.seed)
