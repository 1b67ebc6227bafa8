"""Escalation on a log: a seat goes up and down between partitions, also where a worker dies on its way."""

from datetime import datetime

import pytest

from schemas.demands import Urgency
from schemas.policy import Policy
from schemas.rounds import PolicyRef, RoundDecided
from schemas.topics import ROUNDS, TRANSFERS
from streams.log import Log, LogError
from streams.publisher import Counted, Publisher
from streams.replay import replay
from tests.builders import HERE, SAME_CITY, SMALL_CATALOGUE, at, demand_gone, offered, posted, window
from tests.fakes.log import FakeLog
from tests.land import LEVELS
from tests.loops import answer, dumps, events, loop_on, proposals, records, refolded, refusals, rounds, tell, words

NEXT = "310106"


def known(ref: PolicyRef) -> Policy:
    assert ref == LEVELS.ref
    return LEVELS


async def told(log: Log) -> None:
    """A demand of one district, and a helper of the next who goes anywhere in the city."""
    await tell(log, posted("d1", community=HERE, window=window(1, 200)))
    await tell(log, offered("r1", home=SAME_CITY, scope=("3101",)))


async def steps(log: Log, *moments: datetime) -> list[RoundDecided]:
    """Let a worker step at these moments; return the rounds of the next district."""
    loop = loop_on(log, policy=LEVELS)
    try:
        for moment in moments:
            await loop.step(moment)
        assert dumps(loop.host) == dumps(await refolded(log, policy=LEVELS)), "topics in turns, or one after another"
    finally:
        await loop.close()
    return await rounds(log, NEXT)


async def test_who_has_waited_a_day_is_served_from_the_next_district() -> None:
    log = FakeLog(partitions=4)
    await told(log)
    assert not [proposal for decided in await steps(log, at(0), at(23)) for proposal in decided.proposals]
    await steps(log, at(24))
    (proposal,) = await proposals(log, NEXT)
    assert (proposal.demand_id, proposal.resource_id) == ("d1", "r1")
    await answer(log, proposal, "accepted", shard=NEXT)
    await steps(log, at(25))
    await answer(log, proposal, "done", shard=NEXT)
    await steps(log, at(40), at(80), at(199), at(201))
    assert await words(log, proposal) == ["proposed", "confirmed", "fulfilled"]
    assert not [lapse for decided in await rounds(log) for lapse in decided.lapsed], "it was served"
    assert await refusals(log) == []
    report = await replay(log, SMALL_CATALOGUE, known)
    assert (report.differences, report.void, report.unreadable) == ((), 0, 0)
    assert report.equal == len(await records(log, ROUNDS.name))


async def test_a_whistle_goes_all_the_way_in_one_moment() -> None:
    log = FakeLog(partitions=4)
    await tell(log, offered("r1", home=SAME_CITY, scope=("3101",)))
    await steps(log, at(0))
    await tell(log, posted("d1", urgency=Urgency.WHISTLE, window=window(1, 200)))
    await steps(log, at(0, minutes=1))
    (proposal,) = await proposals(log, NEXT)
    assert proposal.demand_id == "d1"
    assert [decided.cause for decided in await rounds(log, "3101")][-1:] == ["whistle"]


async def test_a_no_brings_the_seat_back_to_the_city_and_a_withdrawal_finds_it_there() -> None:
    log = FakeLog(partitions=4)
    await told(log)
    await steps(log, at(0), at(24))
    (first,) = await proposals(log, NEXT)
    await answer(log, first, "declined", shard=NEXT)
    await steps(log, at(25))
    await tell(log, offered("r2", home=SAME_CITY, scope=("3101",)))
    await steps(log, at(26), at(26, minutes=1))
    second = (await proposals(log, NEXT))[-1]
    assert (second.demand_id, second.resource_id) == ("d1", "r2")
    await tell(log, demand_gone("d1"))
    await steps(log, at(27), at(27, minutes=1))
    assert await words(log, second) == ["proposed", "revoked"]
    assert len(await proposals(log, NEXT)) == 2


@pytest.mark.parametrize("crash", [1, 2, 3, 4, 5])
async def test_a_worker_that_dies_before_it_passed_on_what_it_let_go_has_an_heir_that_does(
    monkeypatch: pytest.MonkeyPatch, crash: int
) -> None:
    log, appends = FakeLog(partitions=4), 0
    append = log.append

    async def dying(topic: str, drafts: list) -> list:  # type: ignore[type-arg]
        nonlocal appends
        if topic == TRANSFERS.name:
            appends += 1
            if appends == crash:
                raise LogError("the power went")
        return await append(topic, drafts)

    monkeypatch.setattr(log, "append", dying)
    await told(log)
    for moment in (at(0), at(24), at(25), at(25)):
        try:
            await steps(log, moment)
        except LogError:
            await steps(log, moment)
    (proposal,) = await proposals(log, NEXT)
    assert (proposal.demand_id, proposal.resource_id) == ("d1", "r1")
    assert appends >= crash or crash > 4


async def test_what_is_passed_on_twice_counts_once() -> None:
    log = FakeLog(partitions=4)
    await told(log)
    await steps(log, at(0), at(24))
    before = dumps(await refolded(log, policy=LEVELS))
    lying = await records(log, ROUNDS.name)
    every = [event.data for event in await events(log, ROUNDS.name)]
    await Publisher(log).publish(
        [Counted(record.partition, record.offset, decided) for record, decided in zip(lying, every, strict=True)]
    )
    again = await steps(log, at(25))
    assert [proposal.demand_id for decided in again for proposal in decided.proposals] == ["d1"]
    assert before.keys() == dumps(await refolded(log, policy=LEVELS)).keys()
