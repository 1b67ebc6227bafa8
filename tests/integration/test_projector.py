"""From the log into the read model, on the fake log and on the embedded one."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from api.readmodel.model import ReadModel
from schemas.envelope import encode
from streams.embedded import EmbeddedLog
from streams.log import Draft, Log
from streams.projector import Located, ProjectionAheadError, Projector, rebuild
from tests.fakes.log import FakeLog
from tests.unit.readmodel.story import CATALOGUE, Story
from tests.unit.readmodel.strategies import story_of
from tests.unit.readmodel.world import contents, new_model

DEMANDS = "cobuild.demands.v1"
SEED = 140


@pytest.fixture(params=["fake", "embedded"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    log: Log = FakeLog(partitions=3) if request.param == "fake" else EmbeddedLog(tmp_path / "log", partitions=3)
    yield log
    await log.close()


@pytest.fixture
def model(tmp_path: Path) -> ReadModel:
    return ReadModel(f"sqlite:///{tmp_path / 'readmodel.sqlite3'}", catalogue=CATALOGUE)


@pytest.fixture
async def projector(log: Log, model: ReadModel) -> AsyncIterator[Projector]:
    projector = Projector(log, model, batch=7)
    yield projector
    await projector.close()


async def lay(log: Log, story: Story) -> int:
    """Append the whole history; return how many records that are."""
    for (topic, _), events in story.log.items():
        drafts = [Draft(key=key, value=value, headers=headers) for key, headers, value in map(encode, events)]
        await log.append(topic, drafts)
    return sum(map(len, story.log.values()))


def posted(first: int, last: int) -> Story:
    story = Story()
    for number in range(first, last):
        story.post(number * 2, lines=[(0, 1)])
    return story


def rows_of(model: ReadModel) -> dict[str, list[tuple[object, ...]]]:
    """The tables, but for places in the log: the story has two partitions, these logs three."""
    found = contents(model)
    del found["offsets"]
    found["answers"] = [(row[0], *row[3:]) for row in found["answers"]]
    return found


async def test_catching_up_brings_everything_in_the_log(log: Log, model: ReadModel, projector: Projector) -> None:
    story = story_of(SEED)
    count = await lay(log, story)
    assert await projector.lag() == count
    assert await projector.catch_up() == count
    assert await projector.lag() == 0
    reference = new_model()
    reference.apply(story.located(), {})
    assert rows_of(model) == rows_of(reference)
    assert await projector.catch_up() == 0


async def test_a_new_projector_goes_on_where_the_last_one_was(log: Log, model: ReadModel, projector: Projector) -> None:
    await lay(log, posted(0, 10))
    await projector.catch_up()
    await lay(log, posted(10, 15))
    other = Projector(log, model)
    assert await other.catch_up() == 5
    await other.close()
    assert len(rows_of(model)["demands"]) == 15


async def test_following_applies_what_is_appended_and_says_so(log: Log, model: ReadModel, projector: Projector) -> None:
    said: asyncio.Queue[bool] = asyncio.Queue()
    projector.on_applied.append(lambda: said.put_nowait(model.reached(DEMANDS, log.partition_of(b"310105"), 0)))
    running = asyncio.create_task(projector.run())
    await lay(log, posted(0, 1))
    assert await asyncio.wait_for(said.get(), timeout=60) is True
    await lay(log, posted(1, 30))
    assert await projector.catch_up() <= 29
    assert len(rows_of(model)["demands"]) == 30
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_record_of_garbage_is_passed_over_and_nothing_else_is_lost(
    log: Log, model: ReadModel, projector: Projector
) -> None:
    key, headers, value = encode(posted(0, 1).located()[0][1])
    other_key, other_headers, other_value = encode(posted(1, 2).located()[0][1])
    drafts = [
        Draft(key=key, value=b"\x00\xff garbage", headers=headers),
        Draft(key=None, value=None),
        Draft(key=b"310104", value=value, headers=headers),  # the key of another shard
        Draft(key=key, value=value, headers=headers),
        Draft(key=b"\xff\xfe", value=b"{}", headers=[("ce_type", b"\xff")]),
        Draft(key=other_key, value=other_value, headers=other_headers),
    ]
    await log.append(DEMANDS, drafts)
    assert await projector.catch_up() == 6
    assert projector.skipped == 4
    assert {row[0] for row in rows_of(model)["demands"]} == {"d-0", "d-2"}
    assert await projector.lag() == 0


class FailingModel:
    """A projection whose database is away now and then."""

    def __init__(self, model: ReadModel) -> None:
        self.model = model
        self.failing = False

    def offsets(self) -> Mapping[tuple[str, int], int]:
        return self.model.offsets()

    def apply(self, events: Sequence[Located], offsets: Mapping[tuple[str, int], int]) -> None:
        if self.failing:
            raise OSError("the disk is full")
        self.model.apply(events, offsets)


async def test_a_failing_database_stops_it_and_nothing_is_skipped(log: Log, model: ReadModel) -> None:
    failing = FailingModel(model)
    projector = Projector(log, failing, batch=4)
    await lay(log, posted(0, 3))
    await projector.catch_up()
    failing.failing = True
    await lay(log, posted(3, 9))
    with pytest.raises(OSError, match="disk is full"):
        await projector.run()
    with pytest.raises(OSError, match="disk is full"):
        await projector.catch_up()
    failing.failing = False
    assert await projector.catch_up() == 6
    assert {row[0] for row in rows_of(model)["demands"]} == {f"d-{number * 2}" for number in range(9)}
    await projector.close()


async def test_cancelled_at_any_moment_it_loses_and_doubles_nothing(log: Log, model: ReadModel) -> None:
    story = story_of(SEED)
    await lay(log, story)
    for steps in range(12):
        projector = Projector(log, model, batch=5)
        running = asyncio.create_task(projector.run())
        for _ in range(steps * 3):
            await asyncio.sleep(0)
        await asyncio.sleep(0.001 * steps)
        running.cancel()
        await asyncio.wait({running})
        await projector.close()
    last = Projector(log, model)
    await last.catch_up()
    await last.close()
    reference = new_model()
    reference.apply(story.located(), {})
    assert rows_of(model) == rows_of(reference)


async def test_a_rebuilt_model_says_what_the_old_one_said(log: Log, model: ReadModel, projector: Projector) -> None:
    count = await lay(log, story_of(SEED))
    await projector.catch_up()
    before, generation = contents(model), model.generation
    told: list[tuple[int, int]] = []
    assert await rebuild(log, model, progress=lambda done, total: told.append((done, total))) == count
    assert contents(model) == before
    assert model.generation != generation
    assert told[-1] == (count, count)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


async def test_a_database_of_another_log_is_refused(log: Log, model: ReadModel) -> None:
    model.apply([], {(DEMANDS, 0): 5})
    projector = Projector(log, model)
    await lay(log, posted(0, 1))
    with pytest.raises(ProjectionAheadError, match=DEMANDS):
        await projector.catch_up()
    assert await rebuild(log, model) == 1
    await projector.close()
