"""Replay: every round comes out of the log again, byte for byte, and a record that was tampered with is named."""

from pathlib import Path

import pytest

from schemas.base import Fact
from schemas.demands import Urgency
from schemas.envelope import encode, new_event
from schemas.policy import Policy, ServiceWeights
from schemas.rounds import InputOffset, PolicyRef, RoundDecided
from schemas.topics import DEMANDS, ROUNDS
from streams.embedded import EmbeddedLog
from streams.log import Draft, Log
from streams.replay import replay
from streams.replay_report import ReplayReport, first_difference
from streams.rounds import round_draft, round_id
from tests.builders import MEAL, SAME_CITY, SHARD, SMALL_CATALOGUE, at, demand_gone, line, offered, posted, whistled
from tests.fakes.log import FakeLog
from tests.loops import answer, loop_on, proposals, records, rounds, tell

POLICY = Policy()


def known(ref: PolicyRef) -> Policy:
    if ref != POLICY.ref:
        raise LookupError(ref.name)
    return POLICY


async def history(log: Log) -> None:
    """Five hours of two shards, with answers, a withdrawal, a whistle and garbage."""
    loop = loop_on(log, policy=POLICY)
    await tell(log, offered("r1"), offered("r2", item=MEAL, capacity=2), posted("d1"), posted("d2", line(MEAL, 3)))
    await tell(log, posted("e1", community=SAME_CITY), offered("q1", home=SAME_CITY, scope=("3101",)))
    await loop.step(at(0))
    first, second, *_ = await proposals(log)
    await answer(log, first, "accepted")
    await answer(log, second, "declined")
    await log.append(DEMANDS.name, [Draft(key=SHARD.encode(), value=b"{")])
    await loop.step(at(0.1))
    await tell(log, demand_gone("d1"), posted("d3", urgency=Urgency.URGENT), posted("d3", title="again"))
    await loop.step(at(0.2))
    await tell(log, whistled("d3"), posted("e2", community=SAME_CITY))
    await loop.step(at(0.3))
    await loop.step(at(30))
    await loop.close()


async def count_of(log: Log) -> int:
    return len(await rounds(log, "310105")) + len(await rounds(log, "310106"))


async def run(log: Log, **options: object) -> ReplayReport:
    return await replay(log, SMALL_CATALOGUE, known, **options)  # type: ignore[arg-type]


async def tampered(log: FakeLog, number: int, **changes: object) -> FakeLog:
    """Return a log like ``log``, but with one round of 310105 changed and its id made to fit."""
    other = FakeLog(partitions=log.partitions)
    for topic in {*(each.name for each in (DEMANDS, ROUNDS)), "cobuild.resources.v1", "cobuild.responses.v1"}:
        for record in await records(log, topic):
            draft = Draft(record.key, record.value, record.headers)
            if topic == ROUNDS.name and record.key == SHARD.encode() and b'"round_no":%d,' % number in record.value:
                decided = RoundDecided.model_validate_json(record.value)
                draft = round_draft(decided.model_copy(update=changes))
            await other.append(topic, [draft])
    return other


@pytest.fixture
async def log() -> FakeLog:
    log = FakeLog(partitions=2)
    await history(log)
    return log


async def test_every_round_comes_out_equal(log: FakeLog) -> None:
    steps: list[tuple[int, int]] = []
    report = await run(log, progress=lambda done, total: steps.append((done, total)))
    assert report == ReplayReport(equal=await count_of(log))
    assert report.equal >= 7
    assert steps[-1] == (report.equal, report.equal)


async def test_the_embedded_log_replays_alike(tmp_path: Path) -> None:
    log = EmbeddedLog(tmp_path / "log.sqlite3", partitions=4)
    await history(log)
    assert await run(log) == ReplayReport(equal=await count_of(log))
    await log.close()


