"""Backtests of a recorded log: through the command, on the log of an embedded house, which is never written."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from deploy.backtest.chart import svg
from deploy.backtest.ledger import Ledger
from deploy.backtest.result import Backtest
from deploy.backtest.run import NothingToTestError, Question, backtest
from deploy.command import app
from deploy.kept_policies import KeptPolicies
from matcher.history.answers import Guess
from schemas.policy import NearnessWeights, Pace, Policy, WaitingWeights
from streams.embedded import EmbeddedLog
from streams.embedded.archive import EmbeddedArchive
from streams.history import HistoryBrokenError, steps
from streams.log import Draft, Log, LogError
from streams.replay import Policies
from tests.fakes.log import FakeLog
from tests.journals import journal
from tests.journals.scenarios import MORNING, SCENARIOS

NEAR = Policy(
    name="near", nearness=NearnessWeights(community=50_000, street=30_000), waiting=WaitingWeights(per_hour=0)
)
NAMES = tuple(SCENARIOS)


def kept() -> Policies:
    return KeptPolicies(journal.HERE / "policies").find


async def log_of(name: str) -> FakeLog:
    log = FakeLog(partitions=journal.PARTITIONS)
    await journal.lay(log, name)
    return log


async def outcome(log: Log, *policies: Policy, **options: object) -> Backtest:
    question = Question(policies=policies, **options)  # type: ignore[arg-type]
    return await backtest(log, journal.catalogue(), kept(), question)


@pytest.mark.parametrize("name", NAMES)
async def test_decided_anew_by_its_own_policy_the_record_comes_out(name: str) -> None:
    found = await outcome(await log_of(name), SCENARIOS[name].policy)
    recorded, again = found.runs
    assert recorded.rounds_as_recorded == recorded.rounds == again.rounds_as_recorded > 10
    assert recorded.answered.known == recorded.answered.guessed == 0
    assert recorded.model_copy(update={"name": "", "policy": None}) == again.model_copy(
        update={"name": "", "policy": None}
    )
    assert recorded.value.own == recorded.value.recorded > recorded.value.recorded_without_waiting > 0
    (comparison,) = found.comparisons
    assert (comparison.total.wins, comparison.total.loses) == (0, 0)


@pytest.mark.parametrize("name", NAMES)
async def test_the_figures_hold_together(name: str) -> None:
    found = await outcome(await log_of(name), NEAR, SCENARIOS[name].policy)
    for run in found.runs:
        assert 0 < run.seats_served <= run.seats_asked
        assert run.coverage == pytest.approx(run.seats_served / run.seats_asked, abs=1e-4)
        assert sum(run.nearness.model_dump().values()) == run.seats_served
        assert run.rounds == found.runs[0].rounds
        assert run.seats_asked == found.runs[0].seats_asked
    near, recorded = found.runs[1], found.runs[0]
    assert near.near is not None
    assert recorded.near is not None
    assert near.near >= recorded.near
    assert near.answered.known + near.answered.guessed > 0
    assert near.rounds_as_recorded < near.rounds


async def test_the_same_question_has_the_same_answer() -> None:
    log = await log_of("second-thoughts")
    options = {"guess": Guess(unseen="shares")}
    assert await outcome(log, NEAR, **options) == await outcome(await log_of("second-thoughts"), NEAR, **options)


async def test_nothing_is_written_and_the_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    log = EmbeddedLog(path, partitions=journal.PARTITIONS)
    await journal.lay(log, "ordinary-day")
    await log.close()
    before = path.read_bytes()
    archive = EmbeddedArchive(path, partitions=journal.PARTITIONS)
    assert not hasattr(archive, "append")
    found = await backtest(archive, journal.catalogue(), kept(), Question(policies=(NEAR,)))
    await archive.close()
    assert path.read_bytes() == before
    assert found == await outcome(await log_of("ordinary-day"), NEAR)


async def test_a_server_may_go_on_writing_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    log = EmbeddedLog(path, partitions=journal.PARTITIONS)
    await journal.lay(log, "ordinary-day")
    archive = EmbeddedArchive(path, partitions=journal.PARTITIONS)
    told = 0
    async for step in steps(archive):
        assert step.decided.round_no == told + 1
        told += 1
        await log.append("cobuild.demands.v1", [Draft(key=b"310105", value=b"news")])
    await archive.close()
    await log.close()
    assert told == 14


async def test_each_input_belongs_to_the_first_round_that_had_seen_it() -> None:
    log = await log_of("second-thoughts")
    seen = [event.id for step in [each async for each in steps(log)] for event in step.inputs]
    assert len(seen) == len(set(seen)) > 30
    by_shard = {shard: [step async for step in steps(log, shard=shard)] for shard in ("310105", "310106")}
    for shard, told in by_shard.items():
        assert [step.decided.round_no for step in told] == list(range(1, len(told) + 1))
        assert all(event.key == shard for step in told for event in step.inputs)
        assert all(event.time <= step.decided.decided_at for step in told for event in step.inputs)
    assert sum(len(step.inputs) for told in by_shard.values() for step in told) == len(seen)


def test_an_archive_is_not_made_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="there is no log"):
        EmbeddedArchive(tmp_path / "log.sqlite3", partitions=2)
    assert not list(tmp_path.iterdir())


async def test_a_fork_in_the_middle_leaves_what_was_before_as_it_was() -> None:
    log, noon = await log_of("ordinary-day"), MORNING.replace(hour=4)
    since = [step.decided.decided_at async for step in steps(log)][6]
    found = await outcome(log, NEAR, SCENARIOS["ordinary-day"].policy, since=since)
    assert found.first_round_at == since > noon
    recorded, near, again = found.runs
    assert recorded.rounds == recorded.rounds_as_recorded == again.rounds_as_recorded == 14 - 6
    assert recorded.seats_served == again.seats_served
    assert near.rounds_as_recorded < near.rounds
    whole = await outcome(log, NEAR)
    assert recorded.seats_asked < whole.runs[0].seats_asked


async def test_a_stretch_ends_before_its_end() -> None:
    log = await log_of("ordinary-day")
    moments = [step.decided.decided_at async for step in steps(log)]
    found = await outcome(log, NEAR, until=moments[5])
    assert (found.runs[0].rounds, found.last_round_at) == (5, moments[4])


async def test_one_shard_alone() -> None:
    log = await log_of("second-thoughts")
    both, one = await outcome(log, NEAR), await outcome(log, NEAR, shard="310106")
    assert both.shards == ("310105", "310106")
    assert one.shards == ("310106",)
    assert one.runs[0].seats_asked < both.runs[0].seats_asked


async def test_a_shard_that_came_to_rest_before_keeps_what_stands_in_it() -> None:
    log, rounds, quiet, busy = FakeLog(partitions=journal.PARTITIONS), 0, "310105", "310106"
    for text in (journal.HERE / "second-thoughts.jsonl").read_text(encoding="utf-8").splitlines():
        topic, draft = journal.read(text)
        rounds += (of_quiet := topic == "cobuild.rounds.v1" and draft.key == quiet.encode())
        if not of_quiet or rounds <= 9:
            await log.append(topic, [draft])
    since = [step.decided.decided_at async for step in steps(log, shard=busy)][-2]
    ledger = Ledger()
    async for step in steps(log, shard=quiet):
        ledger.note(step.decided)
        ledger.drop_done(step.decided)
    both = await outcome(log, NEAR, since=since)
    alone = await outcome(log, NEAR, since=since, shard=busy)
    assert both.shards == alone.shards == (busy,)
    assert ledger.served()
    for one, other in zip(both.runs, alone.runs, strict=True):
        assert one.seats_served == other.seats_served + len(ledger.served())


async def test_a_stretch_without_rounds_is_told() -> None:
    with pytest.raises(NothingToTestError):
        await outcome(await log_of("ordinary-day"), NEAR, since=datetime(2099, 1, 1, tzinfo=UTC))
    with pytest.raises(NothingToTestError):
        await outcome(FakeLog(partitions=2), NEAR)


async def test_a_round_that_is_missing_is_told() -> None:
    log, rounds = FakeLog(partitions=journal.PARTITIONS), 0
    for text in (journal.HERE / "ordinary-day.jsonl").read_text(encoding="utf-8").splitlines():
        topic, draft = journal.read(text)
        rounds += topic == "cobuild.rounds.v1"
        if rounds != 3 or topic != "cobuild.rounds.v1":
            await log.append(topic, [draft])
    with pytest.raises(HistoryBrokenError, match="round 4 of 310105 follows on round 2"):
        await outcome(log, NEAR)


async def test_garbage_and_rounds_that_lost_are_passed_over() -> None:
    log = await log_of("ordinary-day")
    clean = await outcome(log, NEAR)
    (first, *_) = [
        text for text in (journal.HERE / "ordinary-day.jsonl").read_text().splitlines() if "round_no" in text
    ]
    await log.append(*_laid(first))
    await log.append("cobuild.rounds.v1", [Draft(key=b"310105", value=b"garbage")])
    assert await outcome(log, NEAR) == clean


def _laid(text: str) -> tuple[str, list[Draft]]:
    topic, draft = journal.read(text)
    return topic, [draft]


async def test_silence_serves_nobody_new_and_an_eager_guess_more() -> None:
    log = await log_of("ordinary-day")
    silent = (await outcome(log, NEAR, guess=Guess(unseen="silent"))).runs[1]
    eager = (await outcome(log, NEAR, guess=Guess(answer_after_ms=0, done_after_ms=3_600_000))).runs[1]
    assert silent.seats_served < eager.seats_served


async def test_the_picture_is_well_formed_and_says_the_figures() -> None:
    found = await outcome(
        await log_of("too-many-for-too-few"), NEAR, Policy(name="one-by-one", pace=Pace(most_seats=1))
    )
    root = ElementTree.fromstring(svg(found))  # noqa: S314 - our own
    texts = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    assert f"{found.runs[1].coverage:.1%}" in texts
    assert "one-by-one" in texts
    assert all(float(bar.get("width", "0")) >= 0 for bar in root.iter() if bar.tag.endswith("rect") and bar.get("x"))


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as ``cobuild up`` leaves it, with two policies of our own to try."""
    directory = tmp_path_factory.mktemp("laid")

    async def lay() -> None:
        log = EmbeddedLog(directory / "log.sqlite3", partitions=journal.PARTITIONS)
        await journal.lay(log, "second-thoughts")
        await log.close()

    asyncio.run(lay())
    shutil.copytree(journal.HERE / "policies", directory / "policies")
    (directory / "near.toml").write_text('name = "near"\n[nearness]\ncommunity = 50_000\n')
    return directory


