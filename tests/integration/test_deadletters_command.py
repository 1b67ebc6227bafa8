"""``cobuild deadletters`` as an operator uses it, on the embedded log."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy.command import app
from schemas.refusals import REFUSALS
from schemas.topics import DEMANDS, RESOURCES
from streams.embedded import EmbeddedLog
from streams.log import Draft, Log, Position
from tests.builders import NOON, SHARD, at, line, offered, posted
from tests.loops import loop_on, proposals, record_draft, records, refusals, tell

Found = TypeVar("Found")
TERMINAL = {"COLUMNS": "250", "NO_COLOR": "1"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a log, and a resource in it."""
    on_log(tmp_path, lambda log: tell(log, offered("r1")))
    return tmp_path


def on_log(data: Path, work: Callable[[Log], Awaitable[Found]]) -> Found:
    async def opened() -> Found:
        log = EmbeddedLog(data / "log.sqlite3", partitions=8)
        try:
            return await work(log)
        finally:
            await log.close()

    return asyncio.run(opened())


def lay(data: Path, *drafts: Draft, topic: str = DEMANDS.name, hours: float = 0) -> list[Position]:
    """Lay records in the log, and let a reader refuse what is to be refused."""

    async def laying(log: Log) -> list[Position]:
        positions = await log.append(topic, drafts)
        loop = loop_on(log)
        await loop.step(at(hours))
        await loop.close()
        return positions

    return on_log(data, laying)


def misdirected(demand_id: str = "d1") -> Draft:
    draft = record_draft(posted(demand_id))
    return Draft(key=b"310106", value=draft.value, headers=draft.headers)


def cobuild(data: Path, *words: str, answer: str | None = None) -> Result:
    command, *rest = words
    return CliRunner().invoke(
        app,
        ["deadletters", command, "--data-dir", str(data), *rest],
        input=answer,
        env=TERMINAL,
        catch_exceptions=False,
    )


def told(data: Path, *words: str, exit_code: int = 0) -> Any:
    result = cobuild(data, *words, "--json")
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


def spelt(position: Position) -> str:
    return "/".join(map(str, position))


def test_without_dead_letters_it_says_so(data: Path) -> None:
    result = cobuild(data, "list")
    assert (result.exit_code, result.stdout) == (0, "No dead letters.\n")
    assert told(data, "list") == {"counts": [], "letters": [], "unreadable": 0}


def test_without_a_log_nothing_is_made(tmp_path: Path) -> None:
    result = cobuild(tmp_path / "none", "list")
    assert result.exit_code == 2
    assert "there is no log" in result.stderr
    assert not (tmp_path / "none").exists()


def test_the_list_counts_by_topic_and_code_with_a_bar(data: Path) -> None:
    lay(data, *[Draft(key=b"310105", value=b"{") for _ in range(30)])
    (where,) = lay(data, misdirected(), topic=DEMANDS.name, hours=1)
    lay(data, Draft(key=b"310105", value=b"{"), topic=RESOURCES.name)
    result = cobuild(data, "list", "--limit", "2")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    (many,) = [text for text in lines if "not_a_cloud_event" in text and text.startswith("demands")]
    (few,) = [text for text in lines if "wrong_key" in text and text.startswith("demands")]
    assert " 30 " in many
    assert many.count("█") > few.count("█") >= 1
    assert REFUSALS["wrong_key"].zh in few
    assert f"demands/{where.partition}/{where.offset}" in result.stdout
    assert len(told(data, "list", "--limit", "2")["letters"]) == 2
    assert sum(entry["count"] for entry in told(data, "list", "--limit", "0")["counts"]) == 32


def test_on_a_narrow_terminal_nothing_is_cut_that_is_needed_to_go_on(data: Path) -> None:
    (where,) = lay(data, misdirected())
    (letter,) = told(data, "list")["letters"]
    result = CliRunner().invoke(app, ["deadletters", "list", "--data-dir", str(data)], env={"COLUMNS": "72"})
    assert letter["id"][:12] in result.stdout
    assert f" demands/{where.partition}/{where.offset} " in result.stdout


