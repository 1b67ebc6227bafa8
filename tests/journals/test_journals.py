"""Logs of an earlier day replay equal: whoever changes a decision that was taken hears of it here."""

import json
import re
import warnings
from pathlib import Path

import pytest

from deploy.kept_policies import KeptPolicies
from matcher.round.decide import SOLVER
from schemas.base import no_personal_data
from schemas.rounds import PolicyRef
from schemas.topics import RESPONSES, ROUNDS, TRANSFERS
from streams.embedded import EmbeddedLog
from streams.log import Log
from streams.replay import replay
from streams.replay_report import ReplayReport
from tests.fakes.log import FakeLog
from tests.journals import journal
from tests.journals.make import played
from tests.journals.scenarios import NEIGHBOUR, SCENARIOS
from tests.loops import events

JOURNALS = journal.names()
PASSING = {"resource.shown.v1", "demand.carried.v1", "demand.escalated.v1", "hold.asked.v1", "seat.returned.v1"}


async def replayed(log: Log) -> ReplayReport:
    return await replay(log, journal.catalogue(), KeptPolicies(journal.HERE / "policies").find)


def lines_of(name: str) -> list[str]:
    return (journal.HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def rounds_in(name: str) -> int:
    return sum(journal.read(line)[0] == ROUNDS.name for line in lines_of(name))


def test_each_has_its_scenario() -> None:
    assert set(JOURNALS) == set(SCENARIOS)
    assert len(JOURNALS) >= 4


@pytest.mark.parametrize("name", JOURNALS)
async def test_every_round_of_a_journal_comes_out_again(name: str) -> None:
    log = FakeLog(partitions=journal.PARTITIONS)
    await journal.lay(log, name)
    report = await replayed(log)
    assert not report.differences, [str(difference) for difference in report.differences]
    assert report.equal + report.tied == rounds_in(name)
    assert (report.void, report.unreadable, report.unchecked) == (0, 0, 0)
    others = {solver for solver, _ in report.solvers}
    assert SOLVER not in others
    if not others:
        assert report.tied == 0  # the same solver: byte for byte
    else:
        warnings.warn(f"{name}: decided by {others}, {report.tied} rounds broke ties otherwise", stacklevel=1)


@pytest.mark.parametrize("name", JOURNALS)
async def test_the_embedded_log_tells_the_same(name: str, tmp_path: Path) -> None:
    log = EmbeddedLog(tmp_path / "log.sqlite3", partitions=journal.PARTITIONS)
    await journal.lay(log, name)
    report = await replayed(log)
    await log.close()
    assert report.all_equal
    assert report.checked == rounds_in(name)


@pytest.mark.parametrize("name", JOURNALS)
async def test_what_is_written_is_what_was_in_the_log(name: str) -> None:
    log = FakeLog(partitions=journal.PARTITIONS)
    await journal.lay(log, name)
    assert (await journal.text_of(log)).splitlines() == lines_of(name)


@pytest.mark.parametrize("name", JOURNALS)
def test_nobody_can_be_found_in_a_journal(name: str) -> None:
    for line in lines_of(name):
        assert no_personal_data(re.sub("[0-9a-f]{32}", "", json.loads(line)["value"]))  # ids are hashes


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ordinary-day", {"accepted", "done"}),
        ("too-many-for-too-few", {"done"}),
        ("levels", {"accepted", "declined", "no_show", "no_answer", "demand_gone", "team_broken"}),
        (
            "second-thoughts",
            {"accepted", "declined", "no_show", "no_answer", "resource_gone", "demand_gone", "no_longer_allowed"},
        ),
    ],
)
async def test_a_journal_holds_what_its_name_says(name: str, wanted: set[str]) -> None:
    log = FakeLog(partitions=journal.PARTITIONS)
    await journal.lay(log, name)
    decided = [event.data for event in await events(log, ROUNDS.name)]
    assert {moved.reason for each in decided for moved in each.transitions} == wanted
    assert len(await events(log, RESPONSES.name)) > 20
    if name == "levels":
        assert {event.type.split(".", 2)[2] for event in await events(log, TRANSFERS.name)} == PASSING
        assert any(each.team_parts for each in decided)
        assert any(each.proposals for each in decided if each.shard == NEIGHBOUR)
    if name == "too-many-for-too-few":
        assert any(each.lapsed for each in decided)
        assert any(each.size.left_out for each in decided)
        assert any(each.cause == "whistle" for each in decided)


@pytest.mark.parametrize("name", JOURNALS)
async def test_the_script_makes_journals_that_replay_equal(name: str, tmp_path: Path) -> None:
    log = await played(SCENARIOS[name])
    policies = KeptPolicies(tmp_path)
    policies.keep(SCENARIOS[name].policy)
    report = await replay(log, journal.catalogue(), policies.find)
    assert report.all_equal
    assert report.checked > 10


async def test_a_journal_whose_round_was_changed_does_not_pass() -> None:
    log = FakeLog(partitions=journal.PARTITIONS)
    for line in lines_of("ordinary-day"):
        topic = journal.read(line)[0]
        changed = line.replace('\\"margin\\":', '\\"margin\\":1') if topic == ROUNDS.name else line
        await log.append(topic, [journal.read(changed)[1]])
    assert {difference.where for difference in (await replayed(log)).differences} == {"bytes"}


async def test_a_policy_that_is_missing_is_told() -> None:
    def none(ref: PolicyRef) -> None:
        raise LookupError(ref.name)

    log = FakeLog(partitions=journal.PARTITIONS)
    await journal.lay(log, "ordinary-day")
    report = await replay(log, journal.catalogue(), none)  # type: ignore[arg-type]
    assert {difference.where for difference in report.differences} == {"policy"}