async def test_one_shard_and_one_round_can_be_asked_for(log: FakeLog) -> None:
    of_shard = await run(log, shard="310106")
    assert of_shard == ReplayReport(equal=len(await rounds(log, "310106")))
    assert await run(log, shard="310105", round_no=3) == ReplayReport(equal=1)
    assert await run(log, shard="310105", round_no=99) == ReplayReport()


async def test_a_round_that_lost_is_void_and_no_difference(log: FakeLog) -> None:
    first = (await rounds(log))[0]
    await tell(log, first.model_copy(update={"proposals": ()}))
    assert await run(log) == ReplayReport(equal=await count_of(log), void=1)


async def test_a_record_that_is_no_round_is_counted_apart(log: FakeLog) -> None:
    await log.append(ROUNDS.name, [Draft(key=SHARD.encode(), value=b"garbage")])
    assert await run(log) == ReplayReport(equal=await count_of(log), unreadable=1)


async def test_a_tampered_round_is_named_and_the_later_ones_still_come_out(log: FakeLog) -> None:
    first = (await rounds(log))[0]
    cheaper = first.proposals[0].model_copy(update={"value": 1})
    other = await tampered(log, 1, proposals=(cheaper, *first.proposals[1:]))
    report = await run(other)
    assert report.equal == await count_of(log) - 1
    (difference,) = report.differences
    assert not report.all_equal
    assert (difference.shard, difference.round_no, difference.where) == ("310105", 1, "proposals[0].value")
    assert str(difference.recomputed) in str(difference)


async def test_a_dropped_proposal_is_a_difference_and_what_follows_from_it_is_told(log: FakeLog) -> None:
    first = (await rounds(log))[0]
    report = await run(await tampered(log, 1, proposals=first.proposals[1:]), shard=SHARD)
    assert (report.differences[0].round_no, report.differences[0].where) == (1, "proposals[0].assignment_id")
    assert "does not live" in str(report.differences[-1])
    assert report.unchecked == len(await rounds(log)) - report.differences[-1].round_no


async def test_a_round_moved_in_time_is_a_difference(log: FakeLog) -> None:
    report = await run(await tampered(log, 1, decided_at=at(3)), shard=SHARD, round_no=1)
    assert report.equal == 0
    assert report.differences


async def test_inputs_that_go_back_are_a_difference(log: FakeLog) -> None:
    second = (await rounds(log))[1]
    back = tuple(InputOffset(topic=each.topic, partition=each.partition, offset=0) for each in second.inputs)
    report = await run(await tampered(log, 2, inputs=back), shard=SHARD)
    assert [(each.round_no, each.where) for each in report.differences] == [(2, "inputs")]


async def test_after_a_number_that_was_skipped_the_shard_cannot_be_checked(log: FakeLog) -> None:
    report = await run(await tampered(log, 3, round_no=9), shard=SHARD)
    assert {each.where for each in report.differences} >= {"round"}
    assert report.equal == 2
    assert report.unchecked == len(await rounds(log)) - 3


async def test_an_id_that_does_not_fit_the_content_is_a_difference(log: FakeLog) -> None:
    other = FakeLog(partitions=2)
    facts: list[Fact] = [offered("r1"), posted("d1")]
    await tell(other, *facts)
    loop = loop_on(other, policy=POLICY)
    await loop.step(at(0))
    (decided,) = await rounds(other)
    bad = FakeLog(partitions=2)
    for topic in ("cobuild.resources.v1", DEMANDS.name):
        for record in await records(other, topic):
            await bad.append(topic, [Draft(record.key, record.value, record.headers)])
    sent = new_event(decided, id="310105-1-0", source="x", key=SHARD, time=decided.decided_at)
    key, headers, value = encode(sent)
    await bad.append(ROUNDS.name, [Draft(key, value, headers)])
    (difference,) = (await run(bad)).differences
    assert difference.where == "bytes"
    await loop.close()


