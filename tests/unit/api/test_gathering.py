"""Many askers, few calls, everybody gets their own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from api.gathering import Gathering


async def test_a_lone_asker_is_served_at_once_and_a_crowd_together() -> None:
    calls: list[list[int]] = []
    gate = asyncio.Event()

    async def serve(wishes: Sequence[int]) -> list[int]:
        calls.append(list(wishes))
        await gate.wait()
        return [wish * 10 for wish in wishes]

    gathering = Gathering(serve, most=4)
    tasks = [asyncio.create_task(gathering.ask(0))]
    await asyncio.sleep(0.01)
    tasks += [asyncio.create_task(gathering.ask(wish)) for wish in range(1, 8)]
    await asyncio.sleep(0.01)
    assert calls == [[0]]
    gate.set()
    assert await asyncio.gather(*tasks) == [wish * 10 for wish in range(8)]
    assert calls == [[0], [1, 2, 3, 4], [5, 6, 7]]
    assert await gathering.ask(9) == 90


async def test_a_call_that_fails_is_told_to_its_askers_and_to_nobody_else() -> None:
    async def serve(wishes: Sequence[int]) -> list[int]:
        await asyncio.sleep(0)
        if 1 in wishes:
            raise ValueError("not one")
        return list(wishes)

    gathering = Gathering(serve, most=1)
    answers = await asyncio.gather(*(gathering.ask(wish) for wish in range(3)), return_exceptions=True)
    assert [answers[0], answers[2]] == [0, 2]
    assert isinstance(answers[1], ValueError)


async def test_who_goes_away_takes_nobody_along() -> None:
    async def serve(wishes: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.01)
        return list(wishes)

    gathering = Gathering(serve, most=10)
    gone, stays = asyncio.create_task(gathering.ask(1)), asyncio.create_task(gathering.ask(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
