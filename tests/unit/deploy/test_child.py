"""A child process kept alive, and given up where that is in vain."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy import child as children
from deploy.child import Child, GivenUpError, reason


def child(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Child:
    """Return a child that runs ``script`` where it would run ``cobuild``."""
    command = directory / "script.py"
    command.write_text(script)
    begin = asyncio.create_subprocess_exec

    def begun(program: str, _module: str, _deploy: str, *arguments: str, **options: object) -> object:
        return begin(program, str(command), *arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begun)
    return Child("part", ["role"], environment={}, socket_path=directory / "s")


READY = """
import os, socket, time
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
    line.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
"""


async def test_what_never_comes_up_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_S", 0.01)
    part = child(tmp_path, "import sys; open('n', 'a').write('x'); sys.exit(1)", monkeypatch)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GivenUpError, match="part does not come up: it failed with status 1"):
        await part.run()
    assert (tmp_path / "n").read_text() == "x" * children.MOST_FAILURES


async def test_bad_settings_are_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = child(tmp_path, "import sys; open('n', 'a').write('x'); sys.exit(2)", monkeypatch)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GivenUpError, match="its settings do not hold"):
        await part.run()
    assert (tmp_path / "n").read_text() == "x"


async def test_what_was_up_is_started_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LONGEST_PAUSE_S", 0.1)
    monkeypatch.chdir(tmp_path)
    part = child(tmp_path, f"{READY}\nopen('n', 'a').write('x')\nraise SystemExit(1)", monkeypatch)
    running = asyncio.create_task(part.run())
    async with asyncio.timeout(60):
        while _count(tmp_path) <= children.MOST_FAILURES + 1:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)
    assert not running.done()
    await part.stop(within_s=10)
    await running


async def test_it_stops_when_asked_and_by_force_where_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    part = child(tmp_path, f"{deaf}\n{READY}\ntime.sleep(1000)", monkeypatch)
    running = asyncio.create_task(part.run())
    async with asyncio.timeout(60):
        await part.up.wait()
    pid = part.pid
    assert pid is not None
    await part.stop(within_s=0.1)
    await running
    assert part.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_it_is_stopped_also_between_two_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_S", 1000.0)
    part = child(tmp_path, "raise SystemExit(0)", monkeypatch)
    running = asyncio.create_task(part.run())
    async with asyncio.timeout(60):
        await part.stop(within_s=10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert part.pid is None


@pytest.mark.parametrize(
    ("status", "words"),
    [(-signal.SIGKILL, ["SIGKILL"]), (70, ["hung", "watchdog"]), (2, ["settings"]), (0, ["by itself"]), (1, ["1"])],
)
def test_an_exit_status_is_told_in_words(status: int, words: Sequence[str]) -> None:
    assert all(word in reason(status) for word in words)


def _count(directory: Path) -> int:
    found = directory / "n"
    return len(found.read_text()) if found.exists() else 0
