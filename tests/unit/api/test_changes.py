"""Lists that another process fills: who waits for them is woken, and a crowd costs little."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from api.positions import Position
from api.reading import Reading
from api.readmodel.changes import Changes
from api.readmodel.model import ReadModel
from schemas.catalogue import load_catalogue
from schemas.refusals import Refused


@pytest.fixture
def lists(tmp_path: Path) -> Iterator[ReadModel]:
    model = _opened(tmp_path)
    yield model
    model.close()


@pytest.fixture
def projector(tmp_path: Path, lists: ReadModel) -> Iterator[ReadModel]:
    """The same database, as another process has it."""
    model = _opened(tmp_path)
    yield model
    model.close()


async def test_who_waits_is_woken_by_what_another_writes(lists: ReadModel, projector: ReadModel) -> None:
    changes = Changes(lists)
    async with asyncio.timeout(60):
        await changes.wait()  # the first look cannot tell, and so wakes
        for offset in range(1, 4):
            waiting = asyncio.create_task(changes.wait())
            await asyncio.sleep(0.05)
            assert not waiting.done(), "nothing was written"
            projector.apply([], {("cobuild.demands.v1", 0): offset})
            await waiting
    await changes.close()


async def test_nobody_looks_while_nobody_waits(lists: ReadModel, projector: ReadModel) -> None:
    changes = Changes(lists)
    async with asyncio.timeout(60):
        await changes.wait()
        projector.apply([], {("cobuild.demands.v1", 0): 1})
        while asyncio.all_tasks() != {asyncio.current_task()}:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        await changes.wait()  # what was written meanwhile is noticed at once
    await changes.close()


async def test_a_database_that_does_not_answer_wakes_too(lists: ReadModel) -> None:
    changes = Changes(lists)
    async with asyncio.timeout(60):
        await changes.wait()
        waiting = asyncio.create_task(changes.wait())
        await asyncio.sleep(0)
        assert changes._counter is not None
        changes._counter.close()
        await waiting
    await changes.close()


async def test_reads_wait_for_what_another_process_projects(lists: ReadModel, projector: ReadModel) -> None:
    changes = Changes(lists)
    reading = Reading(model=lists, changed=changes, wait_s=60)
    wanted = [Position("cobuild.demands.v1", 0, 6)]
    waiting = [asyncio.create_task(reading.settle(wanted)) for _ in range(200)]
    questions = _count(lists)
    async with asyncio.timeout(60):
        for offset in range(1, 8):
            assert not any(task.done() for task in waiting)
            projector.apply([], {("cobuild.demands.v1", 0): offset})
            await asyncio.sleep(0.05)
        await asyncio.gather(*waiting)
    assert len(questions) < 200, "two hundred who wait share their looks"
    await changes.close()


async def test_a_read_that_waits_in_vain_says_so(lists: ReadModel) -> None:
    changes = Changes(lists)
    reading = Reading(model=lists, changed=changes, wait_s=0.05)
    with pytest.raises(Refused, match="demands:0:6"):
        await reading.settle([Position("cobuild.demands.v1", 0, 6)])
    await changes.close()


def _opened(directory: Path) -> ReadModel:
    return ReadModel(f"sqlite:///{directory / 'lists.sqlite3'}", catalogue=load_catalogue())


def _count(model: ReadModel) -> list[str]:
    """Note every question from now on."""
    asked: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(model.engine, "before_cursor_execute", note)
    return asked