@pytest.fixture
def home(laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COBUILD_PARTITIONS", str(journal.PARTITIONS))
    monkeypatch.setenv("COBUILD_CATALOGUE", str(journal.HERE / "catalogue"))
    return Path(shutil.copytree(laid, tmp_path / "home"))


def call(home: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["backtest", "--data-dir", str(home), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_the_command_tells_writes_and_draws(home: Path) -> None:
    figures, picture = home / "figures.json", home / "picture.svg"
    code, output = call(home, "--policy", str(home / "near.toml"), "--policy", "default", "--json", str(figures),
                        "--chart", str(picture))  # fmt: skip
    assert code == 0
    assert "coverage" in output
    assert "near" in output
    found = Backtest.model_validate_json(figures.read_text())
    assert [run.name for run in found.runs] == ["recorded", "near", "default"]
    assert "<svg" in picture.read_text(encoding="utf-8")
    assert json.loads(figures.read_text())["format"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--policy", "no-such"], "one of boston, default"),
        (["--policy", "{home}/bad.toml"], "waiting.per_hour"),
        (["--policy", "{home}/torn.toml"], "is no TOML"),
        (["--policy", "{home}/near.toml", "--policy", "{home}/near2.toml"], "rename one"),
        (["--policy", "default", "--unseen", "perhaps"], "perhaps"),
        (["--policy", "default", "--since", "2026-12-01", "--until", "2026-11-01"], "not after"),
        (["--policy", "default", "--since", "2030-01-01"], "no round lies"),
        (["--policy", "default", "--shard", "31010"], "no shard"),
        (["--policy", "default", "--data-dir", "{home}/nothing"], "there is no log"),
    ],
)
def test_what_means_nothing_is_refused_in_one_line(home: Path, options: list[str], said: str) -> None:
    (home / "bad.toml").write_text('name = "bad"\n[waiting]\nper_hour = "much"\n')
    (home / "torn.toml").write_text('name = "torn\n')
    (home / "near2.toml").write_text('name = "near"\n')
    code, output = call(home, *[option.format(home=home) for option in options])
    assert code == 1
    assert said in output.replace("\n", " ")


def test_a_policy_of_the_record_that_is_lost_is_told(home: Path) -> None:
    shutil.rmtree(home / "policies")
    code, output = call(home, "--policy", "default")
    assert code == 1
    assert "is not kept" in output


def test_replay_of_one_round_says_so_and_ends_with_one_where_there_is_none(home: Path) -> None:
    one = CliRunner().invoke(app, ["replay", "--data-dir", str(home), "--shard", "310105", "--round", "3"])
    assert (one.exit_code, one.stdout) == (0, "1 rounds equal, 0 different\n")
    none = CliRunner().invoke(app, ["replay", "--data-dir", str(home), "--shard", "310105", "--round", "3000"])
    assert none.exit_code == 1
    assert "there is no round 3000 of 310105" in none.stderr
