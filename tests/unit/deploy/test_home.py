"""Whose data directory it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.home import EMBEDDED, HouseTakenError, OtherLogError, alone, belong

HOLD = "import sys; from deploy.home import alone\nwith alone(__import__('pathlib').Path(sys.argv[1]), 'api'): input()"


def test_a_role_has_one_process_and_goes_with_it(tmp_path: Path) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    try:
        while not (tmp_path / "api.lock").exists() or not (tmp_path / "api.lock").read_text():
            assert held.poll() is None
        with pytest.raises(HouseTakenError, match=f"process {held.pid} is api in"), alone(tmp_path, "api"):
            pass
        with alone(tmp_path, "projector"):
            pass
    finally:
        held.kill()
        held.communicate()
    with alone(tmp_path, "api"):
        pass


def test_a_directory_belongs_to_the_log_it_was_first_used_with(tmp_path: Path) -> None:
    belong(tmp_path, "one")
    belong(tmp_path, "one")
    with pytest.raises(OtherLogError, match="another log"):
        belong(tmp_path, "two")


def test_a_directory_with_an_embedded_log_is_not_taken_by_kafka(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite3").touch()
    with pytest.raises(OtherLogError, match="embedded"):
        belong(tmp_path, "one")
    belong(tmp_path, EMBEDDED)
