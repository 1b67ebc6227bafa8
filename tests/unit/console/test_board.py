"""What viewers share: reads are few, and a failure passes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from api.console import board as module
from api.console.board import UNSEEN, Board
from api.console.desk import Desk, Tail
from api.console.names import Message
from api.ports import Bell

HERE, THERE = "310105001", "310105002"


@dataclass
class FakeDesk:
    """Lists in memory that count how often they are read."""

    rows: list[Message] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    broken: bool = False

    def view(self, region: str) -> Message:
        self._read(f"view {region}")
        return {"region": region, "matches": len(self.rows)}

    def recent(self, region: str, category: str) -> Tail:
        self._read("recent")
        return Tail([row for row in self.rows if row["community"].startswith(region)], len(self.rows))

    def after(self, seq: int) -> Tail:
        self._read("after")
        return Tail([row for row in self.rows if row["seq"] > seq], len(self.rows))

    def _read(self, what: str) -> None:
        self.reads[what] += 1
        if self.broken:
            raise OSError("the disk is away")

    def match(self, community: str, category: str = "digital") -> Message:
        self.rows.append({"id": str(len(self.rows)), "seq": len(self.rows) + 1, "community": community,
                          "category": category})  # fmt: skip
        return self.rows[-1]


@dataclass(eq=False)
class FakeViewer:
    region: str = ""
    category: str = ""
    seq: int = UNSEEN
    told: list[Message] = field(default_factory=list)

    def tell(self, message: Message) -> None:
        self.told.append(message)

    def rows(self) -> list[Message]:
        return [row for message in self.told if message["what"] == "rows" for row in message["rows"]]


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
async def board(desk: FakeDesk, bell: Bell, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Board]:
    monkeypatch.setattr(module, "PERIOD_S", 0.02)
    made = Board(desk=cast(Desk, desk), applied=bell)
    yield made
    await made.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for happens in threads and fakes, none of which rings
            await asyncio.sleep(0.005)


async def test_a_viewer_gets_what_is_there_and_then_what_comes_once(desk: FakeDesk, bell: Bell, board: Board) -> None:
    old = desk.match(HERE)
    viewer = FakeViewer()
    await board.watch(viewer)
    assert [message["what"] for message in viewer.told] == ["view", "rows"]
    new = [desk.match(HERE), desk.match(THERE)]
    bell.ring()
    await until(lambda: len(viewer.rows()) == 3)
    assert viewer.rows() == [old, *new]


async def test_region_and_category_narrow_what_comes(desk: FakeDesk, bell: Bell, board: Board) -> None:
    street, subject, everything = FakeViewer(region=HERE), FakeViewer(category="culture"), FakeViewer()
    for viewer in (street, subject, everything):
        await board.watch(viewer)
    made = [desk.match(HERE), desk.match(THERE), desk.match(THERE, "culture")]
    bell.ring()
    await until(lambda: everything.rows() == made)
    assert street.rows() == made[:1]
    assert subject.rows() == made[2:]


async def test_many_viewers_of_a_region_cost_one_read(desk: FakeDesk, board: Board) -> None:
    viewers = [FakeViewer(region=HERE) for _ in range(20)]
    for viewer in viewers:
        await board.watch(viewer)
    before = desk.reads[f"view {HERE}"]
    await until(lambda: all(sum(message["what"] == "view" for message in viewer.told) >= 4 for viewer in viewers))
    views = max(sum(message["what"] == "view" for message in viewer.told) for viewer in viewers)
    assert desk.reads[f"view {HERE}"] - before <= views


async def test_when_the_last_one_leaves_nothing_is_read(desk: FakeDesk, board: Board) -> None:
    one, two = FakeViewer(), FakeViewer()
    await board.watch(one)
    await board.watch(two)
    await board.leave(one)
    await until(lambda: desk.reads["after"] > 3)
    await board.leave(two)
    done = desk.reads.total()
    await asyncio.sleep(0.1)
    assert desk.reads.total() == done


async def test_a_failure_is_told_and_passes(desk: FakeDesk, board: Board) -> None:
    desk.broken = True
    viewer = FakeViewer()
    await board.watch(viewer)
    assert viewer.told == [{"what": "failed"}]
    made = desk.match(HERE)
    desk.broken = False
    await until(lambda: viewer.rows() == [made])
    assert any(message["what"] == "view" for message in viewer.told)


async def test_lists_made_anew_are_shown_anew(desk: FakeDesk, bell: Bell, board: Board) -> None:
    for _ in range(5):
        desk.match(HERE)
    viewer = FakeViewer()
    await board.watch(viewer)
    desk.rows.clear()
    made = desk.match(THERE)
    bell.ring()
    await until(lambda: {"what": "rows", "reset": True, "rows": [made]} in viewer.told)
