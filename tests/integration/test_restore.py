"""What a worker saved, and the log after it, give back what it knew; whatever became of the files meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.policy import Policy, Rules
from schemas.topics import ASSIGNMENTS, DEMANDS
from streams.log import Draft, LogError
from streams.pace import Due
from streams.round_loop import RoundLoop
from streams.snapshots import FileSnapshots
from tests.builders import MEAL, NOON, SAME_CITY, SMALL_CATALOGUE, at, line, offered, posted, whistled
from tests.fakes.crashes import FakeSnapshots
from tests.fakes.log import FakeLog
from tests.loops import (
    dumps,
    events,
    host_on,
    loop_on,
    proposals,
    published,
    refolded,
    refusals,
    rounds,
    tell,
    words,
)

NEIGHBOUR = {"community": SAME_CITY}


@pytest.fixture
def log() -> FakeLog:
    return FakeLog(partitions=1)


@pytest.fixture
def files(tmp_path: Path) -> FileSnapshots:
    return FileSnapshots(tmp_path)


def saved(directory: Path, pattern: str) -> list[Path]:
    """Return the files of partition 0, oldest first."""
    return sorted(directory.glob(f"p0/{pattern}"), key=lambda path: path.stat().st_mtime_ns)


async def one_day(log: FakeLog, files: FileSnapshots) -> None:
    """Two runs of a worker, each saved at its end; then a tail that nobody saved."""
    loop = loop_on(log, snapshots=files)
    await tell(log, offered("r1"), posted("d1"), posted("d2", **NEIGHBOUR))
    await loop.step(NOON)
    await loop.close()
    loop = loop_on(log, snapshots=files)
    await tell(log, offered("r2", item=MEAL), posted("d3", line(MEAL)))
    await loop.step(at(0.1))
    await loop.close()
    await tell(log, posted("d4"), posted("d5", **NEIGHBOUR))


async def after_restart(log: FakeLog, files: FileSnapshots) -> RoundLoop:
    """Start a worker on what there is and let it go on."""
    loop = loop_on(log, snapshots=files)
    await tell(log, offered("r6", capacity=5))
    await loop.step(at(0.2))
    await loop.close()
    return loop


async def test_snapshots_and_tail_give_the_state_that_the_whole_log_gives(log: FakeLog, files: FileSnapshots) -> None:
    await one_day(log, files)
    loop = await after_restart(log, files)
    assert dumps(loop.host) == dumps(await refolded(log))
    assert sorted(each.demand_id for each in await proposals(log)) == ["d1", "d3", "d4"]


async def test_a_restart_reads_only_what_the_snapshots_lack(log: FakeLog, files: FileSnapshots) -> None:
    await one_day(log, files)
    await log.append(DEMANDS.name, [Draft(key=None, value=b"{}")])
    loop = loop_on(log, snapshots=files)
    reader = await loop._start()
    ends = await log.end_offsets([DEMANDS.name])
    assert [ends[place] - offset for place, offset in reader.positions().items() if place in ends] == [3]
    await loop.close()


Damage = Callable[[Path], object]
DAMAGES: dict[str, Damage] = {
    "gone": lambda path: path.unlink(),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "one bit flipped": lambda path: path.write_bytes(path.read_bytes()[:-7] + b"\x00" + path.read_bytes()[-6:]),
    "something else": lambda path: path.write_bytes(b"PK\x03\x04 not ours"),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize(
    "victims", ["manifest-000000000002*", "manifest*", "310105*", "310106*", "*"], ids=lambda pattern: f"of {pattern}"
)
async def test_damaged_files_cost_time_and_nothing_else(
    log: FakeLog, files: FileSnapshots, tmp_path: Path, damage: Damage, victims: str
) -> None:
    await one_day(log, files)
    found = saved(tmp_path, victims)
    assert found
    for path in found:
        damage(path)
    loop = await after_restart(log, files)
    assert dumps(loop.host) == dumps(await refolded(log))
    again = await after_restart(log, files)
    assert dumps(again.host) == dumps(await refolded(log))
    assert len(await published(log)) == len([await words(log, each) for each in await proposals(log)])


async def test_the_snapshot_before_stands_in_for_a_damaged_one(
    log: FakeLog, files: FileSnapshots, tmp_path: Path
) -> None:
    await one_day(log, files)
    newest = saved(tmp_path, "310105*")[-1]
    newest.write_bytes(b"")
    loop = loop_on(log, snapshots=files)
    reader = await loop._start()
    starts = {place.topic: offset for place, offset in reader.positions().items()}
    assert starts[DEMANDS.name] == 2, "where the first run ended, not the start of the log"
    await loop.close()


async def test_old_files_go(log: FakeLog, files: FileSnapshots, tmp_path: Path) -> None:
    await one_day(log, files)
    for _ in range(5):
        await after_restart(log, files)
    assert len(saved(tmp_path, "manifest*")) == 2
    assert len(saved(tmp_path, "310105*")) <= 2
    assert not saved(tmp_path, "*.part")


async def test_snapshots_of_another_log_are_left_aside(log: FakeLog, files: FileSnapshots) -> None:
    await one_day(log, files)
    other = FakeLog(partitions=1)
    for number in range(9):
        await tell(other, offered(f"x{number}"), posted(f"y{number}"), posted(f"z{number}", **NEIGHBOUR))
    loop = loop_on(other, snapshots=files)
    await loop.step(NOON)
    assert dumps(loop.host) == dumps(await refolded(other))
    assert len(await proposals(other)) == 9
    await loop.close()


async def test_a_log_that_was_emptied_is_read_from_its_start(log: FakeLog, files: FileSnapshots) -> None:
    await one_day(log, files)
    empty = FakeLog(partitions=1)
    loop = loop_on(empty, snapshots=files)
    await tell(empty, offered("r1"), posted("d1"))
    assert await loop.step(NOON) == 1
    await loop.close()


async def test_snapshots_of_another_catalogue_are_left_aside(log: FakeLog, files: FileSnapshots) -> None:
    await one_day(log, files)
    other = replace(
        SMALL_CATALOGUE, items={name: replace(item, en="renamed") for name, item in SMALL_CATALOGUE.items.items()}
    )
    loop = RoundLoop(log=log, host=host_on(log, catalogue=other), snapshots=files)
    await loop.step(at(0.2))
    assert loop.host.shards() == ["310105", "310106"]
    assert await refusals(log) == []
    await loop.close()


async def test_a_change_that_got_no_round_before_the_stop_gets_it_after_the_start(
    log: FakeLog, files: FileSnapshots
) -> None:
    loop = loop_on(log, snapshots=files)
    await tell(log, offered("r1"))
    await loop.step(NOON)
    await tell(log, posted("d1"))
    await loop.step(NOON)
    await loop.close()
    loop = loop_on(log, snapshots=files)
    assert await loop.step(at(1)) == 1
    assert [each.demand_id for each in await proposals(log)] == ["d1"]
    await loop.close()


async def test_a_whistle_not_heard_before_the_stop_is_heard_after_the_start(
    log: FakeLog, files: FileSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = loop_on(log, snapshots=files)
    await tell(log, posted("d1"))
    await loop.step(NOON)
    await tell(log, whistled("d1"))
    monkeypatch.setattr(loop.host, "due", lambda now: [])
    await loop.step(NOON)
    await loop.close()
    loop = loop_on(log, snapshots=files)
    assert await loop.step(NOON) == 1
    assert [each.cause for each in await rounds(log)] == ["interval", "whistle"]
    await loop.close()


async def test_an_alarm_set_before_the_stop_rings_after_the_start(log: FakeLog, files: FileSnapshots) -> None:
    policy = Policy(rules=Rules(answer_hours=2))
    loop = loop_on(log, policy=policy, snapshots=files)
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    await loop.close()
    loop = loop_on(log, policy=policy, snapshots=files)
    assert await loop.step(at(1)) == 0
    assert await loop.step(at(2)) == 1
    (first, *_) = await proposals(log)
    assert await words(log, first) == ["proposed", "expired"]
    await loop.close()


async def test_an_alarm_is_saved_even_where_nobody_has_asked_for_it_yet(
    log: FakeLog, files: FileSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = Policy(rules=Rules(answer_hours=2))
    loop = loop_on(log, policy=policy, snapshots=files)
    await tell(log, offered("r1"), posted("d1"))
    first_due = iter([[Due("310105", "interval")]])
    monkeypatch.setattr(loop.host, "due", lambda now: next(first_due, []))
    await loop.step(NOON)
    await loop.close()
    loop = loop_on(log, policy=policy, snapshots=files)
    assert await loop.step(at(2)) == 1
    assert (await rounds(log))[1].cause == "alarm"
    await loop.close()


async def test_what_is_folded_while_saving_is_not_lost(log: FakeLog) -> None:
    class Busy(FakeSnapshots):
        """While the second shard is written, an event of the first comes in."""

        def write(self, name: str, data: bytes) -> None:
            super().write(name, data)
            if "310106" in name:
                asyncio.run_coroutine_threadsafe(meanwhile(), running).result(20)

    async def meanwhile() -> None:
        await tell(log, posted("late"))
        await loop.step(NOON)

    running = asyncio.get_running_loop()
    store = Busy()
    loop = loop_on(log, snapshots=store)
    await tell(log, offered("r1"), posted("d2", **NEIGHBOUR))
    await loop.step(NOON)
    assert loop._checkpoints
    await loop._checkpoints.save()
    survivor = loop_on(log, snapshots=FakeSnapshots(store.blobs))
    await survivor.step(at(1))
    assert [each.demand_id for each in await proposals(log)] == ["late"]
    assert dumps(survivor.host) == dumps(await refolded(log))


async def test_rounds_that_could_not_be_published_are_not_saved_as_if_they_were(
    log: FakeLog, files: FileSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = log.append

    async def fail(topic: str, drafts: list[Draft]) -> object:
        if topic == ASSIGNMENTS.name:
            raise LogError("no room")
        return await write(topic, drafts)

    loop = loop_on(log, snapshots=files)
    await tell(log, offered("r1"), posted("d1"))
    monkeypatch.setattr(log, "append", fail)
    with pytest.raises(LogError, match="no room"):
        await loop.step(NOON)
    await loop.close()
    monkeypatch.setattr(log, "append", write)
    loop = loop_on(log, snapshots=files)
    await loop.step(at(1))
    (first,) = await proposals(log)
    assert await words(log, first) == ["proposed"]
    await loop.close()


async def test_a_restart_publishes_at_most_the_last_round_again(log: FakeLog) -> None:
    loop = loop_on(log)
    for number in range(4):
        await tell(log, offered(f"r{number}"), posted(f"d{number}"))
        await loop.step(at(number / 10))
    await loop.close()
    before = len(await events(log, ASSIGNMENTS.name))
    loop = loop_on(log)
    await loop.step(at(0.5))
    assert before == 4
    assert len(await events(log, ASSIGNMENTS.name)) == 5
    assert len(await published(log)) == 4
    await loop.close()


async def test_a_full_disk_for_snapshots_stops_nothing(log: FakeLog) -> None:
    class Full(FakeSnapshots):
        def write(self, name: str, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    loop = loop_on(log, snapshots=Full())
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    await loop.close()
    assert [each.demand_id for each in await proposals(log)] == ["d1"]


async def test_a_partition_that_was_dropped_while_saving_is_left_as_it_was(log: FakeLog) -> None:
    class Full(FakeSnapshots):
        full = True

        def write(self, name: str, data: bytes) -> None:
            if self.full:
                raise OSError(28, "No space left on device")
            super().write(name, data)

    store = Full()
    loop = loop_on(log, snapshots=store, checkpoint_events=10**9, checkpoint_every_s=0)
    await tell(log, offered("r1"), posted("d1"))
    with pytest.raises(OSError, match="No space"):
        await loop.step(NOON)
    checkpoints = loop._checkpoints
    assert checkpoints
    assert checkpoints.is_due, "what could not be written is tried again"
    loop.host.drop(0)
    checkpoints.drop(0)
    store.full = False
    await checkpoints.save()
    assert store.blobs == {}
    assert not checkpoints.is_due