async def test_a_policy_that_is_not_to_be_had_is_a_difference(log: FakeLog) -> None:
    def unknown(ref: PolicyRef) -> Policy:
        raise LookupError(ref.name)

    report = await replay(log, SMALL_CATALOGUE, unknown)
    assert {each.where for each in report.differences} == {"policy"}
    assert len(report.differences) == await count_of(log)


async def test_another_policy_under_the_same_name_is_a_difference(log: FakeLog) -> None:
    generous = Policy(service=ServiceWeights(base=9_000))
    report = await replay(log, SMALL_CATALOGUE, lambda ref: generous)
    assert report.equal == 0
    assert report.differences[0].where == "policy.digest"


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": 1}, {"a": 2}, "a"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b"),
        ({"a": [1]}, {"a": [1, 2]}, "a.length"),
        ({"a": 1}, {"a": 1, "b": 2}, "b"),
        ({"a": 1}, {"a": 1}, "bytes"),
    ],
)
def test_the_first_difference_is_found_by_its_path(one: object, other: object, where: str) -> None:
    assert first_difference(one, other)[0] == where


async def test_another_solver_that_decided_the_same_is_told_and_no_difference(log: FakeLog) -> None:
    report = await run(await tampered(log, 1, solver="cobuild 0 / by hand"), shard=SHARD)
    assert report.all_equal
    assert report.solvers == (("cobuild 0 / by hand", 1),)
    assert report.equal == len(await rounds(log))


async def test_another_solver_may_break_ties_otherwise_for_the_same_total_value() -> None:
    log = FakeLog(partitions=2)
    await tell(log, offered("r1"), posted("d1"), posted("d2"))
    loop = loop_on(log, policy=POLICY)
    await loop.step(at(0))
    await loop.close()
    (decided,) = await rounds(log)
    (given,) = decided.proposals
    other = "d2" if given.demand_id == "d1" else "d1"
    twin = given.model_copy(update={"demand_id": other, "assignment_id": "0" * 32})
    changes = {"proposals": (twin,), "solver": "cobuild 0 / by hand"}
    report = await run(await tampered(log, 1, **changes))
    assert report == ReplayReport(tied=1, solvers=(("cobuild 0 / by hand", 1),))
    assert report.all_equal


async def test_another_solver_that_found_less_is_a_difference(log: FakeLog) -> None:
    first = (await rounds(log))[0]
    poor = first.certificate.model_copy(update={"value": first.certificate.value - 1})
    report = await run(await tampered(log, 1, solver="cobuild 0 / by hand", certificate=poor), shard=SHARD, round_no=1)
    (difference,) = report.differences
    assert difference.where == "certificate.value"


async def test_a_record_of_before_a_field_was_added_replays_equal() -> None:
    """A field that the record does not hold must come out as its default."""
    log = FakeLog(partitions=2)
    await tell(log, offered("r1"), posted("d1"))
    loop = loop_on(log, policy=POLICY)
    await loop.step(at(0))
    await loop.close()
    old = FakeLog(partitions=2)
    for topic in ("cobuild.resources.v1", DEMANDS.name):
        for record in await records(log, topic):
            await old.append(topic, [Draft(record.key, record.value, record.headers)])
    (record,) = await records(log, ROUNDS.name)
    value = (record.value or b"").replace(b',"left_out":0', b"")
    assert value != record.value
    headers = [*record.headers, ("ce_id", round_id(SHARD, 1, value).encode())]
    await old.append(ROUNDS.name, [Draft(record.key, value, headers)])
    assert await run(old) == ReplayReport(equal=1)


def test_reports_of_several_solvers_add_up() -> None:
    one = ReplayReport(equal=1, solvers=(("b", 1),))
    both = one + ReplayReport(tied=1, solvers=(("a", 2), ("b", 1))) + ReplayReport(equal=3)
    assert both == ReplayReport(equal=4, tied=1, solvers=(("a", 2), ("b", 2)))
    assert both.checked == 5
