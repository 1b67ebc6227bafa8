"""Workers that are killed, paused, joined and left, as processes on a real broker: no round is lost or doubled."""

import asyncio
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from streams.kafka.log import KafkaLog
from tests.kafka.crowd import Book, Crowd, until_served
from tests.kafka.staff import GIVEN, PARTITIONS, Hire, both, held, say, until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
PAUSES = 5
"""So often the zombie is paused at most, until it was caught with a decision to make."""


def longest_gap_ms(times: list[int]) -> int:
    return max((later - earlier for earlier, later in pairwise(times)), default=0)


async def first_round_after(log: KafkaLog, partitions: set[int], moment_ms: float) -> int:
    """Wait for the first round of each partition after a moment; return the latest of them, in ms."""

    async def times() -> list[int]:
        book = await Book.read(log)
        found = [book.times(partition, after_ms=moment_ms)[:1] for partition in partitions]
        return [moment for (moment,) in found] if all(found) else []

    found: list[int] = await until(times, "every partition has a round again")
    return max(found)


async def test_two_workers_share_and_a_killed_one_takes_its_shards_up_again(log: KafkaLog, hire: Hire) -> None:
    victim, survivor = await both(hire, session_timeout_s=45)  # a busy machine starts slowly; that is not the matter
    crowd, mine, others = Crowd(log), held(victim), held(survivor)
    assert mine
    assert others
    assert mine | others == set(range(PARTITIONS))
    async with crowd.asking():
        await first_round_after(log, mine | others, 0)
        given = survivor.output.count(GIVEN)
        assert await victim.end(signal.SIGKILL) == -signal.SIGKILL
        killed_ms = time.time() * 1000  # what it decided until then is no round after the kill
        again = await hire("w-1", session_timeout_s=45).ready()
        back_ms = await first_round_after(log, mine, killed_ms)
        await first_round_after(log, others, back_ms)
    book = await until_served(log, crowd)
    book.check()
    assert held(again) == mine
    assert survivor.output.count(GIVEN) == given, "the group did not rebalance"
    for partition in others:
        assert book.times(partition, after_ms=killed_ms, before_ms=back_ms), "the survivor's shards stood still"
    gap = max(longest_gap_ms(book.times(each, after_ms=killed_ms, before_ms=back_ms)) for each in others)
    say(f"took its shards up after {(back_ms - killed_ms) / 1000:.2f} s; the survivor's longest pause {gap} ms")


async def test_a_worker_joins_and_leaves_under_load(log: KafkaLog, hire: Hire) -> None:
    first, crowd = await hire("w-1").ready(), Crowd(log)
    async with crowd.asking():
        await first_round_after(log, set(range(PARTITIONS)), 0)
        joined_ms = time.time() * 1000
        second = await hire("w-2").ready()
        await until(lambda: held(second) and held(first) | held(second) == set(range(PARTITIONS)), "they share")
        shared_ms = await first_round_after(log, set(range(PARTITIONS)), time.time() * 1000)
        left_ms = time.time() * 1000
        assert await second.end() == 0
        await until(lambda: held(first) == set(range(PARTITIONS)), "the first has all")
        whole_ms = await first_round_after(log, set(range(PARTITIONS)), time.time() * 1000)
    book = await until_served(log, crowd)
    book.check()
    gaps = [longest_gap_ms(book.times(each, after_ms=joined_ms)) for each in range(PARTITIONS)]
    say(
        f"shared {(shared_ms - joined_ms) / 1000:.2f} s after the start of the second, whole again "
        f"{(whole_ms - left_ms) / 1000:.2f} s after it left; the longest pause of a partition {max(gaps)} ms"
    )


async def test_a_zombies_decisions_are_void(log: KafkaLog, hire: Hire) -> None:
    """Paused within the interval its shards are dirty: the first thing it does when it wakes is to decide.

    Unless the pause began just when a round had come back for each of its shards: then it is paused anew.
    """
    zombie, heir = await both(hire, interval_ms=1000)
    crowd, everything = Crowd(log), set(range(PARTITIONS))
    async with crowd.asking():
        await first_round_after(log, everything, 0)
        for pause in range(1, PAUSES + 1):
            mine, given = held(zombie), zombie.output.count(GIVEN)
            zombie.send(signal.SIGSTOP)
            paused_ms = time.time() * 1000
            taken_ms = await first_round_after(log, mine, paused_ms + 2000)
            assert held(heir) == everything
            zombie.send(signal.SIGCONT)
            woken_ms = time.time() * 1000
            await until(lambda given=given: zombie.output.count(GIVEN) > given, "the zombie is given partitions anew")
            await until(lambda: held(zombie) | held(heir) == everything, "they share again")
            await first_round_after(log, everything, time.time() * 1000)
            say(
                f"pause {pause}: taken over {(taken_ms - paused_ms) / 1000:.2f} s after it began, "
                f"woken after {(woken_ms - paused_ms) / 1000:.2f} s"
            )
            if (await Book.read(log)).void:
                break
    book = await until_served(log, crowd)
    book.check()
    assert book.void, "the zombie never decided"
    say(f"{len(book.void)} void decisions, {len(book.decided)} that count")


async def test_both_killed_at_once_lose_nothing(log: KafkaLog, hire: Hire) -> None:
    first, second = await both(hire)
    crowd = Crowd(log)
    async with crowd.asking():
        await first_round_after(log, set(range(PARTITIONS)), 0)
        first.send(signal.SIGKILL)
        await second.end(signal.SIGKILL)
        await first.ended()
        await asyncio.gather(hire("w-1").ready(), hire("w-2").ready())
        await first_round_after(log, set(range(PARTITIONS)), time.time() * 1000)
    (await until_served(log, crowd)).check()


async def test_sigterm_ends_it_in_order(log: KafkaLog, hire: Hire, tmp_path: Path) -> None:
    worker, crowd = await hire("w-1").ready(), Crowd(log)
    await crowd.ask_everywhere()
    await until_served(log, crowd)
    assert await worker.end() == 0
    assert list((tmp_path / "snapshots").glob("p*/manifest-*")), "the last snapshots are written"


async def test_one_name_is_one_process(hire: Hire) -> None:
    await hire("w-1").ready()
    assert await hire("w-1").ended() == 1
