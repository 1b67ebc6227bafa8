"""Kafka's jars: fetched once by Maven into a directory, whole or not at all."""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.errors import ToolMissingError
from deploy.kafka.java import java, maven

POM = Path(__file__).with_name("pom.xml")
_STAMP = "pom.sha256"
_TOLD = 6

Progress = Callable[[str], None]


def fetch(directory: Path, *, progress: Progress = lambda line: None) -> Path:
    """Return ``directory`` with the jars that ``pom.xml`` names in it, fetched if it has not got them yet.

    ``progress`` gets a line now and then while Maven works. Raises ToolMissingError where Java or Maven is not
    here or Maven fails; what was there before stays.
    """
    java()
    directory = directory.absolute()
    if _is_whole(directory):
        return directory
    program = maven()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _alone(directory.with_suffix(".lock")):
        if not _is_whole(directory):  # another process may have been faster
            _fetch(program, directory, progress)
    return directory


def _fetch(program: str, directory: Path, progress: Progress) -> None:
    draft = directory.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    shutil.copy(POM, draft / "pom.xml")  # Maven may want to write beside it; the package may be read-only
    _run_maven(program, draft, progress)
    (draft / _STAMP).write_text(_digest(), encoding="ascii")
    shutil.rmtree(directory, ignore_errors=True)
    draft.rename(directory)


def _run_maven(program: str, draft: Path, progress: Progress) -> None:
    command = [
        program,
        "-B",
        "-f",
        str(draft / "pom.xml"),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={draft}",
    ]
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603 - found on the path
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            said.append(line.strip())
            if step := step_of(line):
                progress(step)
    if process.returncode != 0:
        raise ToolMissingError("Maven could not fetch Kafka's jars:\n" + "\n".join(reasons(said)))


def step_of(line: str) -> str | None:
    """Return what a line of Maven's tells people about its progress, if anything."""
    text = line.strip().removeprefix("[INFO] ")
    if text.startswith("Downloaded from"):
        return "fetched " + text.split(" (")[0].rsplit("/", 1)[-1]
    if text.startswith("Copying"):
        return "copied " + text.split()[1]
    return None


def reasons(said: list[str]) -> list[str]:
    """Return the lines of Maven's that say why it failed, or its last ones."""
    errors = [line for line in said if line.startswith("[ERROR]") and line != "[ERROR]"]
    return errors[:_TOLD] or said[-_TOLD:]


def _is_whole(directory: Path) -> bool:
    stamp = directory / _STAMP
    return stamp.exists() and stamp.read_text(encoding="ascii") == _digest()


def _digest() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
