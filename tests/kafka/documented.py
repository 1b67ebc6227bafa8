"""The blocks of ``docs/foreign-clients.md``, as a reader would run them: in the shell or in Python, from the page."""

import os
import re
import subprocess
import sys
from pathlib import Path

from streams.kafka.connection import KafkaConnection

PAGE = Path(__file__).parents[2] / "docs" / "foreign-clients.md"
PATIENCE_S = 120
BLOCK = re.compile(r"^```(sh|python) id=([a-z-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, tuple[str, str]]:
    """Return language and text of each block by its name."""
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len({name for _, name, _ in found}) == len(found), "two blocks have one name"
    return {name: (language, text) for language, name, text in found}


class Shell:
    """A shell of somebody who has read the page, on a cluster."""

    def __init__(self, connection: KafkaConnection, directory: Path, **settings: object) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("COBUILD_")}
        self.ran: set[str] = set()
        self._directory = directory
        self._environment = clean | {
            "BROKERS": ",".join(connection.bootstrap),
            "PREFIX": connection.prefix,
            "COBUILD_KAFKA_PREFIX": connection.prefix,
            "COBUILD_DATA_DIR": str(directory / "data"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **{f"COBUILD_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def run(self, name: str, *, expect: int = 0) -> str:
        """Run a block after the one that sets up; return what it printed."""
        language, text = blocks()[name]
        command = (
            ["bash", "-euc", f"{blocks()['setup'][1]}\n{text}"] if language == "sh" else [sys.executable, "-c", text]
        )
        done = subprocess.run(
            command, cwd=self._directory, env=self._environment, capture_output=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == expect, (
            f"{name} ended with {done.returncode}: {done.stderr.decode()}{done.stdout.decode()}"
        )
        self.ran |= {name, "setup"}
        return done.stdout.decode()
