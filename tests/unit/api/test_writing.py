"""One writer per entity, and a memory that neither grows nor goes back."""

import asyncio

from api.positions import Position
from api.writing import Writer


def _writer(size: int = 100) -> Writer:
    return Writer(sink=None, size=size, source="/test", shard_width=6)  # type: ignore[arg-type] # publishes nothing


async def test_writers_of_one_entity_take_turns_and_others_do_not_wait() -> None:
    writer = _writer()
    inside: list[str] = []

    async def work(entity: str) -> None:
        async with writer.hold(entity):
            assert entity not in inside
            inside.append(entity)
            await asyncio.sleep(0)
            inside.remove(entity)

    await asyncio.gather(*(work(entity) for entity in ["a", "b"] * 20))
    async with writer.hold("a"), writer.hold("b"):
        pass
    assert writer._holds == {}


async def test_two_who_hold_the_same_in_another_order_do_not_wait_for_each_other() -> None:
    writer = _writer()

    async def work(entities: list[str]) -> None:
        async with writer.hold_all(entities):
            await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await asyncio.gather(
            *(work(entities) for entities in (["a", "b", "c"], ["c", "b", "a"], ["b"]) for _ in range(5))
        )
    assert writer._holds == {}


async def test_a_holder_that_fails_lets_go() -> None:
    writer = _writer()
    try:
        async with writer.hold("a"):
            raise ValueError
    except ValueError:
        pass
    async with asyncio.timeout(5), writer.hold("a"):
        pass


def test_the_last_write_is_remembered_and_an_older_one_does_not_replace_it() -> None:
    writer = _writer()
    writer.remember("a", version=3, position=Position("t", 0, 9))
    writer.remember("a", version=1, position=Position("t", 0, 10))
    found = writer.recall("a")
    assert found is not None
    assert (found.version, found.position.offset) == (3, 9)


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    writer = _writer(size=3)
    for place, entity in enumerate("abcad"):
        writer.remember(entity, version=1 + place, position=Position("t", 0, place))
    assert [entity for entity in "abcd" if writer.recall(entity)] == ["a", "c", "d"]
