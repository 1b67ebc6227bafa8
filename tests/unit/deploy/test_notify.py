"""What a process tells whoever started it."""

import socket
from pathlib import Path

import pytest

from deploy.notify import ENVIRONMENT, tell_ready


def test_readiness_goes_to_the_socket_of_who_started_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "s"))
        monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "s"))
        tell_ready("up and well")
        assert heard.recv(4096).decode().splitlines() == ["READY=1", "STATUS=up and well"]


def test_nobody_need_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    tell_ready()
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "nobody"))
    tell_ready()
