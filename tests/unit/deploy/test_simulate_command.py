"""``cobuild simulate``: what it refuses before it touches anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.command import app


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--until", "2014-05-01"], "2015-01-02"),
        (["--speed", "-1"], "no speed"),
        (["--speed", "fast"], "fast"),
        (["--work-days", "never"], "never"),
        (["--work-days", "city", "--reach", "city"], "--reach street"),
        (["--reach", "moon"], "moon"),
        (["--policy", "bad.toml"], "siblings"),
        (["--kafka", "127.0.0.1:1", "--workers", "9"], "9 workers"),
    ],
)
def test_what_means_nothing_removes_nothing(
    options: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COBUILD_PARTITIONS", "8")
    (tmp_path / "bad.toml").write_text('[rules]\nsiblings = "perhaps"\n')
    run = tmp_path / "run"
    run.mkdir()
    (run / "log.sqlite3").write_text("an earlier run")
    result = CliRunner().invoke(app, ["simulate", "boston", "--data-dir", str(run), "--fresh", *options])
    assert result.exit_code == 1
    assert told in result.stderr
    assert (run / "log.sqlite3").read_text() == "an earlier run"