def test_the_list_narrows_by_topic_code_and_time(data: Path) -> None:
    lay(data, misdirected(), Draft(key=b"310105", value=b"{"))
    lay(data, Draft(key=b"310105", value=b"{"), topic=RESOURCES.name, hours=2)

    def shown(*words: str) -> set[tuple[str, str]]:
        return {(letter["topic"], letter["code"]) for letter in told(data, "list", *words)["letters"]}

    assert shown("--topic", "demands", "--code", "wrong_key") == {(DEMANDS.name, "wrong_key")}
    assert shown("--topic", "cobuild.resources.v1") == {(RESOURCES.name, "not_a_cloud_event")}
    assert shown("--since", (NOON + timedelta(hours=1)).isoformat()) == {(RESOURCES.name, "not_a_cloud_event")}
    assert len(shown("--since", "36500d")) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--topic", "wishes"),
        ("list", "--code", "bad_mood"),
        ("list", "--since", "yesterday"),
        ("list", "--since", "999999d"),
        ("show", "demands/1"),
        ("show", "xyz"),
        ("replay",),
        ("replay", "abcd", "--code", "wrong_key"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(data: Path, words: tuple[str, ...]) -> None:
    result = cobuild(data, *words)
    assert result.exit_code == 2
    assert result.stderr.startswith("cobuild: ")


def test_show_tells_why_and_where_and_prints_the_value(data: Path) -> None:
    (where,) = lay(data, misdirected())
    (letter,) = told(data, "list")["letters"]
    for name in (letter["id"], letter["id"][:6], spelt(where), f"demands/{where.partition}/{where.offset}"):
        result = cobuild(data, "show", name)
        assert result.exit_code == 0, result.output
        assert REFUSALS["wrong_key"].zh in result.stdout
        assert REFUSALS["wrong_key"].en in result.stdout
        assert f"{DEMANDS.name}, partition {where.partition}, offset {where.offset}" in result.stdout
        assert "310106" in result.stdout
        assert "ce_type: cn.cobuild.demand.posted.v1" in result.stdout
        assert '    "demand_id": "d1",\n' in result.stdout
    whole = told(data, "show", spelt(where))
    assert base64.b64decode(whole["value"]) == misdirected().value
    assert whole["message"] == REFUSALS["wrong_key"]._asdict()


def test_show_of_nothing_exits_with_1(data: Path) -> None:
    result = cobuild(data, "show", "abcdef")
    assert result.exit_code == 1
    assert "there is no dead letter abcdef" in result.stderr


def test_show_says_what_was_left_out_and_why(data: Path) -> None:
    draft = record_draft(posted("d1"))
    (where,) = lay(data, Draft(key=b"13812345678", value=b"x" * 2_000_000, headers=draft.headers))
    result = cobuild(data, "show", spelt(where))
    assert "key: a phone or identity number is in it" in result.stdout
    assert "value: too large for a dead letter" in result.stdout
    assert "13812345678" not in result.output


def test_a_tombstone_is_told_from_an_empty_value(data: Path) -> None:
    nothing, empty = lay(data, Draft(key=b"310105", value=None), Draft(key=b"310105", value=b""))
    assert "(none: a tombstone)" in cobuild(data, "show", spelt(nothing)).stdout
    assert "(empty)" in cobuild(data, "show", spelt(empty)).stdout


def test_what_strangers_wrote_cannot_act_on_the_terminal(data: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e[bold]x"
    headers = [("ce_type", f"{evil}".encode()), ("ce_id", b"1"), ("ce_source", b"2"), (evil, b"\xff\x1b")]
    (where,) = lay(data, Draft(key=evil.encode(), value=f'"{evil}'.encode(), headers=headers))
    for output in (cobuild(data, "list").output, cobuild(data, "show", spelt(where)).output):
        assert not {"\x1b", "\x07", "\u202e"} & set(output)
        assert "[bold]x" in output
    assert "(hex) ff 1b" in cobuild(data, "show", spelt(where)).stdout


def test_a_replay_asks_first_and_a_no_changes_nothing(data: Path) -> None:
    lay(data, misdirected())
    before = on_log(data, lambda log: records(log, DEMANDS.name))
    result = cobuild(data, "replay", "--code", "wrong_key", "--rekey", answer="n\n")
    assert result.exit_code == 1
    assert "Append 1 records again?" in result.output
    assert on_log(data, lambda log: records(log, DEMANDS.name)) == before
    assert told(data, "replay", "--code", "wrong_key", "--rekey", "--dry-run")[0]["outcome"] == "ready"
    assert on_log(data, lambda log: records(log, DEMANDS.name)) == before


def test_a_replayed_record_is_matched_and_the_list_says_what_became_of_it(data: Path) -> None:
    (where,) = lay(data, misdirected())
    (report,) = told(data, "replay", spelt(where), exit_code=1)
    assert report["outcome"] == "wrong_key"
    result = cobuild(data, "replay", spelt(where), "--rekey", answer="y\n")
    assert result.exit_code == 0
    assert f"appended again, key {SHARD}" in result.stdout
    assert "not reached yet" in cobuild(data, "list").stdout
    lay(data, hours=1)
    assert [proposal.demand_id for proposal in on_log(data, proposals)] == ["d1"]
    assert "taken" in cobuild(data, "list").stdout
    (fate,) = told(data, "show", spelt(where))["replays"]
    assert fate["fate"] == "taken"
    assert fate["position"] in cobuild(data, "show", spelt(where)).stdout
    (report,) = told(data, "replay", spelt(where), "--rekey", "--yes")
    assert (report["outcome"], report["position"]) == ("replayed_before", fate["position"])
    assert on_log(data, refusals) == [(DEMANDS.name, "wrong_key")]


def test_each_record_gets_its_report(data: Path) -> None:
    draft = record_draft(posted("d3", line("care.unheard_of")))
    named = Draft(
        key=draft.key, value=(draft.value or b"").replace(b'"title":"', b'"title":"13812345678 '), headers=draft.headers
    )
    lay(data, misdirected("d1"), misdirected("d2"), Draft(key=b"310105", value=b"{"), draft, named)
    reports = told(data, "replay", "--topic", "demands", "--rekey", "--yes", exit_code=1)
    assert sorted(report["outcome"] for report in reports) == [
        "personal_data",
        "refused_still",
        "replayed",
        "replayed",
        "replayed",
    ]
    lay(data, hours=1)
    letters = told(data, "list", "--code", "unknown_item")["letters"]
    assert [[replay["fate"] for replay in letter["replays"]] for letter in letters] == [[], ["refused_again"]]
    assert "refused again: unknown_item" in cobuild(data, "list").stdout


def test_an_id_that_means_several_is_refused(data: Path) -> None:
    lay(data, *[Draft(key=b"310105", value=b"{") for _ in range(600)])
    ids = sorted(letter["id"] for letter in told(data, "list", "--limit", "600")["letters"])
    twins = [one[:4] for one, other in pairwise(ids) if one[:4] == other[:4]]
    assert twins, "among 600 ids two begin alike"
    result = cobuild(data, "show", twins[0])
    assert result.exit_code == 1
    assert "several dead letters begin with" in result.stderr
