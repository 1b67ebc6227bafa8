"""One broker: its directory, its process, known by a pid file."""

import signal
import subprocess
import time
from pathlib import Path

from deploy.kafka import process
from deploy.kafka.errors import BrokerError
from deploy.kafka.java import java
from deploy.kafka.ports import HOST, becomes_free
from deploy.kafka.properties import LOGGING, Node

STOP_S = 60.0
KILL_S = 30.0
_FORMAT_S = 120.0
_HEAP = ("-Xms256m", "-Xmx512m")
_SHOWN_LINES = 12
_STEP_S = 0.001


class Broker:
    """One broker of a cluster. Its files: server.properties, log4j2.yaml, data/, broker.log, pid."""

    def __init__(self, node: Node, directory: Path, *, libs: Path) -> None:
        self.node = node
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.output = self.directory / "broker.log"
        self._properties = self.directory / "server.properties"
        self._logging = self.directory / "log4j2.yaml"
        self._pid_file = self.directory / "pid"
        self._libs = libs
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"{HOST}:{self.node.port}"

    @property
    def pid(self) -> int | None:
        """The pid of its process; None while it does not run."""
        self._reap()
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None
        return pid if process.is_ours(pid, self._mark) else None

    @property
    def _mark(self) -> str:
        """What the command line of no other process has."""
        return f"-Dcobuild.broker={self.directory}"

    def write(self, properties: str) -> None:
        """Write its files anew; they count from its next start on."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(properties, encoding="utf-8")
        self._logging.write_text(LOGGING, encoding="utf-8")

    def formatting(self, cluster_id: str, *options: str) -> subprocess.Popen[bytes] | None:
        """Begin to format its storage, with more ``options`` of Kafka's; None where that has been done."""
        if (self.data / "meta.properties").exists():
            return None
        arguments = ["format", "--ignore-formatted", "-t", cluster_id, "-c", str(self._properties), *options]
        return self._run("kafka.tools.StorageTool", *arguments)

    def formatted(self, formatting: subprocess.Popen[bytes]) -> None:
        """Wait for the end of formatting. Raises BrokerError where it failed."""
        try:
            status = formatting.wait(_FORMAT_S)
        except subprocess.TimeoutExpired:
            formatting.kill()
            status = formatting.wait()
        if status != 0:
            raise BrokerError(f"the storage of broker {self.node.id} cannot be formatted:\n{self.last_words()}")

    def start(self) -> bool:
        """Start its process, which outlives ours; return False where it runs already. It is not ready at once.

        Raises BrokerError where its ports are taken.
        """
        if self.pid is not None:
            return False
        for port in (self.node.port, self.node.controller_port):
            if not becomes_free(port):
                raise BrokerError(f"port {port} of broker {self.node.id} is taken by somebody else; choose with --port")
        child = self._child = self._run("kafka.Kafka", str(self._properties), mark=self._mark)
        while child.poll() is None and not process.is_ours(child.pid, self._mark):
            time.sleep(_STEP_S)  # for an instant after its start a process has no command line to know it by
        self._pid_file.write_text(f"{child.pid}\n", encoding="ascii")
        return True

    def check(self) -> None:
        """Raise BrokerError where its process has ended."""
        if self.pid is None:
            raise BrokerError(f"broker {self.node.id} has ended; {self.output} says:\n{self.last_words()}")

    def ask_to_stop(self) -> int | None:
        """Ask it to stop in order; return the pid that was asked, None where it does not run."""
        pid = self.pid
        return pid if pid is not None and process.send(pid, self._mark, signal.SIGTERM) else None

    def stop(self) -> bool:
        """Stop it in order and wait; return False where it did not run. Raises BrokerError where it stays."""
        return self._ended(self.ask_to_stop(), within_s=STOP_S)

    def kill(self) -> bool:
        """End it at once, by SIGKILL; return False where it did not run."""
        pid = self.pid
        if pid is not None:
            process.send(pid, self._mark, signal.SIGKILL)
        return self._ended(pid, within_s=KILL_S)

    def wait_until_gone(self, pid: int, *, within_s: float) -> None:
        """Wait for the end of its process ``pid``. Raises BrokerError where it does not come in time."""
        if not process.wait_until_gone(pid, self._mark, within_s=within_s):
            raise BrokerError(f"broker {self.node.id} (pid {pid}) has not ended within {within_s:.0f} s")
        self._reap()
        self._pid_file.unlink(missing_ok=True)

    def _ended(self, pid: int | None, *, within_s: float) -> bool:
        if pid is not None:
            self.wait_until_gone(pid, within_s=within_s)
        return pid is not None

    def last_words(self) -> str:
        """Return the end of what its process said."""
        if not self.output.exists():
            return ""
        return "\n".join(self.output.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:])

    def _run(self, tool: str, *arguments: str, mark: str = "-Dcobuild.tool") -> subprocess.Popen[bytes]:
        """Run one of Kafka's programs in a session of its own: neither Ctrl-C nor a closed terminal reaches it."""
        classpath = f"{self._libs}/*"  # Java's own asterisk: no shell sees it
        command = [
            java(),
            *_HEAP,
            mark,
            f"-Dlog4j2.configurationFile={self._logging}",
            "-cp",
            classpath,
            tool,
            *arguments,
        ]
        with self.output.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own command line
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def _reap(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None
