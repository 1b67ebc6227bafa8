"""The live stream over a real connection: what happens arrives, and nothing is missed by coming back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent
from sse_starlette.sse import AppStatus

from schemas.assignments import AssignmentConfirmed, AssignmentRevoked
from tests.apiworld import World, ended, matched, world_in
from tests.integration.api.served import served

PATIENCE_S = 10.0
"""Long enough for any machine; no test waits so long unless it fails."""


class Listener:
    """Reads one connection's events, one by one."""

    def __init__(self, events: AsyncIterator[ServerSentEvent]) -> None:
        self._events = events

    async def next(self) -> ServerSentEvent:
        async with asyncio.timeout(PATIENCE_S):
            return await anext(self._events)

    async def many(self, count: int) -> list[ServerSentEvent]:
        return [await self.next() for _ in range(count)]

    async def ends(self) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            return [event async for event in self._events] == []


@asynccontextmanager
async def listening(base: str, query: str = "", *, after: str | None = None) -> AsyncIterator[Listener]:
    headers = {} if after is None else {"last-event-id": after}
    async with (
        httpx.AsyncClient(base_url=base, timeout=PATIENCE_S) as client,
        client.stream("GET", f"/v1/stream?{query}", headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        events = EventSource(response).aiter_sse()
        greeting = await anext(events)  # it comes once we are among the listeners
        assert (greeting.retry, greeting.data) == (1000, "")
        yield Listener(events)


async def test_what_becomes_of_an_assignment_arrives_as_it_happens(world: World) -> None:
    async with served(world) as (base, _), listening(base) as listener:
        assignment_id = await matched(world)
        proposed = await listener.next()
        assert (proposed.event, proposed.json()["assignment_id"]) == ("proposed", assignment_id)
        assert proposed.json()["demand_title"] == "给楼里的老人理发"
        await ended(world, assignment_id, AssignmentConfirmed, "accepted")
        assert (await listener.next()).event == "confirmed"


async def test_who_comes_back_gets_what_happened_meanwhile_and_nothing_twice(world: World) -> None:
    async with served(world) as (base, _):
        async with listening(base) as listener:
            await matched(world, round_no=1)
            last = await listener.next()
        for round_no in (2, 3):
            await matched(world, round_no=round_no)
        async with listening(base, after=last.id) as listener:
            missed = await listener.many(2)
            await matched(world, round_no=4)
            live = await listener.next()
    assert [event.json()["round_no"] for event in (*missed, live)] == [2, 3, 4]


async def test_the_whole_feed_can_be_read_from_the_start(world: World) -> None:
    for round_no in (1, 2, 3):
        await matched(world, round_no=round_no)
    async with served(world) as (base, _), listening(base, "after=0") as listener:
        assert [event.json()["round_no"] for event in await listener.many(3)] == [1, 2, 3]


async def test_without_an_id_only_what_comes_is_told(world: World) -> None:
    await matched(world, round_no=1)
    async with served(world) as (base, _), listening(base) as listener:
        await matched(world, round_no=2)
        assert (await listener.next()).json()["round_no"] == 2


@pytest.mark.parametrize("after", ["", "&after=0"], ids=["live", "caught up"])
async def test_filters_leave_out_what_was_not_asked_for(world: World, after: str) -> None:
    async def happen() -> None:
        first = await matched(world, round_no=1)
        await matched(world, round_no=2, region="320102002001")
        await ended(world, first, AssignmentRevoked, "demand_gone", round_no=3)
        await matched(world, round_no=4)

    async with served(world) as (base, _):
        if after:
            await happen()
        async with (
            listening(base, f"region=310105&type=proposed{after}") as here,
            listening(base, f"region=32{after}") as there,
            listening(base, f"type=revoked&type=confirmed{after}") as endings,
            listening(base, f"category=health{after}") as health,
        ):
            if not after:
                await happen()
            assert [event.json()["round_no"] for event in await here.many(2)] == [1, 4]
            assert (await there.next()).json()["community"] == "320102002001"
            assert (await endings.next()).event == "revoked"
            world.app.state.services.stream.close()
            assert await health.ends()


async def test_another_process_s_projection_is_found_without_a_signal(world: World) -> None:
    async with served(world) as (base, _), listening(base) as listener:
        world.sink.bell = type(world.sink.bell)()
        await matched(world)
        assert (await listener.next()).event == "proposed"


async def test_after_the_lists_were_made_anew_the_reader_is_told_to_load_them(world: World) -> None:
    async with served(world) as (base, _):
        async with listening(base) as listener:
            await matched(world, round_no=1)
            last = await listener.next()
            world.model.reset()
            assert await listener.ends()
        async with listening(base, after=last.id) as listener:
            assert (await listener.next()).event == "reset"
            await matched(world, round_no=2)
            assert (await listener.next()).json()["round_no"] == 2


async def test_an_id_from_the_future_is_told_to_start_anew(world: World) -> None:
    async with served(world) as (base, _), listening(base, "after=999") as listener:
        assert (await listener.next()).event == "reset"


async def test_a_quiet_line_is_kept_open_by_comments(tmp_path: Path) -> None:
    async with (
        world_in(tmp_path, heartbeat_s=0.05) as world,
        served(world) as (base, _),
        httpx.AsyncClient(base_url=base, timeout=PATIENCE_S) as client,
        client.stream("GET", "/v1/stream") as response,
        asyncio.timeout(PATIENCE_S),
    ):
        comments = (line async for line in response.aiter_lines() if line.startswith(":"))
        assert (await anext(comments)).startswith(": ping")


async def test_a_signal_to_stop_does_not_cut_the_line_before_the_stream_has_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(world) as (base, _), listening(base) as listener:
        monkeypatch.setattr(AppStatus, "should_exit", True)  # the first thing that a signal does
        await asyncio.sleep(0.8)  # the library looks for it twice a second
        world.app.state.services.stream.close()
        assert await listener.ends()


async def test_a_stopping_server_lets_its_listeners_go(world: World) -> None:
    async with served(world) as (base, server), listening(base) as listener:
        server.should_exit = True
        world.app.state.services.stream.close()
        assert await listener.ends()
