"""The ring behind the stream, listener by listener."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.stream import Mark, Stream, Wanted, parse_mark
from schemas.refusals import Refused
from tests.apiworld import World, matched, world_in


def _stream(world: World) -> Stream:
    found: Stream = world.app.state.services.stream
    return found


async def _rounds(listener: AsyncIterator[bytes], count: int) -> list[int]:
    """Read chunks until ``count`` events came; return their rounds."""
    text = b""
    async with asyncio.timeout(10):
        while text.count(b"\nevent: ") < count:
            text += await anext(listener)
    return [int(part.split(b'"round_no":')[1].split(b",")[0]) for part in text.split(b"\n\n") if b"data: " in part]


async def test_a_listener_that_falls_off_the_ring_is_cut_and_can_come_back(tmp_path: Path) -> None:
    async with world_in(tmp_path, stream_buffer=10) as world:
        slow = _stream(world).listen(mark=None, wanted=Wanted())
        await anext(slow)
        await matched(world, round_no=1)
        (seen,) = await _rounds(slow, 1)
        quick = _stream(world).listen(mark=None, wanted=Wanted())
        await anext(quick)
        for round_no in range(2, 16):
            await matched(world, round_no=round_no)
            assert await _rounds(quick, 1) == [round_no]
        with pytest.raises(StopAsyncIteration):
            await anext(slow)
        back = _stream(world).listen(mark=Mark(None, seen), wanted=Wanted())
        assert await _rounds(back, 14) == list(range(2, 16))
        await quick.aclose()
        await back.aclose()


async def test_listeners_that_come_together_all_hear_the_same(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        listeners = [_stream(world).listen(mark=None, wanted=Wanted()) for _ in range(5)]
        await asyncio.gather(*(anext(listener) for listener in listeners))
        for round_no in (1, 2, 3):
            await matched(world, round_no=round_no)
        heard = await asyncio.gather(*(_rounds(listener, 3) for listener in listeners))
        assert heard == [[1, 2, 3]] * 5
        for listener in listeners:
            await listener.aclose()


async def test_after_everybody_left_the_next_one_starts_from_now(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        first = _stream(world).listen(mark=None, wanted=Wanted())
        await anext(first)
        await first.aclose()
        await matched(world, round_no=1)
        second = _stream(world).listen(mark=None, wanted=Wanted())
        await anext(second)
        await matched(world, round_no=2)
        assert await _rounds(second, 1) == [2]
        await second.aclose()


@pytest.mark.parametrize(
    ("text", "mark"), [("17", Mark(None, 17)), ("5f0c9e1b-17", Mark("5f0c9e1b", 17)), (" 0 ", Mark(None, 0))]
)
def test_marks_are_event_ids_or_numbers(text: str, mark: Mark) -> None:
    assert parse_mark(text) == mark


@pytest.mark.parametrize("text", ["", "-1", "x-1", "1.5", "9" * 19, "１７", "5f0c9e1b-"])
def test_anything_else_is_no_mark(text: str) -> None:
    with pytest.raises(Refused, match="bad_cursor"):
        parse_mark(text)
